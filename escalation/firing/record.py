"""Writing down what has fired: results, people, levels, messages, timeline and audit of a batch at once (R14)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from escalation.firing.codes import new_codes
from escalation.firing.notices import alerts, outgoing
from escalation.firing.recipients import add_recipients, known_codes
from escalation.firing.telling import Fired
from tickets import timeline
from tickets.audit import entries
from tickets.directory.standing_rows import administrators
from tickets.outbox import posting
from tickets.people.actor import SYSTEM
from tickets.promises import standing_levels
from tickets.promises.breaches import note_breaches
from tickets.schema.rows import as_json
from tickets.states import StepResult, TimelineKind
from tickets.work.levels import raise_levels
from tickets.work.named_people import name_people


def record(session: Session, fired: Sequence[Fired], *, now: datetime) -> None:
    """Everything about these steps in a fixed number of statements; the caller holds the tickets' locks."""
    if not fired:
        return
    _record_results(session, fired, now=now)
    raise_levels(session, _levels(fired), now=now)
    note_breaches(session, {one.ticket.id for one in fired}, now=now)
    tell(session, fired, now=now)
    timeline.add_all(session, _entries(fired, now=now))
    entries.record_all(session, _audit_rows(fired), actor=SYSTEM, now=now)


def tell(session: Session, fired: Sequence[Fired], *, now: datetime) -> None:
    """The people these steps name become its recipients, with messages, codes and sight of restricted tickets."""
    fired = [each for one in fired for each in (one, *one.beside)]
    codes = _record_recipients(session, fired, now=now)
    standing_levels.refresh_clocks(session, {one.step.clock_id for one in fired if one.step.is_level})
    posting.post_all(session, outgoing(fired, codes), now=now)
    if any(one.alerts_administrators for one in fired):
        posting.post_all(session, alerts(fired, administrators(session, now=now), now=now), now=now)
    _let_recipients_see(session, fired, now=now)


# Of the batch at once: a statement for each step was most of what firing cost.
_RESULTS = text(
    """
    update planned_step s
    set fired_at = :now, result = r.result, unit_id = r.unit_id, reach_by = r.reach_by, detail = s.detail || r.detail
    from jsonb_to_recordset(cast(:rows as jsonb))
        as r(step_id bigint, result text, unit_id bigint, reach_by timestamptz, detail jsonb)
    where s.id = r.step_id and s.fired_at is null
    """
)


def _record_results(session: Session, fired: Sequence[Fired], *, now: datetime) -> None:
    rows = [
        {
            "step_id": one.step.id,
            "result": one.result,
            "unit_id": one.ticket.unit_id,
            "reach_by": one.reach_by,
            "detail": _detail(one),
        }
        for one in fired
    ]
    session.execute(_RESULTS, {"now": now, "rows": as_json(rows)})


# Of many at once, by two columns side by side.
_REACH_BY = text(
    """
    update planned_step s set reach_by = r.by
    from unnest(cast(:step_ids as bigint[]), cast(:until as timestamptz[])) as r(step_id, by) where s.id = r.step_id
    """
)


def set_reach_by(session: Session, until: Mapping[int, datetime | None]) -> None:
    """By when each of these steps should have reached somebody; None: nothing is awaited any more."""
    if until:
        session.execute(_REACH_BY, {"step_ids": [*until], "until": [*until.values()]})


def _detail(one: Fired) -> dict[str, Any]:
    sends_later = one.send_at is not None and bool(one.channels)
    return {**one.detail, **({"send_at": one.send_at.isoformat()} if sends_later and one.send_at else {})}


def _record_recipients(session: Session, fired: Sequence[Fired], *, now: datetime) -> dict[tuple[int, int], str]:
    known = known_codes(session, [one.step.id for one in fired if one.was_told])
    told = [(one, person) for one in fired if one.step.is_level and not one.was_told for person in one.told]
    if not told:
        return known
    codes = new_codes(session, [(one.step.id, person.person.staff_id) for one, person in told])
    rows = [
        {
            "step_id": one.step.id,
            "staff_id": who.person.staff_id,
            "post_id": who.post_id,
            "capacity": who.capacity,
            "told_at": now,
            "reply_code": codes[(one.step.id, who.person.staff_id)],
        }
        for one, who in told
    ]
    add_recipients(session, rows)
    return known | codes


def _levels(fired: Sequence[Fired]) -> dict[int, int]:
    levels: dict[int, int] = {}
    for one in fired:
        if one.step.is_level and one.result is not StepResult.VOID:
            levels[one.ticket.id] = max(levels.get(one.ticket.id, 0), one.step.rank)
    return levels


def _let_recipients_see(session: Session, fired: Sequence[Fired], *, now: datetime) -> None:
    """Restricted tickets are seen by named people only; whoever is told of one becomes one of them."""
    named = [(one.ticket.id, who.person.staff_id) for one in fired if one.ticket.is_restricted for who in one.told]
    name_people(session, named, reason="escalation", now=now)


def _entries(fired: Sequence[Fired], *, now: datetime) -> list[dict[str, Any]]:
    return [_entry(one, now=now) for one in fired if one.result is not StepResult.VOID]


def _entry(one: Fired, *, now: datetime) -> dict[str, Any]:
    """The citizen may read of a level that was told to somebody, once it has reached them (`reached_levels`)."""
    kind = TimelineKind.ESCALATED if one.step.is_level else TimelineKind.WARNED
    is_public = one.step.is_level and one.result in (StepResult.NOTIFIED, StepResult.MERGED)
    rank = {"level": one.step.rank} if one.step.is_level else {"share": one.step.rank}
    params = {"step_id": one.step.id, "clock": one.step.clock.value, "result": one.result.value, **rank}
    return timeline.entry(one.ticket.id, kind, actor=SYSTEM, is_public=is_public, params=params, now=now)


def _audit_rows(fired: Sequence[Fired]) -> list[dict[str, Any]]:
    return [
        {
            "action": "escalation.fired" if one.step.is_level else "escalation.warned",
            "subject_kind": "planned_step",
            "subject_id": one.step.id,
            "ticket_id": one.ticket.id,
            "params": {
                "clock": one.step.clock.value,
                "rank": one.step.rank,
                "result": one.result.value,
                "planned_at": one.step.planned_at.isoformat(),
                "due_at": one.step.planned_for_due_at.isoformat(),
                "told": [who.person.staff_id for who in one.everybody],
            },
        }
        for one in fired
    ]
