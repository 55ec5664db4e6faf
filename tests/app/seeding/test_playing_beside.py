"""Somebody signs in, takes calls and writes tickets while the demonstration is played behind the pages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from app.accounts.credentials import check_totp
from app.accounts.demo_links import DEMO_PEOPLE
from app.seeding import people, volume
from app.seeding.demonstration import is_played, play
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from telephony.calls import new_call
from telephony.floor.offers import offer_waiting_calls
from telephony.floor.presence import go_available
from tests.conftest import Committed
from tests.factories import open_ticket, unit
from tickets.directory.staff import person_by_email
from tickets.keys import keys_from
from tickets.schema import Call, Offer, Presence, Ticket
from tickets.states import CallState, PresenceState

NOW = datetime.fromisoformat("2026-11-23T09:00:00+07:00")
LATER = NOW + timedelta(seconds=40)
CALL = {"account": "sim", "call_sid": "CAlive", "state": CallState.QUEUED, "queued_at": LATER}


@dataclass
class House:
    """A database with the people of the demonstration, in which a live agent works at half past the play."""

    committed: Committed
    settings: Settings
    owner: Engine
    at_half: list[int] = field(default_factory=list)

    def play(self, *, tickets: int = 12) -> int | None:
        with transaction(session_factory(self.owner)) as session:
            return play(self.settings, session, tickets=tickets, progress=self._progress, now=NOW)

    def _progress(self, percent: int) -> None:
        if percent >= 50 and not self.at_half:
            self.at_half.append(percent)
            with transaction(self.committed.factory) as session:
                session.execute(text("set local lock_timeout = '200ms'"))
                agent = person_by_email(session, DEMO_PEOPLE["agent"])
                check_totp(session, agent.id, code="000000", now=LATER)
                go_available(session, agent.id, now=LATER)
                new_call(session, {**CALL, "unit_id": unit(session, "26740").id}, now=LATER)
                offer_waiting_calls(session, now=LATER)
                open_ticket(session, now=LATER)


@pytest.fixture
def house(committed: Committed, settings: Settings) -> Iterator[House]:
    owner = make_engine(committed.owner_url, statement_timeout_ms=120_000)
    with transaction(session_factory(owner)) as session:
        people.load(session, now=NOW, zone=settings.zone)
    yield House(committed, settings, owner)
    owner.dispose()


def test_who_works_while_it_is_played_is_neither_kept_waiting_nor_given_its_calls(house: House) -> None:
    opened = house.play()

    with Session(house.committed.engine) as session:
        agent = person_by_email(session, DEMO_PEOPLE["agent"])
        live = session.scalars(select(Call).where(Call.call_sid == "CAlive")).one()
        offers = session.scalars(select(Offer).where(Offer.call_id == live.id)).all()
        assert house.at_half
        assert [(offer.staff_id, offer.outcome) for offer in offers] == [(agent.id, None)]
        assert session.get_one(Presence, agent.id).state is PresenceState.OFFERED
        assert session.scalar(select(func.count(Ticket.id))) == (opened or 0) + 1
        assert (session.scalar(select(func.count(Offer.id))) or 0) > 1


def test_an_interrupted_play_leaves_nothing_and_is_played_once_at_the_next_start(house: House) -> None:
    with pytest.raises(InterruptedError), transaction(session_factory(house.owner)) as session:
        play(house.settings, session, tickets=12, progress=_power_cut, now=NOW)
    with Session(house.owner) as session:
        left = (session.scalar(select(func.count(Ticket.id))), is_played(session))
    with transaction(house.committed.factory) as session:
        open_ticket(session, now=NOW)
    first, second = house.play(), house.play()

    assert left == (0, False)
    assert first
    assert second is None
    with Session(house.owner) as session:
        assert is_played(session)


def _power_cut(percent: int) -> None:
    if percent > 30:
        raise InterruptedError


def test_a_volume_asked_for_again_and_again_copies_the_play_and_never_its_copies(house: House) -> None:
    house.play()
    keys = keys_from(house.settings.secret_key)

    told: list[str] = []
    for wanted in (200, 200, 400, 900):
        with transaction(session_factory(house.owner)) as session:
            volume.multiply(session, wanted=wanted, keys=keys, progress=told.append, now=NOW)

    assert told.count("No tickets added: 200 are there already.") == 1, "what the run before said is not said again"
    with Session(house.owner) as session:
        count, oldest = session.execute(select(func.count(Ticket.id), func.min(Ticket.opened_at))).one()
        assert count == 900
        assert oldest > NOW - timedelta(weeks=volume.WEEKS, days=31)
        subjects = session.scalar(select(func.count(func.distinct(Ticket.subject))).where(Ticket.opened_at >= LATER))
        assert subjects == 1
