"""What new rules would do to the promises that run: counted by the database, thousands of tickets a statement (R21).

What is broken keeps its date (A1) and climbs on by the new chain; a date given by hand stays; paused promises get
theirs when they go on. Of a promise that stood still after it broke, the instants of levels are told a little early.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tickets.promises.calendar import ROUND_THE_CLOCK
from tickets.promises.loading import LoadedRow, PromiseRulebook
from tickets.promises.open_spans import instant_of, open_before, open_spans_of
from tickets.promises.plan import EMERGENCY_FIRST_LEVEL_PERCENT, ChainLevel, offset_of
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import Channel, ClockKind, Level, Priority

# Promises that began longer ago than this are counted from here: what they have used is about the same.
_OLDEST = timedelta(days=2 * 366)
_24X7 = 0
# The highest id there can be.
_LAST = 2**63 - 1

_GROUPS = text(
    """
    select coalesce(t.category_id, 0) as category_id, t.level, t.unit_id, t.channel, t.priority, c.kind,
           c.policy_row_id as old_row
    from clock c join ticket t on t.id = c.ticket_id
    where c.status in ('running', 'paused') and not t.is_canary
    group by 1, 2, 3, 4, 5, 6, 7
    """
)
# Everything is written out once and then named: what is repeated within itself is computed a thousand times a row.
_WANTED = """
    wanted as materialized (
        select * from unnest(cast(:category_ids as bigint[]), cast(:levels as text[]), cast(:unit_ids as bigint[]),
            cast(:channels as text[]), cast(:priorities as text[]), cast(:kinds as text[]), cast(:old_rows as bigint[]),
            cast(:new_rows as bigint[]))
            as w(category_id, level, unit_id, channel, priority, kind, old_row, new_row)
    ),
    live as materialized (
        select c.id, c.ticket_id, c.kind, c.status, c.policy_row_id, c.chain_version_id, c.granted_seconds,
               c.target_seconds, t.level, t.unit_id, t.channel, coalesce(t.category_id, 0) as category_id,
               t.procedure_id is not null as about_procedure, t.priority,
               coalesce(c.started_at <> c.running_since, true) as was_paused,
               cast(extract(epoch from c.running_since) as bigint) as since,
               cast(extract(epoch from c.due_at) as bigint) as due,
               c.status = 'running' and c.first_breach_at is null and c.due_at > :now
                   and c.manual_due_reason = '' as moves
        from clock c join ticket t on t.id = c.ticket_id
        where c.status in ('running', 'paused') and not t.is_canary
            and t.id between :from_id and :to_id and c.ticket_id between :from_id and :to_id
    ),
    touched as materialized (
        select c.*, w.new_row
        from live c
        join wanted w on w.category_id = c.category_id and w.level = c.level and w.unit_id = c.unit_id
            and w.channel = c.channel and w.priority = c.priority and w.kind = c.kind and w.old_row = c.policy_row_id
    )"""
TOUCHED_TICKETS = f"with {_WANTED} select distinct ticket_id from touched"  # noqa: S608  (our own names)
# A sum is numeric, and with one numeric all numbers of a calendar would be made such, for every row anew.
_USED = f"""
    select cast(sum({open_before("p.ended", "s")} - {open_before("p.began", "s")}) as bigint) as seconds
    from (
        select cast(extract(epoch from i.from_at) as bigint) as began,
               cast(extract(epoch from i.to_at) as bigint) as ended
        from clock_interval i
        where i.clock_id = c.id and i.to_at is not null and c.moves and c.was_paused offset 0
    ) p"""  # noqa: S608  (our own names)
_JUDGED = f"""
    given as materialized (:spans),
    spans as materialized (select s.*, {open_before("cast(:at as bigint)", "s")} as now_at from given s),
    promised as materialized (
        select * from unnest(cast(:row_ids as bigint[]), cast(:targets as bigint[]), cast(:row_spans as bigint[]))
            as p(row_id, target, spans_id)
    ),
    counted as materialized (
        select c.*, case when moves then p.target else c.target_seconds end as target, p.spans_id,
               case when moves then {open_before("c.since", "s")} + p.target + c.granted_seconds
                   - coalesce(used.seconds, 0) end as falls_at,
               case when moves then s.now_at end as now_at
        from touched c
        join promised p on p.row_id = c.new_row
        join spans s on s.id = p.spans_id
        left join lateral ({_USED}) used on true
    ),
    judged as materialized (
        select c.*, case when falls_at is null then due when falls_at <= c.now_at then cast(:at as bigint)
                         else {instant_of("falls_at", "s")} end as new_due
        from counted c join spans s on s.id = c.spans_id
    )"""  # noqa: S608  (our own names)
_PARTS = text(
    f"""
    select min(id) as first, count(*) as tickets from (
        select id, (row_number() over (order by id) - 1) / :size as part from ticket where {IS_UNFINISHED}
    ) t group by part order by first
    """  # noqa: S608  (our own names)
)
_FIRST_AT = instant_of("b.open_then", "ss")
_THEN_AT = instant_of("d.open_then", "th")
_LEVELS = f"""
    steps as materialized (
        select * from unnest(cast(:step_rows as bigint[]), cast(:step_levels as int[]), cast(:percents as float8[]),
            cast(:seconds as bigint[]), cast(:least as bigint[]), cast(:step_spans as bigint[]),
            cast(:then_seconds as bigint[]), cast(:then_spans as bigint[]))
            as st(row_id, level, percent, seconds, least, spans_id, then_seconds, then_id)
    ),
    near as materialized (
        select j.id, j.unit_id, j.category_id, j.about_procedure, j.priority, j.new_row, j.new_due, st.level,
               st.spans_id, st.then_seconds, st.then_id, st.least,
               cast(case when st.percent is not null then trunc(j.target * st.percent / 100)
                         else st.seconds end as bigint) as plain
        from judged j join steps st on st.row_id = j.new_row
        -- What falls due after the night may only have levels before it: looking up the others is most of the work.
        where j.status = 'running'
            and j.new_due <= case when coalesce(st.percent, st.seconds) < 0 then :reach else :night end
            and coalesce((select false from planned_step ps where ps.clock_id = j.id and ps.kind = 'level'
                and ps.rank = st.level and ps.fired_at is not null and ps.result <> 'void' limit 1), true)
    ),
    first as materialized (
        select n.*, {_FIRST_AT} as first_at
        from near n join spans ss on ss.id = n.spans_id
        cross join lateral (select {open_before("n.new_due", "ss")}
            + case when plain < 0 then plain else greatest(plain, least) end as open_then offset 0) b
    ),
    reached as materialized (
        select f.*, case when f.then_id is null then f.first_at else {_THEN_AT} end as at
        from first f left join spans th on th.id = f.then_id
        left join lateral (select {open_before("f.first_at", "th")} + f.then_seconds as open_then offset 0) d on true
    ),
    tonight as (
        -- Of several levels that time has overtaken only the highest tells (R16).
        select r.*, row_number() over (partition by id, at <= :at order by level desc) as place
        from reached r where at <= :night
    )"""  # noqa: S608  (our own names)
_FORESEEN = f"""
    with {_WANTED}, {_JUDGED}, {_LEVELS}
    select 'totals' as part, count(distinct ticket_id) as tickets, count(*) as number,
           count(*) filter (where falls_at is not null and coalesce(new_due > due, true)) as later,
           count(*) filter (where new_due < due and falls_at > now_at) as earlier,
           count(*) filter (where falls_at <= now_at) as overdue,
           0 as unit_id, 0 as category_id, false as about_procedure, '' as priority, 0 as row_id, 0 as level
    from judged
    union all
    select 'level', 0, count(*), 0, 0, 0, unit_id, category_id, about_procedure, priority, new_row, level
    from tonight where at > :at or place = 1 group by unit_id, category_id, about_procedure, priority, new_row, level"""  # noqa: S608  (our own names)
_BEFORE = f"""
    with {_WANTED}
    select c.unit_id, c.category_id, c.about_procedure, c.priority, c.chain_version_id as chain_id, ps.rank as level,
           count(*) as number
    from touched c join planned_step ps on ps.clock_id = c.id and ps.kind = 'level' and ps.fired_at is null
        and ps.planned_at <= to_timestamp(:night)
    group by 1, 2, 3, 4, 5, 6"""  # noqa: S608  (our own names)


# Memory for a part of the tickets, until the transaction ends: what is written out between would go to disk.
_FOR_MANY = text(
    "select set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true),"
    " set_config('work_mem', '64MB', true)"
)


@dataclass(frozen=True, slots=True)
class LevelReached:
    """Matters of one kind that reach a level of a chain until the night is over."""

    unit_id: int
    category_id: int
    about_procedure: bool
    priority: Priority
    chain_version_id: int | None
    level: int


@dataclass(frozen=True, slots=True)
class Foresight:
    """Open tickets and promises that new rules would change; of the promises, how many dates move and how.

    `overdue` ones are late at once. `before` and `after`: how often which level is reached until the end of the night.
    """

    tickets: int = 0
    promises: int = 0
    later: int = 0
    earlier: int = 0
    overdue: int = 0
    before: Counter[LevelReached] = field(default_factory=Counter)
    after: Counter[LevelReached] = field(default_factory=Counter)

    def __add__(self, other: "Foresight") -> "Foresight":
        pairs = ((getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        return Foresight(*(mine + theirs for mine, theirs in pairs))


@dataclass(frozen=True, slots=True)
class _Group:
    """Promises of the same kind of matter under the same row, and the row that would hold for them."""

    category_id: int
    level: str
    unit_id: int
    channel: str
    priority: str
    kind: str
    old_row: int
    new_row: int


@dataclass(frozen=True, slots=True)
class Foreseeing:
    """What is asked of every part of the open tickets; `chains` are those of the rows that would hold."""

    foreseen: str
    named: Mapping[str, Any]
    chains: Mapping[int, int | None]


def foreseeing(
    session: Session, book: PromiseRulebook, policies: Collection[str], *, night_ends: datetime, now: datetime
) -> Foreseeing | None:
    """`book` holds the new rules, of which `policies` are those that changed. None: no open ticket is touched."""
    groups = _groups(session, book, policies)
    if not groups:
        return None
    rows = {group.new_row: book.rows[group.new_row] for group in groups}
    named: dict[str, Any] = {**_as_lists(groups), **_promised(rows.values()), "now": now}
    named["at"] = int(now.timestamp())
    named |= {"night": int(night_ends.timestamp()), **_steps(rows.values(), book)}
    # A level may come before its date: an emergency's first, when half of the time is gone.
    longest = max(row.row.target_seconds for row in rows.values())
    named["reach"] = named["night"] + longest
    spans, arrays = _spans(rows.values(), book, now=now)
    chains = {row_id: row.chain_version_id for row_id, row in rows.items()}
    return Foreseeing(_FORESEEN.replace(":spans", spans), named | arrays, chains)


def foresee(session: Session, asked: Foreseeing, *, part: range) -> Foresight:
    """What becomes of the tickets with these ids; the parts of all tickets add up."""
    named = {**asked.named, "from_id": part.start, "to_id": part.stop - 1}
    with many_rows(session):
        rows = session.execute(text(asked.foreseen), named).mappings().all()
        before = session.execute(text(_BEFORE), named).mappings().all()
    totals = next(row for row in rows if row["part"] == "totals")
    return Foresight(
        totals["tickets"],
        totals["number"],
        totals["later"],
        totals["earlier"],
        totals["overdue"],
        Counter({_reached(row, row["chain_id"]): row["number"] for row in before}),
        Counter({_reached(row, asked.chains[row["row_id"]]): row["number"] for row in rows if row["part"] == "level"}),
    )


def parts_of_open(session: Session, *, size: int) -> list[tuple[range, int]]:
    """All tickets there are as ranges of ids with `size` open ones each, and how many these are."""
    found = session.execute(_PARTS, {"size": size}).all()
    firsts = [0, *(one.first for one in found[1:]), _LAST]
    return [(range(*ends), one.tickets) for ends, one in zip(pairwise(firsts), found, strict=True)]


@contextmanager
def many_rows(session: Session) -> Iterator[None]:
    """The database takes what is written out once for a row or two, and would look for each in all the others."""
    session.execute(_FOR_MANY)
    yield
    session.execute(text("select set_config('enable_nestloop', 'on', true), set_config('jit', 'on', true)"))


def touched_tickets(
    session: Session, book: PromiseRulebook, policies: Collection[str], *, now: datetime
) -> dict[str, Any] | None:
    """What `TOUCHED_TICKETS` is asked with; None: no open ticket is touched."""
    groups = _groups(session, book, policies)
    return _as_lists(groups) | {"now": now, "from_id": 0, "to_id": _LAST} if groups else None


def row_for(
    book: PromiseRulebook,
    promised: Mapping[ClockKind, LoadedRow],
    kind: ClockKind,
    old_row: int,
    policies: Collection[str],
) -> LoadedRow | None:
    """The row that a running promise would change to because of these policies; None: it stays with what it has.

    What was never promised does not begin, and what is promised no more is kept: that is for tickets to come.
    """
    new, old = promised.get(kind), book.rows[old_row]
    if new is None or new.id == old.id or not {new.policy, old.policy} & set(policies):
        return None
    return new


def _groups(session: Session, book: PromiseRulebook, policies: Collection[str]) -> list[_Group]:
    chosen: dict[tuple[Any, ...], dict[ClockKind, LoadedRow]] = {}
    found = []
    for row in session.execute(_GROUPS):
        matter = (row.category_id, row.level, row.unit_id, row.channel, row.priority)
        if matter not in chosen:
            chosen[matter] = book.rows_for(
                category_id=row.category_id or None,
                level=Level(row.level),
                unit_id=row.unit_id,
                channel=Channel(row.channel),
                priority=Priority(row.priority),
            )
        new = row_for(book, chosen[matter], ClockKind(row.kind), row.old_row, policies)
        if new is not None:
            found.append(_Group(*matter, row.kind, row.old_row, new.id))
    return found


_LISTS = ("category_ids", "levels", "unit_ids", "channels", "priorities", "kinds", "old_rows", "new_rows")


def _as_lists(groups: Sequence[_Group]) -> dict[str, Any]:
    names = [one.name for one in fields(_Group)]
    return {plural: [getattr(group, name) for group in groups] for plural, name in zip(_LISTS, names, strict=True)}


def _promised(rows: Iterable[LoadedRow]) -> dict[str, Any]:
    found = list(rows)
    return {
        "row_ids": [row.id for row in found],
        "targets": [row.row.target_seconds for row in found],
        "row_spans": [row.calendar_version_id for row in found],
    }


def _spans(rows: Iterable[LoadedRow], book: PromiseRulebook, *, now: datetime) -> tuple[str, dict[str, Any]]:
    """The open time of every calendar that has a part in it, as rows of a statement; round the clock is number 0."""
    calendars = {_24X7: ROUND_THE_CLOCK}
    for row in rows:
        calendars[row.calendar_version_id] = book.calendars[row.calendar_version_id]
        calendars |= {-version: book.calendars[version] for version in _pinned(row, book).values()}
    lines, arrays = [], dict[str, Any]()
    for number, (key, calendar) in enumerate(calendars.items()):
        spans = open_spans_of(calendar, since=now - _OLDEST, now=now)
        named = (f"cast(:{name}{number} as bigint[])" for name in ("opens", "closes", "ends"))
        lines.append(f"({key}, {', '.join(named)})")
        arrays |= {f"opens{number}": spans.opens, f"closes{number}": spans.closes, f"ends{number}": spans.until_end}
    return f"select * from (values {', '.join(lines)}) as v(id, opens, closes, until_end)", arrays  # noqa: S608  (our own names)


def _pinned(row: LoadedRow, book: PromiseRulebook) -> dict[str, int]:
    """The calendars of a chain's steps, by key."""
    chain = book.chain_of(row.chain_version_id)
    return dict(chain.calendar_ids) if chain is not None else {}


def _steps(rows: Iterable[LoadedRow], book: PromiseRulebook) -> dict[str, Any]:
    """Every level of the rows' chains; one that counts from the level before has that one's offset and its own."""
    columns = ("step_rows", "step_levels", "percents", "seconds", "least", "step_spans", "then_seconds", "then_spans")
    lines: list[tuple[Any, ...]] = []
    for row in rows:
        chain = book.chain_of(row.chain_version_id)
        base: tuple[Any, ...] = ()
        waited = 0
        for number, step in enumerate(chain.chain.steps if chain is not None else ()):
            spans = _spans_of(step, row, book)
            if step.after_level_seconds is not None and base:
                waited += step.after_level_seconds
                lines.append((row.id, step.level, *base, waited, spans))
                continue
            base, waited = (*_offset(step, row, is_first=number == 0), spans), 0
            lines.append((row.id, step.level, *base, None, None))
    return {name: [line[number] for line in lines] for number, name in enumerate(columns)}


def _offset(step: ChainLevel, row: LoadedRow, *, is_first: bool) -> tuple[float | None, int, int]:
    """Per cent of the target, or seconds, after due; and the least distance."""
    is_emergency = row.row.priority is Priority.EMERGENCY
    if is_first and is_emergency and offset_of(step, target_seconds=row.row.target_seconds) >= 0:
        return EMERGENCY_FIRST_LEVEL_PERCENT, 0, 0
    return step.offset_percent, step.offset_seconds or 0, step.least_seconds


def _spans_of(step: ChainLevel, row: LoadedRow, book: PromiseRulebook) -> int:
    if row.row.priority is Priority.EMERGENCY:
        return _24X7
    if step.calendar_key is None:
        return row.calendar_version_id
    return -_pinned(row, book).get(step.calendar_key, -row.calendar_version_id)


def _reached(row: Mapping[Any, Any], chain_version_id: int | None) -> LevelReached:
    kind = (row["unit_id"], row["category_id"], row["about_procedure"], Priority(row["priority"]))
    return LevelReached(*kind, chain_version_id, row["level"])
