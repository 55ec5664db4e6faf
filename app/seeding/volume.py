"""Multiplies the demonstration's tickets inside the database, with shifted times: volume to try the product with."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import DateTime, Table, exists, func, select, text
from sqlalchemy.orm import Session

from app.storage.play_progress import TellProgress
from tickets.keys import Keys
from tickets.people.references import reference_of, reference_year
from tickets.schema import (
    Acknowledgement,
    Base,
    Clock,
    ClockInterval,
    Contact,
    Message,
    PlannedStep,
    QueueHop,
    StepRecipient,
    Ticket,
    TicketAccess,
    TicketSearch,
    TimelineEntry,
)
from tickets.states import UNFINISHED

TICKETS_PER_COPY = 6_000
WEEKS = 52
VOLUME_SEED = 20250701
# References are numbered by years, the first of which is the first of the city as it is.
EARLIEST_OPENING = datetime(2025, 1, 8, tzinfo=UTC)
# The play's own written matters and calls: neither copies of them, which lie back already, nor what somebody has tried.
_ORIGINAL_KEY = r"^(demonstration:[0-9]+|sim:CAde[0-9a-f]{30})$"

# In the order in which the rows refer to each other.
_COPIED: tuple[type[Base], ...] = (
    Ticket, TicketSearch, TicketAccess, Contact, QueueHop, Message, TimelineEntry, Clock, ClockInterval, PlannedStep,
    StepRecipient, Acknowledgement,
)  # fmt: skip
# Tables whose rows are named by others: a copy's id is the original's moved by a whole number of spans.
_NAMED: tuple[type[Base], ...] = (Ticket, Message, Clock, PlannedStep, Contact)
_REFERS = {
    "ticket_id": "ticket",
    "message_id": "message",
    "clock_id": "clock",
    "step_id": "planned_step",
    "contact_id": "contact",
}
# What belongs to the originals alone: messages that were sent, and links between tickets.
_LEFT_OUT = {"outbound_id", "master_id", "continues_id"}


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
    missing = wanted - (session.scalar(select(func.count(Ticket.id))) or 0)
    if missing <= 0 or not originals:
        return 0
    spans = {table.__tablename__: _span(session, table) for table in _NAMED}
    statements = [_statement(table.__table__, spans) for table in _COPIED]
    session.execute(text(_PLAN))
    references = _References(session, keys)
    began, added = monotonic(), 0
    with _references_checked_at_the_end(session):
        for plan in _plans(originals, missing, references):
            _note(session, plan)
            for statement in statements:
                session.execute(text(statement), {"now": now})
            added += len(plan)
            rate = added / max(monotonic() - began, 0.001)
            progress(f"{added:,} of {missing:,} tickets added ({rate:,.0f} a second)")
    references.keep()
    _keep_sequences(session)
    return added


_FOREIGN_KEYS = """
    select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    from pg_constraint where contype = 'f' and conrelid = any(cast(:tables as regclass[])) order by conname
"""


@contextmanager
def _references_checked_at_the_end(session: Session) -> Iterator[None]:
    """Row by row, checking takes three times as long as copying; all at once it is one join for each reference."""
    tables = [table.__tablename__ for table in _COPIED]
    keys = session.execute(text(_FOREIGN_KEYS), {"tables": tables}).all()
    for table, name, _ in keys:
        session.execute(text(f"alter table {table} drop constraint {name}"))
    yield
    for table, name, definition in keys:
        session.execute(text(f"alter table {table} add constraint {name} {definition}"))


_PLAN = """
    create temp table if not exists copy_plan (
        original bigint, round bigint, reference text, salt bytea, by interval
    ) on commit drop
"""


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


def _note(session: Session, plan: Sequence[_Planned]) -> None:
    session.execute(text("truncate copy_plan"))
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101  (the only driver there is)
    with connection.cursor() as cursor, cursor.copy("copy copy_plan from stdin") as rows:
        for row in plan:
            rows.write_row(row)
    session.execute(text("analyze copy_plan"))


def _statement(table: Table, spans: dict[str, int]) -> str:
    columns = [c for c in table.columns if c.name not in _LEFT_OUT and not _is_drawn(table, c.name)]
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(_value(table, column, spans) for column in columns)
    # Names of our own tables and columns, nothing anybody typed.
    return f"insert into {table.name} ({names}) select {values} from {_source(table)}"  # noqa: S608


def _is_drawn(table: Table, column: str) -> bool:
    """Ids that nobody refers to come from their sequence."""
    return column == "id" and table.name not in {named.__tablename__ for named in _NAMED}


def _source(table: Table) -> str:
    if table.name == "ticket":
        return "ticket s join copy_plan p on p.original = s.id"
    if "ticket_id" in table.c:
        return f"{table.name} s join copy_plan p on p.original = s.ticket_id"
    owner = "clock" if "clock_id" in table.c else "planned_step"
    key = "clock_id" if owner == "clock" else "step_id"
    return f"{table.name} s join {owner} o on o.id = s.{key} join copy_plan p on p.original = o.ticket_id"


def _value(table: Table, column: Any, spans: dict[str, int]) -> str:
    name = column.name
    special = _SPECIAL.get((table.name, name))
    if special is not None:
        return special.format(**spans)
    if name == "id":
        return f"s.id + p.round * {spans[table.name]}"
    if name in _REFERS:
        return f"s.{name} + p.round * {spans[_REFERS[name]]}"
    if isinstance(column.type, DateTime):
        return f's."{name}" + p.by'
    return f's."{name}"'


_OVER = "s.status = 'resolved' and s.reopen_until + p.by <= :now"
# In braces, the span of a table's ids.
_SPECIAL = {
    ("ticket", "reference"): "p.reference",
    ("ticket", "pin_salt"): "p.salt",
    # An answer moved into last spring is closed by now.
    ("ticket", "status"): f"case when {_OVER} then 'closed' else s.status end",
    ("ticket", "closed_at"): f"case when {_OVER} then s.reopen_until + p.by else s.closed_at + p.by end",
    ("contact", "source_key"): "s.source_key || ':' || (s.id + p.round * {contact})",
    # One person must not be asked to tell two levels apart by one code.
    ("step_recipient", "reply_code"): "lpad(right((s.step_id + p.round * {planned_step})::text, 8), 5, '0')",
}


def _keep_sequences(session: Session) -> None:
    """The next ticket opened by hand must not be given the id of a copy."""
    for table in _NAMED:
        name = table.__tablename__
        session.execute(
            text(f"select setval(pg_get_serial_sequence('{name}', 'id'), (select max(id) from {name}))")  # noqa: S608  (our table)
        )
