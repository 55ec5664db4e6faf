"""An installation that has nothing of a kind is told so, kind by kind."""

from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.signing_in import person_with
from tickets.directory.trial_recipient import appoint, choose_phone
from tickets.people.actor import SYSTEM
from tickets.queries.lacks import BLOCKING, Lack, lacking
from tickets.schema import Unit
from tickets.states import Role, UnitKind

EMPTIED = {
    Lack.QUEUES: "delete from queue where kind = 'work'",
    Lack.TRIAGE: "delete from queue where kind = 'triage'",
    Lack.CITY_LINE: "update line set valid_to = date '2026-01-01' where is_city",
    Lack.CATEGORIES: "delete from policy_row; delete from policy_version; update category set parent_id = null;"
    "delete from category",
    Lack.CALENDARS: "delete from policy_row; delete from calendar_version",
    Lack.PROMISES: "update policy_version set retired_at = now()",
    Lack.CHAINS: "delete from policy_row; delete from chain_step; delete from chain_version",
}


def test_the_shipped_directory_lacks_only_people(session: Session, now: datetime) -> None:
    assert set(lacking(session, now=now)) == {Lack.ADMINISTRATOR, Lack.AGENTS, Lack.HOLDERS, Lack.TRIAL_PHONE}


def test_the_recipient_of_the_hourly_trial_is_no_holder_and_lacks_a_telephone_until_one_is_chosen(
    session: Session, now: datetime
) -> None:
    city_office = session.scalars(select(Unit.id).where(Unit.kind == UnitKind.CITY).order_by(Unit.id)).first()
    to = appoint(session, unit_id=city_office, now=now)
    before = lacking(session, now=now)

    choose_phone(session, to, "+84901112233", actor=SYSTEM, now=now)

    assert {Lack.HOLDERS, Lack.TRIAL_PHONE} <= set(before)
    assert set(before) - set(lacking(session, now=now)) == {Lack.TRIAL_PHONE}


@pytest.mark.parametrize("lack", EMPTIED, ids=str)
def test_each_kind_that_is_empty_is_named(owning_session: Session, now: datetime, lack: Lack) -> None:
    for statement in EMPTIED[lack].split(";"):
        owning_session.execute(text(statement))

    assert lack in lacking(owning_session, now=now)


def test_only_what_keeps_contacts_out_is_blocking() -> None:
    assert {Lack.DIRECTORY, Lack.QUEUES, Lack.TRIAGE} == BLOCKING


def test_somebody_who_may_not_sign_in_is_no_administrator(session: Session, now: datetime) -> None:
    person = person_with(session, role=Role.ADMINISTRATOR, now=now)
    assert Lack.ADMINISTRATOR not in lacking(session, now=now)

    person.disabled_at = now
    session.flush()

    assert Lack.ADMINISTRATOR in lacking(session, now=now)
