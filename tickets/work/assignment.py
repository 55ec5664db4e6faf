"""Who works on a ticket and where it waits: claim, release, assign, transfer, return, corrections."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.city import day_of
from tickets.directory.going_live import receives
from tickets.errors import AlreadyAssigned, InvalidInput, NotAllowed, NotFound, TransitionNotAllowed
from tickets.outbox import praise_news
from tickets.people.actor import SYSTEM, Actor
from tickets.people.roles import Right, load_viewer, may
from tickets.promises import duplicate_clocks, ledger, next_list, retargeting, standing_levels
from tickets.routing.rule_rows import WARD_KINDS
from tickets.schema import Category, Misroute, Queue, QueueHop, Ticket, Unit
from tickets.schema.rows import Change
from tickets.states import (
    UNFINISHED,
    ActorKind,
    Level,
    PlaceOutcome,
    Priority,
    QueueKind,
    ReadField,
    TicketStatus,
    TimelineKind,
)
from tickets.work.appeal_rows import require_another_person
from tickets.work.corrections import note_correction
from tickets.work.dispute_rows import open_dispute, require_undisputed
from tickets.work.judged_at import judged_at
from tickets.work.owing_unit import not_eased, require_another, require_free_to_move
from tickets.work.ticket import lock_ticket, move, record

MAX_REASON = 1000
_URGENCY = (Priority.NORMAL, Priority.URGENT, Priority.EMERGENCY)
# Why it became urgent, where nobody typed a reason: a level of its chain did it.
BY_LEVEL = "level"
# Why its priority is another or few may read it: a person has read it, and the machine had read it otherwise.
BY_READING = "reading_corrected"
# Why it went to another unit, likewise: the place had been understood wrongly.
BY_PLACE = "place_corrected"
# The same of a body that has gone live: until then the city's desk worked it.
BY_GOING_LIVE = "unit_went_live"
# The same of what was left open by a body that has ended.
BY_UNIT_ENDED = "unit_ended"
_CODES = (BY_PLACE, BY_READING, BY_GOING_LIVE, BY_UNIT_ENDED)
# Why a ticket went where the arbiter sent it; a further hop opens no dispute then.
ARBITER = "arbiter"
# From this hop on, units pass a matter around instead of answering: an arbiter decides (R8).
DISPUTED_FROM_HOP = 3
_CORRECT_HOP = """
    update queue_hop set queue_id = :queue_id where ticket_id = :ticket_id and number = :hop_number
"""


def claim(session: Session, ticket_id: int, *, actor: Actor, now: datetime) -> Ticket:
    """Take a ticket; claiming one's own again changes nothing. Raises AlreadyAssigned when a colleague has it."""
    staff_id = _staff_id(actor)
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    _require_unfinished(ticket)
    if ticket.assignee_id == staff_id:
        return ticket
    if ticket.assignee_id is not None:
        raise AlreadyAssigned(ticket.reference, ticket.assignee_id)
    return _give(session, ticket, staff_id, TimelineKind.CLAIMED, actor=actor, now=now)


def assign(session: Session, ticket_id: int, *, staff_id: int, actor: Actor, now: datetime) -> Ticket:
    """Give a ticket to a person who works at its unit or for the whole city, whoever had it before."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    _require_unfinished(ticket)
    if ticket.assignee_id == staff_id:
        return ticket
    _require_works_there(session, ticket, staff_id, now=now)
    return _give(session, ticket, staff_id, TimelineKind.ASSIGNED, actor=actor, now=now)


def release(session: Session, ticket_id: int, *, actor: Actor, now: datetime) -> Ticket:
    """Put a ticket back into its queue for a colleague; its unit has accepted it all the same."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    _require_unfinished(ticket)
    if ticket.assignee_id is None:
        return ticket
    ledger.note_broken(session, ticket, now=now)
    before, ticket.assignee_id, ticket.updated_at = ticket.assignee_id, None, now
    params = {"from_staff_id": before, "to_staff_id": None}
    timeline.add(session, ticket.id, TimelineKind.ASSIGNED, actor=actor, is_public=False, params=params, now=now)
    record(session, ticket, "ticket.released", actor=actor, params=params, now=now)
    session.flush()
    return ticket


def transfer(session: Session, ticket_id: int, *, queue_id: int, reason: str, actor: Actor, now: datetime) -> Ticket:
    """Send a ticket to another queue: the promise to the citizen goes on, the receiver has its own time to accept (R8).

    Raises InvalidInput without a reason or for a queue that receives nothing, NotAllowed for the unit it is about.
    """
    return hop(session, ticket_id, queue_id, cause="transfer", reason=reason, actor=actor, now=now)


def correct_route(
    session: Session, ticket_id: int, *, queue_id: int, reason: str, actor: Actor, now: datetime
) -> Ticket:
    """A transfer because routing was wrong: kept as a misroute, counted against routing and not the unit."""
    return hop(session, ticket_id, queue_id, cause="misroute", reason=reason, actor=actor, now=now)


def follow_place(session: Session, ticket_id: int, *, queue_id: int, actor: Actor, now: datetime) -> Ticket:
    """A misroute too, seen when the place was corrected. Why is a code: everybody reads it in their own language."""
    return hop(session, ticket_id, queue_id, cause="misroute", reason=BY_PLACE, actor=actor, now=now)


def return_ticket(session: Session, ticket_id: int, *, reason: str, actor: Actor, now: datetime) -> Ticket:
    """Send a ticket back to the queue it came from. Raises InvalidInput when it came from none."""
    came_from = session.scalar(
        select(QueueHop.queue_id)
        .where(QueueHop.ticket_id == ticket_id, QueueHop.left_at.is_not(None))
        .order_by(QueueHop.number.desc())
        .limit(1)
    )
    if came_from is None:
        raise InvalidInput("queue", "came_from_no_other")
    return hop(session, ticket_id, came_from, cause="return", reason=reason, actor=actor, now=now)


def change_priority(
    session: Session, ticket_id: int, *, priority: Priority, reason: str, actor: Actor, now: datetime
) -> Ticket:
    """Another priority: the due dates follow from what was consumed so far (R7).

    Raises OwingUnitAlone for a lower one once a warning is out.
    """
    why = {"reason": reason_given(reason)}
    return _set_priority(session, ticket_id, priority=priority, why=why, actor=actor, now=now)


def raise_by_level(session: Session, ticket_id: int, *, level: int, now: datetime) -> Ticket:
    """A level of its chain makes it urgent. Why is a code: the trail says it in the language of whoever reads."""
    why = {"reason": BY_LEVEL, "level": str(level)}
    return _set_priority(session, ticket_id, priority=Priority.URGENT, why=why, actor=SYSTEM, now=now)


def follow_reading(session: Session, ticket_id: int, *, priority: Priority, actor: Actor, now: datetime) -> Ticket:
    """Somebody has read whether there is danger. Why is a code, as of a level; raises as another priority does."""
    return _set_priority(session, ticket_id, priority=priority, why={"reason": BY_READING}, actor=actor, now=now)


def set_praise(session: Session, ticket: Ticket, *, is_praise: bool, actor: Actor, now: datetime) -> Ticket:
    """Praise is promised nothing; what is none has the promises of its kind. Raises as another kind does."""
    require_free_to_move(session, ticket, what="category", actor=actor, now=now)
    params = {"field": "praise", "from": str(ticket.is_praise).lower(), "to": str(is_praise).lower()}
    ticket.is_praise = is_praise
    praise_news.pass_on(session, ticket, now=now)
    return _changed(session, ticket, params, is_promise=True, actor=actor, now=now)


def _set_priority(
    session: Session, ticket_id: int, *, priority: Priority, why: dict[str, str], actor: Actor, now: datetime
) -> Ticket:
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    _require_unfinished(ticket)
    if ticket.priority is priority:
        return ticket
    if _URGENCY.index(priority) < _URGENCY.index(ticket.priority):
        require_another(session, ticket, what="priority", actor=actor, now=now)
    params = {"field": "priority", "from": ticket.priority.value, "to": priority.value, **why}
    ticket.priority = priority
    _changed(session, ticket, params, is_promise=True, actor=actor, now=now)
    standing_levels.refresh(session, [ticket.id])
    if priority is Priority.EMERGENCY:
        next_list.hurry(session, ticket.id, now=now)
    return ticket


def change_category(session: Session, ticket_id: int, *, category_code: str, actor: Actor, now: datetime) -> Ticket:
    """Another kind of matter, with the promises it has.

    Raises InvalidInput for a matter of conduct: who may read that is for routing to decide, not for a label;
    AboutItself for the accused, OwingUnitAlone for the owing unit once a warning is out.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    _require_unfinished(ticket)
    category = session.scalars(
        select(Category).where(Category.code == category_code, Category.retired_at.is_(None))
    ).one_or_none()
    if category is None:
        raise InvalidInput("category", "no_such_category")
    if category.conduct:
        raise InvalidInput("category", "conduct_needs_routing")
    if ticket.category_id == category.id:
        return ticket
    require_free_to_move(session, ticket, what="category", actor=actor, now=now)
    before = session.get(Category, ticket.category_id) if ticket.category_id else None
    params = {"field": "category", "from": before.code if before else "", "to": category.code}
    note_correction(
        session, ticket, ReadField.CATEGORY, guessed=params["from"], correct=category.code, actor=actor, now=now
    )
    ticket.category_id = category.id
    return _changed(session, ticket, params, is_promise=True, actor=actor, now=now)


def correct_place(session: Session, ticket_id: int, *, unit_id: int, actor: Actor, now: datetime) -> Ticket:
    """Say where the matter is; the ticket stays in its queue until it is transferred. Raises as another kind does."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound("unit", unit_id)
    require_free_to_move(session, ticket, what="place", actor=actor, now=now)
    before = session.get(Unit, ticket.place_unit_id) if ticket.place_unit_id else None
    codes = [(known.code or "") if known is not None else "" for known in (before, unit)]
    note_correction(session, ticket, ReadField.PLACE, guessed=codes[0], correct=codes[1], actor=actor, now=now)
    ticket.place_unit_id, ticket.place_outcome = unit.id, PlaceOutcome.UNIQUE
    kept = {k: v for k, v in ticket.place_detail.items() if k != "question"}
    ticket.place_detail = {**kept, "by": _staff_id(actor)}
    params = {"field": "place", "from": before.name if before else "", "to": unit.name}
    return _changed(session, ticket, params, is_promise=False, actor=actor, now=now)


def _give(
    session: Session, ticket: Ticket, staff_id: int, kind: TimelineKind, *, actor: Actor, now: datetime
) -> Ticket:
    require_another_person(session, ticket.id, staff_id)
    ledger.note_broken(session, ticket, now=now)
    params = {"from_staff_id": ticket.assignee_id, "to_staff_id": staff_id}
    ticket.assignee_id, ticket.updated_at = staff_id, now
    timeline.add(session, ticket.id, kind, actor=actor, is_public=False, params=params, now=now)
    record(session, ticket, f"ticket.{kind.value}", actor=actor, params=params, now=now)
    if ticket.status is TicketStatus.NEW:
        move(session, ticket, to=TicketStatus.OPEN, actor=actor, now=now)
    session.flush()
    return ticket


def hop(
    session: Session, ticket_id: int, queue_id: int, *, cause: str, reason: str, actor: Actor, now: datetime
) -> Ticket:
    """To another queue for one of the causes above, which say what is told of it."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    _require_unfinished(ticket)
    if duplicate_clocks.is_duplicate(ticket):
        raise InvalidInput("ticket", "is_duplicate")
    why = reason_given(reason)
    queue = session.get(Queue, queue_id)
    unit = session.get(Unit, queue.unit_id) if queue is not None else None
    if queue is None or unit is None or unit.valid_to is not None or queue_id == ticket.queue_id:
        raise InvalidInput("queue", "no_such_queue")
    if not receives(session, unit, on=day_of(now)):
        raise InvalidInput("queue", "unit_not_live")
    # A unit must not read what is said about it, whoever sends it there.
    if ticket.about_unit_id == unit.id and queue.kind is not QueueKind.CONDUCT:
        raise NotAllowed("transfer_to_whom_it_is_about")
    if cause != ARBITER:
        require_undisputed(session, ticket, actor=actor, now=now)
    require_free_to_move(session, ticket, what="transfer", actor=actor, now=now)
    visited = set(session.scalars(select(QueueHop.queue_id).where(QueueHop.ticket_id == ticket.id)))
    from_queue, from_unit = ticket.queue_id, ticket.unit_id
    with not_eased(session, ticket, what="transfer", actor=actor, now=now):
        _write_hop(session, ticket, queue_id, cause=cause, now=now)
        _give_away(session, ticket, queue_id=queue_id, unit=unit, actor=actor, now=now)
    is_disputed = cause != ARBITER and (queue_id in visited or ticket.hop_count >= DISPUTED_FROM_HOP)
    params = {
        "from_queue_id": from_queue, "to_queue_id": queue_id, "from_unit_id": from_unit, "to_unit_id": unit.id,
        "unit": unit.name, "unit_en": unit.name_en, "cause": cause, "is_disputed": is_disputed,
    }  # fmt: skip
    kind = TimelineKind.RETURNED if cause == "return" else TimelineKind.TRANSFERRED
    timeline.add(session, ticket.id, kind, actor=actor, is_public=True, params=params, now=now)
    body, own = ("", {"reason": why}) if why in _CODES else (why, {})
    timeline.add(session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=body, params=own, now=now)
    record(session, ticket, f"ticket.{kind.value}", actor=actor, params=params, now=now)
    if cause == "misroute":
        session.add(
            Misroute(
                ticket_id=ticket.id, from_queue_id=from_queue, to_queue_id=queue_id, cause=why[:200],
                staff_id=actor.staff_id, at=now,
            )
        )  # fmt: skip
    session.flush()
    if ticket.is_praise:
        praise_news.pass_on(session, ticket, now=now)
    if is_disputed and actor.kind is not ActorKind.SYSTEM:
        open_dispute(session, ticket, from_unit_id=from_unit, now=now)
    return ticket


def _give_away(session: Session, ticket: Ticket, *, queue_id: int, unit: Unit, actor: Actor, now: datetime) -> None:
    """The row and its promises follow to the receiver."""
    from_unit = ticket.unit_id
    ledger.note_broken(session, ticket, now=now)
    ticket.queue_id, ticket.unit_id, ticket.assignee_id = queue_id, unit.id, None
    ticket.level = Level.WARD if unit.kind in WARD_KINDS else Level.CITY
    ticket.updated_at = now
    session.flush()
    if ticket.status is not TicketStatus.NEW and ticket.status is not TicketStatus.OPEN:
        # The receiver decides anew what it waits for.
        move(session, ticket, to=TicketStatus.OPEN, actor=actor, now=now)
    ledger.on_hop(session, ticket, from_unit_id=from_unit, now=now)
    retargeting.retarget(session, ticket, cause="transfer", actor=actor, now=now)
    standing_levels.refresh(session, [ticket.id])


def other_queue(ticket: Ticket, queue_id: int) -> Change:
    """The last stay was in that queue from its beginning; a part of one statement that changes several tables."""
    return _CORRECT_HOP, {"queue_id": queue_id, "ticket_id": ticket.id, "hop_number": ticket.hop_count}


def _write_hop(session: Session, ticket: Ticket, queue_id: int, *, cause: str, now: datetime) -> None:
    session.execute(
        update(QueueHop).where(QueueHop.ticket_id == ticket.id, QueueHop.left_at.is_(None)).values(left_at=now)
    )
    ticket.hop_count += 1
    session.add(QueueHop(ticket_id=ticket.id, number=ticket.hop_count, queue_id=queue_id, entered_at=now, cause=cause))


def _changed(
    session: Session, ticket: Ticket, params: dict[str, str], *, is_promise: bool, actor: Actor, now: datetime
) -> Ticket:
    ticket.updated_at = now
    timeline.add(session, ticket.id, TimelineKind.CHANGED, actor=actor, is_public=False, params=params, now=now)
    record(session, ticket, f"ticket.{params['field']}_changed", actor=actor, params=params, now=now)
    session.flush()
    if is_promise:
        with not_eased(session, ticket, what=params["field"], actor=actor, now=now):
            retargeting.retarget(session, ticket, cause=params["field"], actor=actor, now=now)
            session.flush()
    return ticket


def _require_unfinished(ticket: Ticket) -> None:
    if ticket.status not in UNFINISHED:
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.OPEN)


def _require_works_there(session: Session, ticket: Ticket, staff_id: int, *, now: datetime) -> None:
    viewer = load_viewer(session, staff_id, now=now)
    if viewer is None or not may(viewer, Right.WORK, ticket):
        raise InvalidInput("staff", "does_not_work_here")


def reason_given(reason: str) -> str:
    """What was typed as the reason; raises InvalidInput where nothing was."""
    kept = reason.strip()[:MAX_REASON]
    if not kept:
        raise InvalidInput("reason", "required")
    return kept


def _staff_id(actor: Actor) -> int:
    if actor.staff_id is None:
        raise NotAllowed("work")
    return actor.staff_id
