"""Whether what an auditor relies on still is what the audit trail says was written (A6): the chain seals the entries.

The dates of promises, facts of breaches, levels that fired, who was told of them, attempts to reach them and answers
stand in tables of their own; each was written with an entry of the trail in one transaction. What differs from its
entry, lacks one or is missing was changed, added or removed past the product.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

from tickets.promises.due_proof import DueDiffers, dues_that_differ


class Edit(StrEnum):
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that is not what its entry says: `kind` is ticket, due, breach, level, recipients, attempt,
    answer, credit (time given back for an outage) or window (that outage).

    A kind `reckoning` is a due date that no longer follows from its intervals, target and calendar.
    `id` names its ticket, clock or step; `reference`, `clock` and `level` say to people which it is, as far as they are
    still known. `what` lists each column that was changed: its name, as it was sealed and as it stands.
    """

    kind: str
    id: int
    deed: Edit
    reference: str = ""
    clock: str = ""
    level: int | None = None
    what: str = ""


def _differs(*columns: tuple[str, str, str]) -> str:
    """Of each column (its name, as it stands, as it was sealed) that differs, one phrase; empty when none does."""
    phrases = (
        f"case when {stands} is distinct from {sealed} then"
        f" '{name}: ' || coalesce(cast({sealed} as text), '–') || ' → ' || coalesce(cast({stands} as text), '–') end"
        for name, stands, sealed in columns
    )
    return f"concat_ws('; ', {', '.join(phrases)})"


_BREACH = _differs(
    ("cycle", "b.cycle", "(e.params ->> 'cycle')::bigint"),
    ("due_at", "b.due_at", "(e.params ->> 'due_at')::timestamptz"),
    ("breached_at", "b.breached_at", "(e.params ->> 'breached_at')::timestamptz"),
    ("unit_id", "b.unit_id", "(e.params ->> 'unit_id')::bigint"),
    ("staff_id", "b.staff_id", "(e.params ->> 'staff_id')::bigint"),
    ("cause", "b.cause", "e.params ->> 'cause'"),
)
_ATTEMPT = _differs(
    ("step_id", "a.step_id", "(e.params ->> 'step_id')::bigint"),
    ("staff_id", "a.staff_id", "(e.params ->> 'staff_id')::bigint"),
    ("method", "a.method", "e.params ->> 'channel'"),
    ("state", "a.state", "e.params ->> 'attempt'"),
    ("why", "a.why", "e.params ->> 'reason'"),
    ("at", "a.at", "coalesce((e.params ->> 'at')::timestamptz, e.at)"),
)
# An entry of an earlier release does not name the date the level was planned for.
_LEVEL = _differs(
    ("level", "s.rank", "(e.params ->> 'rank')::bigint"),
    ("result", "s.result", "e.params ->> 'result'"),
    ("planned_at", "s.planned_at", "(e.params ->> 'planned_at')::timestamptz"),
    ("due_at", "s.due_at", "coalesce((e.params ->> 'due_at')::timestamptz, s.due_at)"),
    ("fired_at", "s.fired_at", "greatest(s.fired_at, e.at)"),
)
# An entry holds no texts, and one of an earlier release nothing of them either.
_WORDS = "left(encode(sha256(convert_to(a.instruction, 'UTF8')), 'hex'), 32)"
_ANSWER = _differs(
    ("instruction", _WORDS, f"coalesce(e.params ->> 'fingerprint', {_WORDS})"),
    ("staff_id", "a.staff_id", "e.staff_id"),
    ("via", "a.via", "e.params ->> 'via'"),
    ("new_due_at", "a.new_due_at", "(e.params ->> 'new_due_at')::timestamptz"),
    ("at", "a.at", "greatest(a.at, e.at)"),
)
_CREDIT = _differs(
    ("window_id", "x.window_id", "(e.params ->> 'window')::bigint"),
    ("seconds", "x.seconds", "(e.params ->> 'seconds')::bigint"),
    ("at", "x.at", "e.at"),
)
_WINDOW = _differs(
    ("from_at", "w.from_at", "(e.params ->> 'from_at')::timestamptz"),
    ("to_at", "w.to_at", "(e.params ->> 'to_at')::timestamptz"),
    ("clocks", "w.clocks", "e.params -> 'kinds'"),
)
# Whole tickets are never deleted, so an entry about one that is not there is of one that was.
_FOUND = f"""
    with opened as (
        select distinct on (subject_id) subject_id, params -> 'due' as due from audit_entry
        where action = 'ticket.opened' order by subject_id, id
    ), dues as (
        select distinct on (clock_id) clock_id, due_at from (
            select c.id as clock_id, 0 as entry_id, (o.due ->> c.kind)::timestamptz as due_at
            from opened o join clock c on c.ticket_id = o.subject_id and c.cycle = 1 where o.due ->> c.kind is not null
            union all
            select subject_id, id, (params ->> 'due_at')::timestamptz from audit_entry where action = 'promise.due'
        ) sealed order by clock_id, entry_id desc
    ), broken as (
        select distinct on (subject_id) subject_id, ticket_id, params from audit_entry
        where action = 'promise.broken' order by subject_id, id
    ), fired as (
        select distinct on (subject_id) subject_id, ticket_id, at, params from audit_entry
        where action = 'escalation.fired' order by subject_id, id
    ), named as (
        select distinct e.subject_id, who.value::bigint as staff_id
        from audit_entry e cross join jsonb_array_elements_text(e.params -> 'told') who
        where e.action in ('escalation.fired', 'escalation.pursued', 'escalation.inherited', 'escalation.delegated')
    ), attempted as (
        select distinct on (subject_id) subject_id, at, params from audit_entry
        where action = 'escalation.attempted' order by subject_id, id
    ), answered as (
        select distinct on (subject_id) subject_id, staff_id, at, params from audit_entry
        where action = 'escalation.acknowledged' order by subject_id, id
    ), credited as (
        select subject_id, ticket_id, at, params from audit_entry where action = 'exclusion.credited'
    ), asked as (
        select subject_id, params from audit_entry where action = 'exclusion.asked'
    ), found (kind, id, ticket_id, clock, level, deed, what) as (
        select 'ticket', o.subject_id, o.subject_id, '', null::bigint, 'removed', ''
        from opened o where not exists (select from ticket t where t.id = o.subject_id)
        union all
        select 'due', c.id, c.ticket_id, c.kind, null, 'changed', {_differs(("due_at", "c.due_at", "d.due_at"))}
        from dues d join clock c on c.id = d.clock_id where c.due_at is not null and c.due_at <> d.due_at
        union all
        select 'due', o.subject_id, o.subject_id, promised.key, null, 'removed', ''
        from opened o join ticket t on t.id = o.subject_id cross join jsonb_each(o.due) promised
        where not exists (
            select from clock c where c.ticket_id = o.subject_id and c.kind = promised.key and c.cycle = 1)
        union all
        select 'breach', coalesce(b.clock_id, e.subject_id), coalesce(b.ticket_id, e.ticket_id),
            coalesce(b.kind, e.params ->> 'clock'), null,
            case when b.clock_id is null then 'removed' when e.subject_id is null then 'added' else 'changed' end,
            case when b.clock_id is not null and e.subject_id is not null then {_BREACH} else '' end
        from promise_breach b full join broken e on e.subject_id = b.clock_id
        where b.clock_id is null or e.subject_id is null or {_BREACH} <> ''
        union all
        select 'breach', c.id, c.ticket_id, c.kind, null, 'changed',
            {_differs(("first_breach_at", "c.first_breach_at", "b.breached_at"))}
        from clock c join promise_breach b on b.clock_id = c.id where c.first_breach_at is distinct from b.breached_at
        union all
        select 'level', coalesce(s.id, e.subject_id), coalesce(s.ticket_id, e.ticket_id), e.params ->> 'clock',
            coalesce(s.rank, (e.params ->> 'rank')::bigint),
            case when s.id is null then 'removed' when e.subject_id is null then 'added' else 'changed' end,
            case when s.id is not null and e.subject_id is not null then {_LEVEL} else '' end
        from (select * from planned_step where kind = 'level') s full join fired e on e.subject_id = s.id
        where s.id is null or (s.fired_at is not null and (e.subject_id is null or {_LEVEL} <> ''))
          or (s.fired_at is null and e.subject_id is not null)
        union all
        select distinct 'recipients', s.id, s.ticket_id, '', s.rank,
            case when r.step_id is null then 'removed' else 'added' end, p.name
        from step_recipient r full join named n on n.subject_id = r.step_id and n.staff_id = r.staff_id
        join planned_step s on s.id = coalesce(r.step_id, n.subject_id)
        left join staff p on p.id = coalesce(r.staff_id, n.staff_id)
        where n.subject_id is null or (r.step_id is null and s.kind = 'level' and s.result <> 'void')
        union all
        select distinct 'attempt', s.id, s.ticket_id, '', s.rank,
            case when a.id is null then 'removed' when e.subject_id is null then 'added' else 'changed' end,
            case when a.id is not null and e.subject_id is not null then {_ATTEMPT} else '' end
        from escalation_attempt a full join attempted e on e.subject_id = a.id
        join planned_step s on s.id = coalesce(a.step_id, (e.params ->> 'step_id')::bigint)
        where a.id is null or e.subject_id is null or {_ATTEMPT} <> ''
        union all
        select 'answer', s.id, s.ticket_id, '', s.rank,
            case when a.step_id is null then 'removed' when e.subject_id is null then 'added' else 'changed' end,
            case when a.step_id is not null and e.subject_id is not null then {_ANSWER} else '' end
        from acknowledgement a full join answered e on e.subject_id = a.step_id
        join planned_step s on s.id = coalesce(a.step_id, e.subject_id)
        where a.step_id is null or e.subject_id is null or {_ANSWER} <> ''
        union all
        select 'credit', coalesce(x.clock_id, e.subject_id), coalesce(x.ticket_id, e.ticket_id), '', null,
            case when x.clock_id is null then 'removed' when e.subject_id is null then 'added' else 'changed' end,
            case when x.clock_id is not null and e.subject_id is not null then {_CREDIT} else '' end
        from exclusion_credit x full join credited e
            on e.subject_id = x.clock_id and (e.params ->> 'window')::bigint = x.window_id
        where x.clock_id is null or e.subject_id is null or {_CREDIT} <> ''
        union all
        select 'window', coalesce(w.id, e.subject_id), null, '', null,
            case when w.id is null then 'removed' when e.subject_id is null then 'added' else 'changed' end,
            case when w.id is not null and e.subject_id is not null then {_WINDOW} else '' end
        from exclusion_window w full join asked e on e.subject_id = w.id
        where w.id is null or e.subject_id is null or {_WINDOW} <> ''
    )
    select f.kind, f.id, f.deed, coalesce(t.reference, ''), f.clock, f.level, f.what
    from found f left join ticket t on t.id = f.ticket_id
"""  # noqa: S608 - put together from the columns named above
_CHANGED = text(f"{_FOUND} order by 1, 2, 3")


def changed_since_written(session: Session) -> list[Changed]:
    """Every row that differs from its entry, in one statement; then every due date that is reckoned otherwise."""
    found = [
        Changed(kind, subject_id, Edit(deed), reference, clock or "", level, what or "")
        for kind, subject_id, deed, reference, clock, level, what in session.execute(_CHANGED)
    ]
    told = {one.id for one in found if one.kind == "due"}
    return found + [_reckoned(one) for one in dues_that_differ(session) if one.clock_id not in told]


def _reckoned(one: DueDiffers) -> Changed:
    what = f"due_at: {one.computed_at:%Y-%m-%d %H:%M:%S%z} → {one.due_at:%Y-%m-%d %H:%M:%S%z}"
    return Changed("reckoning", one.clock_id, Edit.CHANGED, one.reference, one.kind, what=what)
