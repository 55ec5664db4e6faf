"""The hourly trial: it goes the way a real report goes, and says where the way ends when it ends (R26)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.live.changes import changes_since, first_marks
from app.phone.chain_trial import begin_trial
from app.storage.database import transaction
from app.web.monitoring.canary_check import canary_check
from app.web.monitoring.readiness_metrics import KeptReadiness
from app.web.monitoring.row_metrics import RowMetrics
from escalation.canary import trial
from escalation.canary.runs import newest_runs
from escalation.firing.sweep import tick
from escalation.queries.month_proof import levels_between
from tests.app.delivery.delivering_office import Office
from tests.conftest import NOW
from tests.factories import KEYS, places, rules, staff
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.directory.trial_recipient import appoint, choose_phone
from tickets.outbox.posting import record_status
from tickets.people.actor import SYSTEM
from tickets.people.roles import load_viewer, visible_levels, visible_tickets
from tickets.promises.figures import promises_kept
from tickets.schema import CanaryRun, OutboundMessage, Ticket
from tickets.states import CanaryStage, OutboundChannel, Role, TicketStatus

TEST_PHONE = "+84912345678"


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed, settings, carrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


def begin(session: Session, office: Office, *, now: datetime, phone: str | None = TEST_PHONE) -> CanaryRun | None:
    known = rules(session)
    to = appoint(session, unit_id=known.routing.operations_unit_id, now=now)
    if phone is not None:
        choose_phone(session, to, phone, actor=SYSTEM, now=now)
    return begin_trial(
        session, office.delivery.settings, actor=SYSTEM, keys=KEYS, places=places(session), rules=known, now=now
    )


def begun(office: Office) -> int:
    with transaction(office.factory) as session:
        staff(session, role=Role.ADMINISTRATOR, at="79")
        run = begin(session, office, now=office.now)
        assert run is not None
        return run.ticket_id


def pass_time(office: Office, *, fires: bool = True, **by: int) -> None:
    office.now += timedelta(**by)
    if fires:
        with transaction(office.factory) as session:
            tick(session, now=office.now)


def look(office: Office) -> CanaryRun:
    with transaction(office.factory) as session:
        trial.follow(session, now=office.now)
    with office.factory() as session:
        return newest_runs(session, limit=1)[0]


def carrier_delivers(office: Office) -> None:
    with transaction(office.factory) as session:
        message = session.scalars(select(OutboundMessage).where(OutboundMessage.provider_sid.is_not(None))).one()
        record_status(session, account="twilio", sid=message.provider_sid or "", status="delivered", now=office.now)


def alarms(office: Office) -> list[OutboundMessage]:
    with office.factory() as session:
        return list(session.scalars(select(OutboundMessage).where(OutboundMessage.template == "canary_failed")))


def test_a_trial_breaks_its_promise_is_reported_texted_and_delivered_and_ends(office, carrier):
    ticket_id = begun(office)
    pass_time(office, seconds=121)
    assert look(office).fired_at == office.now

    office.deliver()
    pass_time(office, seconds=5)
    carrier_delivers(office)
    run = look(office)

    assert [form["To"] for form in carrier.received] == [TEST_PHONE]
    assert (run.missing, run.fired_at - run.due_at, run.ended_at) == (None, timedelta(seconds=1), office.now)
    assert run.delivered_at is not None
    assert alarms(office) == []
    with office.factory() as session:
        assert session.get_one(Ticket, ticket_id).status is TicketStatus.SPAM


def test_where_nothing_fires_administrators_hear_within_three_minutes_which_part_is_missing(office):
    begun(office)
    pass_time(office, fires=False, seconds=179)
    assert look(office).ended_at is None

    pass_time(office, fires=False, seconds=2)
    run = look(office)

    assert run.missing is CanaryStage.FIRED
    assert {(m.channel, m.params["missing"]) for m in alarms(office)} == {
        (OutboundChannel.SCREEN, "fired"), (OutboundChannel.EMAIL, "fired"),
    }  # fmt: skip


def test_where_the_carrier_takes_nothing_the_message_is_what_is_missing(office, carrier):
    carrier.answers = [(500, 0)] * 20
    begun(office)
    pass_time(office, seconds=121)
    office.deliver()
    pass_time(office, seconds=60)

    assert look(office).missing is CanaryStage.SENT


def test_where_the_carrier_never_says_that_it_arrived_the_delivery_is_what_is_missing(office):
    begun(office)
    pass_time(office, seconds=121)
    office.deliver()
    pass_time(office, minutes=5)
    assert look(office).ended_at is None

    pass_time(office, minutes=2)
    assert look(office).missing is CanaryStage.DELIVERED


def test_one_begins_an_hour_after_the_last_and_ten_minutes_after_one_that_failed(office):
    def is_due(**by: int) -> bool:
        with office.factory() as session:
            return trial.is_due(session, now=office.now + timedelta(**by))

    assert is_due()
    begun(office)
    assert not is_due(hours=3)
    pass_time(office, fires=False, minutes=4)
    look(office)
    assert [is_due(minutes=minutes) for minutes in (5, 6)] == [False, True]

    office.now += timedelta(minutes=6)
    begun(office)
    pass_time(office, seconds=121)
    office.deliver()
    carrier_delivers(office)
    look(office)
    assert [is_due(minutes=minutes) for minutes in (57, 58)] == [False, True]


def test_two_that_fail_in_a_row_are_a_fault_and_one_that_passes_ends_it(office):
    def said() -> str:
        with office.factory() as session:
            return canary_check(session)["canary"]

    first = office.now
    for expected in ("ok", f"has failed since {first.isoformat()}"):
        begun(office)
        pass_time(office, fires=False, minutes=4)
        look(office)
        assert said() == expected
        office.now += timedelta(minutes=10)

    begun(office)
    pass_time(office, seconds=121)
    office.deliver()
    carrier_delivers(office)
    look(office)
    assert said() == "ok"


def test_two_who_begin_at_once_begin_one(office):
    begun(office)
    with transaction(office.factory) as session:
        assert begin(session, office, now=office.now) is None
        assert session.scalar(select(func.count()).select_from(CanaryRun)) == 1


def test_without_a_telephone_that_the_carrier_reaches_none_begins(office):
    with transaction(office.factory) as session:
        assert begin(session, office, phone=None, now=office.now) is None


def test_nobody_sees_the_ticket_and_no_figure_counts_it(office):
    with transaction(office.factory) as session:
        before, marks = figures(session, office), first_marks(session, now=NOW)
    ticket_id = begun(office)
    pass_time(office, seconds=121)

    with transaction(office.factory) as session:
        changes, _ = changes_since(session, marks, now=office.now)
        assert [role for role in Role if sees(session, role, ticket_id, now=office.now)] == []
        assert figures(session, office) == before
        assert list(levels_between(session, NOW - timedelta(days=1), NOW + timedelta(days=1))) == []
        assert [change for change in changes if "queue" in change.names] == []


def figures(session: Session, office: Office) -> tuple[list[object], list[str]]:
    kept = promises_kept(session, from_at=NOW - timedelta(days=1), to_at=NOW + timedelta(days=1), now=office.now)
    rows = RowMetrics(session, office.delivery.settings, KeptReadiness(), now=office.now).collect()
    counted = [str(family.samples) for family in rows if family.name.startswith("hotline_tickets_un")]
    return list(kept), counted


def sees(session: Session, role: Role, ticket_id: int, *, now: datetime) -> bool:
    viewer = load_viewer(session, staff(session, role=role, at="79").id, now=now)
    assert viewer is not None
    asked = select(Ticket.id).where(Ticket.id == ticket_id)
    return any(
        session.scalar(asked.where(scope)) is not None for scope in (visible_tickets(viewer), visible_levels(viewer))
    )
