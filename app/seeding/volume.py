"""Multiplies the demonstration's tickets inside the database, with shifted times: volume to try the product with."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from time import monotonic

import psycopg
from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session

from app.seeding import set_aside
from app.seeding.copied_dates import CopiedDates
from app.seeding.copies import (
    COPIED,
    NAMED,
    OF_ROUNDS,
    OF_TICKETS,
    Spans,
    copy_of_rounds,
    copy_of_tickets,
    put_originals_aside,
)
from app.storage.play_progress import TellProgress
from tickets.city import zone
from tickets.keys import Keys
from tickets.outbox import text_parts
from tickets.people.references import reference_of, reference_year
from tickets.promises import day_totals, open_breaches, waiting_counts
from tickets.schema import (
    Base,
    Contact,
    Ticket,
    TimelineEntry,
)
from tickets.states import UNFINISHED

TICKETS_PER_COPY = 6_000
WEEKS = 52
# An index takes a copy's lines at four times the price of its share in sorting all tickets anew: 0.4 and 0.09 ms.
_WORTH_SORTING_ANEW = 3
VOLUME_SEED = 20250701
# References are numbered by years, the first of which is the first of the city as it is.
EARLIEST_OPENING = datetime(2025, 1, 8, tzinfo=UTC)
# The play's own written matters and calls: neither copies of them, which lie back already, nor what somebody has tried.
_ORIGINAL_KEY = r"^(demonstration:[0-9]+|sim:CAde[0-9a-f]{30})$"


@dataclass(frozen=True, slots=True)
class _Original:
    id: int
    opened_at: datetime
    # How far an unfinished ticket may move towards now without anything of it lying in the future.
    slack: timedelta
    is_unfinished: bool


def multiply(
    session: Session, *, wanted: int, keys: Keys, progress: TellProgress, now: datetime, only_unfinished: bool = False
) -> int:
    """Copy the play's tickets, or the unfinished among them, until there are `wanted`; how many were added.

    Finished ones move back by whole weeks, so that weekdays and hours stay what they were; unfinished ones move
    forward by less than they have been lying, so that nothing becomes due by being copied. Call it with nobody else
    in the database, as the role that owns the tables.
    """
    originals = [one for one in _originals(session, now=now) if one.is_unfinished or not only_unfinished]
    there = session.scalar(select(func.count(Ticket.id))) or 0
    missing = wanted - there
    if missing <= 0 or not originals:
        progress(f"No tickets added: {there:,} are there already." if originals else "No tickets added: none to copy.")
        return 0
    spans = Spans({table.__tablename__: _span(session, table) for table in NAMED})
    statements = [copy_of_tickets(table.__table__, spans) for table in OF_TICKETS]
    of_rounds = [copy_of_rounds(table.__table__, spans) for table in OF_ROUNDS]
    session.execute(text("set local work_mem = '128MB'"))
    _note_surroundings(session, originals)
    references, dates = _References(session, keys), CopiedDates(session, [one.id for one in originals])
    began, added = monotonic(), 0
    with ExitStack() as aside:
        aside.enter_context(set_aside.references_and_triggers(session, COPIED))
        if missing * _WORTH_SORTING_ANEW > there:
            aside.enter_context(set_aside.indexes(session, COPIED))
        for plan in _plans(originals, missing, references):
            _note(session, plan, dates)
            for statement in (*of_rounds, *statements):
                session.execute(text(statement), {"now": now, "zone": zone().key})
            added += len(plan)
            rate = added / max(monotonic() - began, 0.001)
            progress(f"{added:,} of {missing:,} tickets added ({rate:,.0f} a second)")
    references.keep()
    day_totals.forget_all(session)
    text_parts.forget_all(session)
    open_breaches.recount(session, now=now)
    open_breaches.gather(session, now=now)
    waiting_counts.recount(session, now=now)
    waiting_counts.gather(session, now=now)
    _keep_sequences(session)
    return added


_TABLES = (
    """create temp table if not exists copy_plan (
           original bigint, round bigint, reference text, salt bytea, by interval
       ) on commit drop""",
    # What the clocks of originals are granted in a round.
    "create temp table if not exists copy_grant (clock bigint, round bigint, seconds bigint) on commit drop",
    # A round is one more of everybody and of every call that came to nothing; `done` ones have had theirs.
    "create temp table if not exists copy_round (round bigint primary key, by interval) on commit drop",
    "create temp table if not exists copy_done (round bigint primary key) on commit drop",
    "create temp table if not exists copy_citizen (id bigint primary key) on commit drop",
    "create temp table if not exists copy_call (id bigint primary key) on commit drop",
    "create temp table if not exists copy_ticket (id bigint primary key) on commit drop",
    "truncate copy_plan, copy_grant, copy_round, copy_done, copy_citizen, copy_call, copy_ticket",
)
_CALLS = """
    insert into copy_call select id from call where ticket_id is null and state = 'ended' and call_sid ~ :original
"""
_CITIZENS = """
    insert into copy_citizen
    select citizen_id from ticket where id = any(:tickets) and citizen_id is not null
    union select citizen_id from contact where ticket_id = any(:tickets) and citizen_id is not null
    union select citizen_id from outbound_message where ticket_id = any(:tickets) and citizen_id is not null
    union select citizen_id from call where ticket_id = any(:tickets) and citizen_id is not null
    union select c.citizen_id from call c join copy_call o on o.id = c.id where c.citizen_id is not null
    union select r.citizen_id from callback_request r
          where r.citizen_id is not null and (r.ticket_id = any(:tickets) or r.call_id in (select id from copy_call))
"""
_ROUNDS = (
    "insert into copy_done select round from copy_round",
    "truncate copy_round",
    """insert into copy_round
       select distinct round, interval '-1 week' * (1 + round % 52) from copy_plan
       where round not in (select round from copy_done)""",
)
_ORIGINAL_CALL = r"^CAde[0-9a-f]{30}$"


def _note_surroundings(session: Session, originals: Sequence[_Original]) -> None:
    for statement in _TABLES:
        session.execute(text(statement))
    tickets = {"tickets": [one.id for one in originals]}
    session.execute(text(_CALLS), {"original": _ORIGINAL_CALL})
    session.execute(text(_CITIZENS), tickets)
    session.execute(text("insert into copy_ticket select unnest(cast(:tickets as bigint[]))"), tickets)
    for statement in put_originals_aside():
        session.execute(text(statement))


def _originals(session: Session, *, now: datetime) -> list[_Original]:
    entries = select(func.max(TimelineEntry.at)).where(TimelineEntry.ticket_id == Ticket.id)
    last_entry = entries.correlate(Ticket).scalar_subquery()
    of_the_play = exists().where(Contact.ticket_id == Ticket.id, Contact.source_key.regexp_match(_ORIGINAL_KEY))
    rows = session.execute(
        select(Ticket.id, Ticket.opened_at, func.greatest(Ticket.updated_at, last_entry), Ticket.status)
        .where(of_the_play, Ticket.is_canary.is_(False))
        .order_by(Ticket.id)
    )
    return [
        _Original(ticket_id, opened_at, max(now - touched_at, timedelta(0)), status in UNFINISHED)
        for ticket_id, opened_at, touched_at, status in rows
    ]


def _span(session: Session, table: type[Base]) -> int:
    """Moved by this much, no copy meets an original or another copy."""
    highest = session.scalar(select(func.max(table.__table__.c.id)))
    return int(highest or 0) + 1


class _References:
    """Fresh references: each year's sequence goes on where it stands, and is moved on at the end."""

    def __init__(self, session: Session, keys: Keys) -> None:
        self._session, self._keys = session, keys
        self._last: dict[int, int] = {}

    def next(self, at: datetime) -> str:
        year = reference_year(at)
        if year not in self._last:
            started = self._session.scalar(text(f"select nextval('ticket_number_{year:d}')"))
            self._last[year] = int(started or 0)
        self._last[year] += 1
        return reference_of(self._last[year], year=year, keys=self._keys)

    def keep(self) -> None:
        for year, last in self._last.items():
            self._session.execute(text(f"select setval('ticket_number_{year:d}', :last)"), {"last": last})


_Planned = tuple[int, int, str, bytes, timedelta]


def _plans(originals: Sequence[_Original], missing: int, references: _References) -> Iterator[list[_Planned]]:
    rng = Random(VOLUME_SEED)  # noqa: S311  (moves times about, guards nothing)
    plan: list[_Planned] = []
    for number in range(missing):
        original, round_ = originals[number % len(originals)], number // len(originals) + 1
        by = original.slack * rng.random() if original.is_unfinished else -_weeks_back(original, rng)
        reference = references.next(original.opened_at + by)
        plan.append((original.id, round_, reference, secrets.token_bytes(16), by))
        if len(plan) >= TICKETS_PER_COPY:
            yield plan
            plan = []
    if plan:
        yield plan


def _weeks_back(original: _Original, rng: Random) -> timedelta:
    most = min(WEEKS, (original.opened_at - EARLIEST_OPENING) // timedelta(weeks=1))
    return timedelta(weeks=rng.randint(1, most)) if most >= 1 else timedelta(0)


def _note(session: Session, plan: Sequence[_Planned], dates: CopiedDates) -> None:
    moved = ((original, round_, by) for original, round_, _reference, _salt, by in plan)
    for table, rows in (("copy_plan", plan), ("copy_grant", dates.granted(moved))):
        session.execute(text(f"truncate {table}"))
        _send(session, table, rows)
        session.execute(text(f"analyze {table}"))
    for statement in _ROUNDS:
        session.execute(text(statement))


def _send(session: Session, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101  (the only driver there is)
    with connection.cursor() as cursor, cursor.copy(f"copy {table} from stdin") as sent:
        for row in rows:
            sent.write_row(row)


def _keep_sequences(session: Session) -> None:
    """The next ticket opened by hand must not be given the id of a copy."""
    for table in NAMED:
        name = table.__tablename__
        session.execute(
            text(f"select setval(pg_get_serial_sequence('{name}', 'id'), (select max(id) from {name}))")  # noqa: S608  (our table)
        )
