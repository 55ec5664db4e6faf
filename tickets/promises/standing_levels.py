"""What stands open of escalation, kept beside the clocks so that boards and lists read what they show and no more."""

from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, TextClause, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tickets.city import zone
from tickets.each_alone import PutAside, all_or_each
from tickets.promises.taken_up_again import RAISED_BEFORE
from tickets.schema.ticket import IS_UNFINISHED, Ticket

# Whatever its level, an emergency stands before all else.
EMERGENCY_HARM = 100
_PEOPLE = "1 + (select count(*)::int from ticket d where d.master_id = t.id and not d.is_canary)"
# Of a clock that runs.
_STANDS = f"t.escalation_level > 0 and not t.is_canary and t.{IS_UNFINISHED}"
# What the rows must be, of some tickets or of all; a level counts for the due date the clock has now.
_LEVELS = f"""
    select c.id as clock_id, c.ticket_id, s.id as step_id, s.rank as level, s.due_at, c.kind as clock_kind,
           c.breach_cause, exists (select from acknowledgement a where a.step_id = s.id) as is_answered, t.unit_id,
           t.is_restricted, {_STANDS} as stands
    from clock c
    join ticket t on t.id = c.ticket_id
    cross join lateral (
        select id, rank, due_at from planned_step
        where clock_id = c.id and kind = 'level' and fired_at is not null and result <> 'void' and due_at = c.due_at
        order by rank desc, id desc limit 1
    ) s
    where c.status = 'running'
"""  # noqa: S608  (our own names)
# A person goes on with what reached them while the clock runs, also when its date was moved meanwhile; what was raised
# before the matter ended and was taken up again is over (R9, A8).
_REPORTS = f"""
    select distinct on (s.clock_id, r.staff_id) s.clock_id, r.staff_id, s.ticket_id, s.id as step_id, s.rank as level,
           s.due_at, exists (select from acknowledgement a where a.step_id = s.id) as is_answered,
           s.rank + case when t.priority = 'emergency' then {EMERGENCY_HARM} else 0 end as harm,
           (s.due_at at time zone :zone)::date as due_on,
           {_PEOPLE} as people, t.unit_id, t.procedure_id, t.category_id, v.chain_version_id, r.capacity,
           {_STANDS} as stands
    from clock c
    join ticket t on t.id = c.ticket_id
    join planned_step s on s.clock_id = c.id and s.kind = 'level' and s.fired_at is not null and s.result <> 'void'
    join step_recipient r on r.step_id = s.id
    left join chain_step v on v.id = s.chain_step_id
    where c.status = 'running' and not {RAISED_BEFORE}
"""  # noqa: S608  (our own names)
_HIGHEST = " order by s.clock_id, r.staff_id, s.rank desc, s.id desc"
_LEVEL_COLUMNS = (
    "clock_id, ticket_id, step_id, level, due_at, clock_kind, breach_cause, is_answered, unit_id, is_restricted, stands"
)
_REPORT_COLUMNS = (
    "clock_id, staff_id, ticket_id, step_id, level, due_at, is_answered, harm, due_on, people,"
    " unit_id, procedure_id, category_id, chain_version_id, capacity, stands"
)


def _kept_anew(table: str, columns: str, wanted: str, *, key: str, whose: str) -> str:
    """Only what differs is written: most lines of a ticket stand as they stood, and each is in several indexes."""
    named = columns.split(", ")
    given = ", ".join(f"{name} = excluded.{name}" for name in named)
    was, new = (", ".join(f"{of}.{name}" for name in named) for of in (table, "excluded"))
    same = " and ".join(f"n.{name} = k.{name}" for name in key.split(", "))
    # Our own names, nothing anybody typed.
    return f"""
        with found as materialized ({wanted}), gone as (
            delete from {table} k
            where k.{whose} = any(:ids) and not exists (select from found n where {same}))
        insert into {table} ({columns}) select {columns} from found
        on conflict ({key}) do update set {given} where ({was}) is distinct from ({new})
    """  # noqa: S608


def _refreshing(of: str, whose: str) -> tuple[TextClause, ...]:
    levels, reports = f"{_LEVELS}{of}", f"{_REPORTS}{of}{_HIGHEST}"
    statements = (
        _kept_anew("standing_level", _LEVEL_COLUMNS, levels, key="clock_id", whose=whose),
        _kept_anew("standing_report", _REPORT_COLUMNS, reports, key="clock_id, staff_id", whose=whose),
    )
    return tuple(text(one).bindparams(bindparam("ids", type_=ARRAY(BigInteger))) for one in statements)


_OF_TICKETS = _refreshing(" and c.ticket_id = any(:ids)", "ticket_id")
_OF_CLOCKS = _refreshing(" and c.id = any(:ids)", "clock_id")
_COUNT_PEOPLE = text(
    f"update standing_report r set people = {_PEOPLE} from ticket t where t.id = r.ticket_id and t.id = :ticket_id"  # noqa: S608  (our own names)
)


def refresh(session: Session, ticket_ids: Collection[int]) -> None:
    """Write what stands of these tickets, whose locks the caller holds; after a level, an answer or a clock changed."""
    _refresh(session, _OF_TICKETS, ticket_ids)


def refresh_clocks(session: Session, clock_ids: Collection[int]) -> None:
    """The same, where all that changed are levels of these clocks; the caller holds the tickets' locks."""
    _refresh(session, _OF_CLOCKS, clock_ids)


def _refresh(session: Session, statements: Sequence[TextClause], ids: Collection[int]) -> None:
    if not ids:
        return
    session.flush()
    for statement in statements:
        session.execute(statement, {"ids": sorted(ids), "zone": zone().key})


def count_people(session: Session, master_id: int) -> None:
    """Write how many wait for an answer to this ticket, after one was joined to it or left it."""
    session.flush()
    session.execute(_COUNT_PEOPLE, {"ticket_id": master_id})


def tickets_that_differ(session: Session) -> list[int]:
    """Of which tickets the kept rows are not what clocks, steps and answers say; it reads all that stands.

    What the release before did not write is told by the ticket and no difference; all else of such a row is compared.
    """
    return list(session.scalars(_DIFFERENT, {"zone": zone().key}))


def complete(
    session: Session, *, at_most: int, leave_out: Collection[int] = (), put_aside: PutAside | None = None
) -> int:
    """Write anew what stands of so many tickets of which the release before wrote a row; how many they were.

    Those that somebody holds are left for another time.
    """
    wanted = text(_UNKNOWN).bindparams(bindparam("leave_out", type_=ARRAY(BigInteger)))
    found = wanted.bindparams(at_most=at_most, leave_out=list(leave_out))
    ids = session.scalars(select(Ticket.id).from_statement(found)).all()
    all_or_each(session, ids, lambda some: refresh(session, some), named=int, put_aside=put_aside)
    return len(ids)


_UNKNOWN = """
    select id from ticket
    where id in (select ticket_id from standing_level where stands is null
                 union select ticket_id from standing_report where stands is null)
        and id <> all(:leave_out)
    order by id limit :at_most for no key update skip locked
"""


def _compared(columns: str, *, of: str, where_unknown: str) -> str:
    """These columns of a row; those that the release before did not write are nothing where it is one of its rows."""
    named = [name.strip() for name in columns.split(",")]
    told = (f"case when {where_unknown} then null else {of}.{name} end as {name}" for name in named)
    plain = (f"{of}.{name}" for name in named)
    return ", ".join(t if name in _OF_ITS_TICKET else p for name, t, p in zip(named, told, plain, strict=True))


# A ticket may have moved since without the row, which nobody asks where it is.
_OF_ITS_TICKET = {
    "unit_id", "procedure_id", "category_id", "chain_version_id", "capacity", "is_restricted", "stands"
}  # fmt: skip
_IS_UNKNOWN = "k.stands is null"
_HAS_UNKNOWN = "k.clock_id is not null and k.stands is null"
# Our own words, nothing anybody typed.
_DIFFERENT = text(
    f"""
    with true_level as ({_LEVELS}), true_report as ({_REPORTS}{_HIGHEST}),
         level_now as (select {_compared(_LEVEL_COLUMNS, of="n", where_unknown=_HAS_UNKNOWN)}
                       from true_level n left join standing_level k using (clock_id)),
         level_kept as (select {_compared(_LEVEL_COLUMNS, of="k", where_unknown=_IS_UNKNOWN)} from standing_level k),
         report_now as (select {_compared(_REPORT_COLUMNS, of="n", where_unknown=_HAS_UNKNOWN)}
                        from true_report n left join standing_report k using (clock_id, staff_id)),
         report_kept as (select {_compared(_REPORT_COLUMNS, of="k", where_unknown=_IS_UNKNOWN)} from standing_report k)
    select ticket_id from (table level_now except table level_kept) missing
    union select ticket_id from (table level_kept except table level_now) left_over
    union select ticket_id from (table report_now except table report_kept) missing
    union select ticket_id from (table report_kept except table report_now) left_over
    order by 1
    """  # noqa: S608  (names of our own tables and columns, nothing anybody typed)
)
