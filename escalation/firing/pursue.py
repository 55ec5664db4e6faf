"""Going on where a level has reached nobody in time (A3): the person's next way, then the next person, up the chain.

A level is not told because a message about it was written: it is told when one was delivered, read or answered.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from escalation.firing.due import DueStep, DueTicket, fired_tickets, standing_for
from escalation.firing.record import set_reach_by, tell
from escalation.firing.telling import (
    Fired,
    beside_each_other,
    call_again,
    levels_of,
    tell_otherwise,
    tell_person,
    ways_of,
)
from escalation.firing.verdict import stands
from tickets.audit import entries
from tickets.directory.standing import ContactWay, Reachable, Standing, sharing_the_shift
from tickets.people.actor import SYSTEM
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.promises.plan import Reaching
from tickets.queries.reached_levels import HeardBy, heard_by
from tickets.schema import EscalationAttempt, PlannedStep, StepRecipient, Ticket
from tickets.states import AttemptState, NotHeard, OutboundChannel, StepKind, StepResult

STEPS_PER_LOOK = 100
# What nobody followed for so long is history: after a long silence of ours only what is recent is worth a call.
_WORTH_FOLLOWING = timedelta(hours=24)
_FOR_GOOD = EscalationAttempt.state.in_((AttemptState.FAILED, AttemptState.SUPPRESSED)) & EscalationAttempt.why.not_in(
    list(NotHeard)
)


def pursue(
    session: Session,
    *,
    now: datetime,
    batch: int = STEPS_PER_LOOK,
    leave_out: Collection[int] = (),
    only: Collection[int] | None = None,
) -> int:
    """Tell the next person of up to `batch` levels that reached nobody in time; how many levels were looked at.

    In the transaction the caller opens and commits; tickets that somebody else holds are looked at the next time.
    `leave_out` and `only` name tickets, as they do for a tick.
    """
    waiting = _claim(session, now=now, batch=batch, leave_out=leave_out, only=only)
    if not waiting:
        return 0
    book = load_rulebook(session)
    tickets = fired_tickets(session, sorted(set(waiting.values())), waiting, book=book, now=now)
    heard = heard_by(session, waiting)
    open_levels = [(t, s) for t in tickets for s in t.steps if stands(s) and (t.is_emergency or s.id not in heard)]
    standing = standing_for(session, [ticket for ticket, _ in open_levels], book, now=now)
    covered = _covered(session, open_levels)
    orders = {s.id: _in_order(t, s, standing, book, covered[s.id]) for t, s in open_levels}
    unreached = [(t, s) for t, s in open_levels if not _is_known(t, heard.get(s.id), orders[s.id])]
    tried = _tried(session, [step.id for _, step in unreached])
    further = [_next(ticket, step, tried[step.id], orders[step.id], book, now=now) for ticket, step in unreached]
    # Before the messages are written: one that cannot leave, to a phone that opted out, is followed at once.
    set_reach_by(session, {**dict.fromkeys(waiting), **{one.step.id: one.reach_by for one in further}})
    tell(session, further, now=now)
    entries.record_all(session, [_audit_row(one) for one in further], actor=SYSTEM, now=now)
    return len(waiting)


def search_again(session: Session, step_id: int, *, now: datetime) -> None:
    """Whoever had this level in hand has it no more: the next look goes on from where the search had ended.

    What a list tells was searched for by nobody. Whether somebody else knows of it is judged by that look.
    """
    told_by_itself = PlannedStep.detail["in"].astext.is_(None)
    searched = select(PlannedStep.id).where(
        PlannedStep.id == step_id, PlannedStep.result == StepResult.NOTIFIED, told_by_itself
    )
    set_reach_by(session, dict.fromkeys(session.scalars(searched), now))


def unreached_tickets(
    session: Session, *, now: datetime, leave_out: Collection[int] = (), batch: int = STEPS_PER_LOOK
) -> Sequence[int]:
    """The tickets of what would be looked at, without taking any of it."""
    late = session.execute(_late(now=now, batch=batch, leave_out=leave_out, only=None))
    return list(dict.fromkeys(ticket_id for _, ticket_id, _ in late))


def _late(
    *, now: datetime, batch: int, leave_out: Collection[int], only: Collection[int] | None
) -> Select[int, int, datetime | None]:
    late = select(PlannedStep.id, PlannedStep.ticket_id, PlannedStep.reach_by).where(
        PlannedStep.reach_by.is_not(None), PlannedStep.reach_by <= now
    )
    if leave_out:
        late = late.where(PlannedStep.ticket_id.not_in(leave_out))
    if only is not None:
        late = late.where(PlannedStep.ticket_id.in_(only))
    return late.order_by(PlannedStep.reach_by).limit(batch)


def _claim(
    session: Session, *, now: datetime, batch: int, leave_out: Collection[int], only: Collection[int] | None
) -> dict[int, int]:
    """Levels whose time to reach somebody is over, by id, with their tickets, which are locked."""
    late = session.execute(_late(now=now, batch=batch, leave_out=leave_out, only=only)).all()
    locked = set(
        session.scalars(
            select(Ticket.id)
            .where(Ticket.id.in_({ticket_id for _, ticket_id, _ in late}))
            .with_for_update(of=Ticket, key_share=True, skip_locked=True)
        )
        if late
        else ()
    )
    old = [step_id for step_id, _, by in late if by is not None and by < now - _WORTH_FOLLOWING]
    set_reach_by(session, dict.fromkeys(old))
    mine = select(PlannedStep.id, PlannedStep.ticket_id).where(
        # Looked at anew under the lock: another scheduler may have gone on meanwhile.
        PlannedStep.id.in_([step_id for step_id, ticket_id, _ in late if ticket_id in locked]),
        PlannedStep.reach_by <= now,
    )
    return {step_id: ticket_id for step_id, ticket_id in session.execute(mine)}


def _is_known(ticket: DueTicket, heard: HeardBy | None, order: Sequence[tuple[Reachable, int]]) -> bool:
    """Whether somebody has answered or heard of it; of an emergency, somebody who has not left the post since (A4)."""
    if heard is None:
        return False
    if heard.is_answered or not ticket.is_emergency:
        return True
    return bool(heard.staff_ids & {who.person.staff_id for who, _ in order})


def _covered(session: Session, levels: Sequence[tuple[DueTicket, DueStep]]) -> defaultdict[int, set[int]]:
    """By level, those below that came with it and told nobody, because this one was to."""
    by_step = PlannedStep.detail["by_step"].as_integer()
    rows = session.execute(
        select(by_step, PlannedStep.rank).where(
            PlannedStep.ticket_id.in_({ticket.id for ticket, _ in levels}),
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.result == StepResult.SUPERSEDED,
            by_step.in_([step.id for _, step in levels]),
        )
    )
    found = defaultdict[int, set[int]](set)
    for step_id, rank in rows:
        found[step_id].add(rank)
    return found


def _in_order(
    ticket: DueTicket, step: DueStep, standing: Standing, book: PromiseRulebook, covered: Collection[int]
) -> list[tuple[Reachable, int]]:
    """Its own people and those above; then, so that a level does not silence others for nothing, those it covered."""
    levels = levels_of(step, book)
    upwards = list(standing.in_order(levels, step.rank, ticket.concern))
    return [*upwards, *standing.covered_below(levels, covered, ticket.concern)]


@dataclass(slots=True)
class _Tried:
    """By which ways a person was tried about a level, how often called, and since when they are."""

    ways: set[OutboundChannel] = field(default_factory=set)
    calls: int = 0
    called_since: datetime | None = None
    # There is no telephone to ring, or nobody to ring it by.
    is_deaf: bool = False


def _tried(session: Session, step_ids: Sequence[int]) -> defaultdict[int, dict[int, _Tried]]:
    """By level, whoever was told in that order, with what was tried."""
    tried = defaultdict[int, dict[int, _Tried]](dict)
    attempt = EscalationAttempt
    rows = session.execute(
        select(
            StepRecipient.step_id, StepRecipient.staff_id, attempt.method, func.count(attempt.outbound_id.distinct()),
            func.min(attempt.not_before), func.bool_or(_FOR_GOOD),
        )
        .outerjoin(
            attempt,
            (attempt.step_id == StepRecipient.step_id)
            & (attempt.staff_id == StepRecipient.staff_id)
            & attempt.outbound_id.is_not(None),
        )
        .where(StepRecipient.step_id.in_(step_ids))
        .group_by(StepRecipient.id, attempt.method)
        .order_by(StepRecipient.id)
    )  # fmt: skip
    for step_id, staff_id, method, times, since, for_good in rows:
        of_person = tried[step_id].setdefault(staff_id, _Tried())
        if method is not None:
            of_person.ways.add(method)
        if method is OutboundChannel.VOICE:
            of_person.calls, of_person.called_since, of_person.is_deaf = times, since, for_good
    return tried


def _next(
    ticket: DueTicket,
    step: DueStep,
    tried: Mapping[int, _Tried],
    order: Sequence[tuple[Reachable, int]],
    book: PromiseRulebook,
    *,
    now: datetime,
) -> Fired:
    """The next call or way of whoever was told last, else the next who has not been told.

    Whoever shares a shift was told at once with the others, and each is tried further. In an emergency whoever did not
    take a call is called once more after all have been tried. Without anybody left, or from then on, administrators
    hear of it.
    """
    rule = book.reaching[ticket.priority]
    again = []
    for who, at_level in _told_last(order, tried):
        before = tell_person(ticket, step, who, at_level, book=book, now=now)
        ways = ways_of(ticket, step, who, at=before.send_at or now)
        further = _further(before, ways, tried[who.person.staff_id], rule, now=now)
        if further is not None:
            again.append(further)
    if again:
        return beside_each_other(again)
    found = next(((one, level) for one, level in order if one.person.staff_id not in tried), None)
    if found is None:
        nobody = Fired(ticket, step, StepResult.NOBODY, detail={"unreached": True})
        return (ticket.is_emergency and _all_over_again(ticket, step, tried, order, book, now=now)) or nobody
    told = tell_person(ticket, step, *found, book=book, now=now)
    return replace(told, detail={**told.detail, "unreached": True}) if told.detail else told


def _further(
    before: Fired, ways: Sequence[ContactWay], tried: _Tried, rule: Reaching, *, now: datetime
) -> Fired | None:
    """Another call while there is time for it, else the person's next way."""
    voice = next((way for way in ways if way.kind is OutboundChannel.VOICE), None)
    if voice is not None and tried.called_since is not None and before.given is not None:
        at, until = max(now, before.send_at or now) + rule.call_pause, tried.called_since + before.given
        if tried.calls < rule.most_calls and at < until and not tried.is_deaf:
            return call_again(before, voice, at=at, until=until, calls_before=tried.calls)
    further = next((way for way in ways if way.kind not in tried.ways), None)
    return tell_otherwise(before, further) if further is not None else None


def _all_over_again(
    ticket: DueTicket,
    step: DueStep,
    tried: Mapping[int, _Tried],
    order: Sequence[tuple[Reachable, int]],
    book: PromiseRulebook,
    *,
    now: datetime,
) -> Fired | None:
    """Call whoever was called least often, the first of these; None when everybody was called often enough."""
    rule = book.reaching[ticket.priority]
    for who, at_level in sorted(order, key=lambda one: tried[one[0].person.staff_id].calls):
        before = tell_person(ticket, step, who, at_level, book=book, now=now)
        ways = ways_of(ticket, step, who, at=before.send_at or now)
        voice = next((way for way in ways if way.kind is OutboundChannel.VOICE), None)
        calls, is_deaf = tried[who.person.staff_id].calls, tried[who.person.staff_id].is_deaf
        if voice is None or is_deaf or calls >= rule.most_calls or before.given is None:
            continue
        at = max(now, before.send_at or now) + rule.call_pause
        told = call_again(before, voice, at=at, until=at + before.given, calls_before=calls)
        return replace(told, detail={"unreached": True})
    return None


def _told_last(order: Sequence[tuple[Reachable, int]], tried: Mapping[int, _Tried]) -> list[tuple[Reachable, int]]:
    """Whoever was told last, with those who share their shift and were told with them."""
    last = list(tried)[-1] if tried else None
    mine = next((pair for pair in order if pair[0].person.staff_id == last), None)
    if mine is None:
        return []
    told = [who for who, level in order if who.person.staff_id in tried and level == mine[1]]
    together = sharing_the_shift([mine[0], *told])
    return [(who, mine[1]) for who in {one.person.staff_id: one for one in together}.values()]


def _audit_row(one: Fired) -> dict[str, object]:
    return {
        "action": "escalation.pursued",
        "subject_kind": "planned_step",
        "subject_id": one.step.id,
        "ticket_id": one.ticket.id,
        "params": {
            "clock": one.step.clock.value,
            "rank": one.step.rank,
            "result": one.result.value,
            "told": [who.person.staff_id for who in one.everybody],
            "kinds": list(one.channels),
        },
    }
