"""The thirty days of the demonstration, and their multiplication: played once for all tests of this file."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from app.accounts.demo_links import DEMO_PEOPLE
from app.bench.growth import PAGES, page_read
from app.bench.pages_read import Read
from app.reference import Reference
from app.seeding import people, volume
from app.seeding.demonstration import play, words
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from app.storage.schema_facts import facts_there
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from escalation.queries.proof import changed_since_written
from tests.conftest import Servers
from tickets.directory.staff import person_by_email
from tickets.people.references import is_reference
from tickets.promises import day_totals, open_breaches, standing_levels, waiting_counts
from tickets.schema import (
    Acknowledgement,
    AuditEntry,
    Call,
    CallbackRequest,
    CallLeg,
    Category,
    Citizen,
    CitizenPhone,
    Clock,
    Offer,
    OutboundMessage,
    PlannedStep,
    Presence,
    StandingLevel,
    StepRecipient,
    Ticket,
    TimelineEntry,
)
from tickets.states import (
    UNFINISHED,
    CallbackState,
    ClockStatus,
    OutboundState,
    PresenceState,
    TicketStatus,
    TimelineKind,
)

TICKETS = 40


@pytest.fixture(scope="module")
def seeding_settings(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    servers.create_database("hotline_played", "hotline_template")
    return Settings(
        database_url=servers.url("hotline_played"),
        owner_database_url=servers.url("hotline_played", owner=True),
        redis_url=servers.engines.redis_url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef",
        public_base_url="http://127.0.0.1:8000",
        data_dir=Path(tmp_path_factory.mktemp("played")),
        demo=True,
        _env_file=None,
    )


NOW = datetime.fromisoformat("2026-11-23T09:00:00+07:00")


@pytest.fixture(scope="module")
def played(seeding_settings: Settings) -> Iterator[Engine]:
    engine = make_engine(seeding_settings.migrations_url, statement_timeout_ms=120_000)
    with transaction(session_factory(engine)) as session:
        people.load(session, now=NOW, zone=seeding_settings.zone)
        play(seeding_settings, session, tickets=TICKETS, now=NOW)
    yield engine
    engine.dispose()


@pytest.fixture
def seen(played: Engine) -> Iterator[Session]:
    with Session(played) as session:
        yield session
        session.rollback()


def test_citizens_say_more_than_eighty_different_things_in_known_categories(session: Session) -> None:
    kinds = words.kinds()
    rng = Random(1)

    said = [words.say(kind, rng) for kind in kinds]

    known = set(session.scalars(select(Category.code)))
    assert len({one.body for one in said}) >= 80
    assert all("{" not in one.body for one in said)
    assert {one.category for one in said if one.category} <= known


def test_no_screen_is_empty(seen: Session) -> None:
    statuses = set(seen.scalars(select(Ticket.status)))
    kinds = set(seen.scalars(select(TimelineEntry.kind)))

    assert {TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING_CITIZEN} <= statuses
    assert {TicketStatus.RESOLVED, TicketStatus.CLOSED} <= statuses
    assert {TimelineKind.ESCALATED, TimelineKind.ACKNOWLEDGED, TimelineKind.BREACHED, TimelineKind.MESSAGE_OUT} <= kinds
    assert (seen.scalar(select(func.count()).where(Acknowledgement.instruction != "")) or 0) > 5
    assert (seen.scalar(select(func.count()).where(Call.answered_at.is_not(None))) or 0) > 3


def test_nothing_of_it_lies_in_the_future_and_every_ticket_tells_its_story_in_order(seen: Session) -> None:
    latest = seen.scalar(select(func.max(TimelineEntry.at)))
    entries = seen.execute(select(TimelineEntry.ticket_id, TimelineEntry.at).order_by(TimelineEntry.id)).all()

    # A call that began just before is written down to its end.
    assert latest is not None and latest <= NOW + timedelta(minutes=15)
    last: dict[int, datetime] = {}
    for ticket_id, at in entries:
        assert at >= last.get(ticket_id, at) - timedelta(minutes=15)
        last[ticket_id] = at


def test_the_leader_who_signs_in_finds_matters_that_nobody_has_answered(seen: Session) -> None:
    leader = person_by_email(seen, DEMO_PEOPLE["leader"])
    assert leader is not None

    waiting = seen.scalars(
        select(Ticket.reference)
        .join(PlannedStep, PlannedStep.ticket_id == Ticket.id)
        .join(StepRecipient, StepRecipient.step_id == PlannedStep.id)
        .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
        .where(
            StepRecipient.staff_id == leader.id,
            PlannedStep.rank == 4,
            Acknowledgement.step_id.is_(None),
            Ticket.status.in_(UNFINISHED),
        )
    ).all()

    assert len(set(waiting)) >= 2


def test_the_agent_who_signs_in_finds_new_tickets_in_the_queue(seen: Session) -> None:
    assert (seen.scalar(select(func.count()).where(Ticket.status == TicketStatus.NEW)) or 0) >= 3


def test_every_promise_agrees_with_the_due_date_of_its_ticket(seen: Session) -> None:
    rows = seen.execute(
        select(Ticket.next_due_at, func.min(Clock.due_at))
        .join(Clock, (Clock.ticket_id == Ticket.id) & (Clock.status == ClockStatus.RUNNING))
        .where(Ticket.status.in_(UNFINISHED))
        .group_by(Ticket.id)
    ).all()

    assert rows
    assert all(next_due_at == earliest for next_due_at, earliest in rows)


def test_levels_fired_when_they_were_due_and_none_was_left_behind(seen: Session) -> None:
    late = seen.scalars(
        select(PlannedStep.fired_at - PlannedStep.planned_at).where(PlannedStep.fired_at.is_not(None))
    ).all()
    behind = seen.scalar(select(func.count()).where(PlannedStep.fired_at.is_(None), PlannedStep.planned_at < NOW))

    assert late
    # A change of priority or unit may plan a step into the past; it fires at once.
    assert sum(lateness <= timedelta(seconds=15) for lateness in late if lateness) >= 0.97 * len(late)
    assert behind == 0


def test_messages_left_when_they_were_due_and_none_waits_for_the_worker_of_today(seen: Session) -> None:
    waiting = seen.scalar(
        select(func.count()).where(
            OutboundMessage.state == OutboundState.WAITING, OutboundMessage.not_before < NOW - timedelta(minutes=2)
        )
    )
    unworded = seen.scalar(
        select(func.count()).where(OutboundMessage.state == OutboundState.DELIVERED, OutboundMessage.text.is_(None))
    )

    assert (waiting, unworded) == (0, 0)


def test_nobody_is_still_on_the_phone(seen: Session) -> None:
    assert set(seen.scalars(select(Presence.state))) == {PresenceState.OFFLINE}
    assert seen.scalar(select(func.count()).where(Call.ended_at.is_(None))) == 0


def test_playing_again_changes_nothing(seen: Session, seeding_settings: Settings) -> None:
    before = seen.scalar(select(func.count(Ticket.id)))

    assert play(seeding_settings, seen, tickets=TICKETS, now=NOW) is None

    assert seen.scalar(select(func.count(Ticket.id))) == before


def test_multiplied_tickets_are_whole_and_nothing_becomes_due_by_copying(
    seen: Session, seeding_settings: Settings
) -> None:
    schema, _harmless = facts_there(seen.connection())
    told: list[str] = []

    keys = Reference.from_settings(seeding_settings).keys
    before = seen.scalar(select(func.count(Ticket.id))) or 0
    added = volume.multiply(seen, wanted=1_000, keys=keys, progress=told.append, now=NOW)

    references = seen.scalars(select(Ticket.reference)).all()
    assert len(references) == len(set(references)) == before + added == 1_000
    assert all(is_reference(reference) for reference in references)
    assert facts_there(seen.connection())[0] == schema, "what was set aside is back"
    assert (seen.scalar(select(func.max(TimelineEntry.at))) or NOW) <= NOW + timedelta(minutes=15)
    due = seen.scalar(select(func.count()).where(PlannedStep.fired_at.is_(None), PlannedStep.planned_at < NOW))
    assert due == 0
    assert told and "1,000" not in told[0] and "a second" in told[-1]


def test_a_copy_carries_the_whole_story_of_its_original(seen: Session, seeding_settings: Settings) -> None:
    original = seen.scalars(select(Ticket).where(Ticket.status == TicketStatus.CLOSED).order_by(Ticket.id)).first()
    assert original is not None
    highest = seen.scalar(select(func.max(Ticket.id))) or 0
    before = _story(seen, original.id)

    keys = Reference.from_settings(seeding_settings).keys
    count = seen.scalar(select(func.count(Ticket.id))) or 0
    volume.multiply(seen, wanted=count * 2, keys=keys, progress=lambda _: None, now=NOW)

    copy = seen.get_one(Ticket, original.id + highest + 1)
    assert (copy.subject, copy.body, copy.unit_id) == (original.subject, original.body, original.unit_id)
    assert copy.pin_salt != original.pin_salt
    assert _story(seen, copy.id) == before
    assert changed_since_written(seen) == []
    assert (original.opened_at - copy.opened_at) % timedelta(weeks=1) == timedelta(0)


_TELLS_OF_ANOTHERS_LEVEL = """
    select count(*) from outbound_message m join planned_step s on s.id = (m.params ->> 'step_id')::bigint
    where m.template = 'escalation_level' and m.ticket_id <> s.ticket_id
"""


def test_what_happened_around_tickets_is_copied_with_them_and_nothing_is_left_to_do_by_it(
    seen: Session, seeding_settings: Settings
) -> None:
    of_tickets = (AuditEntry, OutboundMessage, Call)
    tables = (*of_tickets, Citizen, CitizenPhone, Offer, CallLeg)
    before = {table: seen.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    waiting = select(func.count()).where(OutboundMessage.state.in_([OutboundState.WAITING, OutboundState.CLAIMED]))
    to_call = select(func.count()).where(CallbackRequest.state.in_([CallbackState.OPEN, CallbackState.CLAIMED]))
    to_tell_further = select(func.count()).where(PlannedStep.reach_by.is_not(None))
    left = seen.scalar(waiting), seen.scalar(to_call), seen.scalar(to_tell_further)
    before_levels = seen.scalar(text(_TELLS_OF_ANOTHERS_LEVEL.replace("<>", "="))) or 0
    per_ticket = {table: select(func.count()).where(table.ticket_id.is_not(None)) for table in of_tickets}
    rates = {table: (seen.scalar(count) or 0) for table, count in per_ticket.items()}

    keys = Reference.from_settings(seeding_settings).keys
    count = seen.scalar(select(func.count(Ticket.id))) or 0
    volume.multiply(seen, wanted=count * 3, keys=keys, progress=lambda _: None, now=NOW)

    for table in tables:
        assert (seen.scalar(select(func.count()).select_from(table)) or 0) > before[table] * 2, table
    for table, statement in per_ticket.items():
        assert (seen.scalar(statement) or 0) == pytest.approx(rates[table] * 3, rel=0.1), table
    assert (seen.scalar(waiting), seen.scalar(to_call), seen.scalar(to_tell_further)) == left
    assert (seen.scalar(select(func.count()).select_from(StandingLevel)) or 0) > 5
    assert standing_levels.tickets_that_differ(seen) == []
    assert open_breaches.units_that_differ(seen, now=NOW) == []
    assert waiting_counts.units_that_differ(seen, now=NOW) == []
    assert seen.scalar(text(_TELLS_OF_ANOTHERS_LEVEL)) == 0
    assert (seen.scalar(text(_TELLS_OF_ANOTHERS_LEVEL.replace("<>", "="))) or 0) > before_levels * 2 > 0
    # The database dates the entries of promised dates itself, by its own clock, whatever instant is played.
    said = select(func.max(AuditEntry.at)).where(AuditEntry.action != "promise.due")
    assert (seen.scalar(said) or NOW) <= NOW + timedelta(minutes=15)
    phones = select(CitizenPhone.phone).group_by(CitizenPhone.phone).having(func.count() > TICKETS)
    assert seen.scalars(phones).all() == []


def test_unfinished_tickets_alone_are_copied_where_open_ones_are_wanted(
    seen: Session, seeding_settings: Settings
) -> None:
    keys = Reference.from_settings(seeding_settings).keys
    unfinished = select(func.count()).select_from(Ticket).where(Ticket.status.in_(UNFINISHED))
    for _again in range(2):
        count, before = seen.scalar(select(func.count(Ticket.id))) or 0, seen.scalar(unfinished) or 0
        volume.multiply(seen, wanted=count + 100, keys=keys, progress=lambda _: None, now=NOW, only_unfinished=True)
        assert seen.scalar(unfinished) == before + 100


FEW, MANY = 450, 4_500
# Lists of fifty are not full yet where there are few; whoever reads all there is reads ten times as much.
MOST_TIMES = 5
# Looks through two thousand tickets first, which are all of the few.
FIRST_STRETCH = {"search for two words": 2_000}


@pytest.fixture
def grown(played: Engine, seeding_settings: Settings) -> Iterator[Callable[[int], HotlineApp]]:
    """The played city with so many tickets, and all a database knows that was not filled a moment ago.

    The last test of the file has it: what it adds stays.
    """
    own = make_engine(seeding_settings.database_url)
    app, owner = create_app(seeding_settings, engine=own), session_factory(played)

    def grow(tickets: int) -> HotlineApp:
        with transaction(owner) as session:
            volume.multiply(session, wanted=tickets, keys=app.reference.keys, progress=lambda _: None, now=NOW)
            while day_totals.count_next_day(session, now=NOW):
                pass
        with played.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum (freeze, analyze)")
        return app

    yield grow
    own.dispose()


def _pages_read(app: HotlineApp) -> dict[str, Read]:
    """Of every page that lists or counts, at the instant of the play: its days and open hours are always the same."""
    found = {}
    for page in PAGES:
        with app.sessions() as session, app.bound_to(session, NOW):
            found[page.name] = page_read(app, page, now=NOW)
    return found


def test_with_ten_times_the_tickets_pages_read_hardly_more(grown: Callable[[int], HotlineApp]) -> None:
    few, many = _pages_read(grown(FEW)), _pages_read(grown(MANY))

    most = {name: FIRST_STRETCH.get(name, few[name].pages * MOST_TIMES) for name in few}
    assert {name: (few[name].pages, read) for name, read in many.items() if read.pages > most[name]} == {}


def _story(session: Session, ticket_id: int) -> list[tuple[object, ...]]:
    entries = session.execute(
        select(TimelineEntry.kind, TimelineEntry.body, TimelineEntry.staff_id)
        .where(TimelineEntry.ticket_id == ticket_id)
        .order_by(TimelineEntry.id)
    )
    clocks = session.execute(
        select(Clock.kind, Clock.cycle, Clock.status, Clock.consumed_seconds)
        .where(Clock.ticket_id == ticket_id)
        .order_by(Clock.kind, Clock.cycle)
    )
    return [tuple(row) for row in (*entries, *clocks)]
