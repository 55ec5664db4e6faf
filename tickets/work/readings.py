"""What a person who has read a matter says it is, by one key: danger or none, an accusation, another kind of matter."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.errors import InvalidInput, TransitionNotAllowed
from tickets.people.actor import Actor
from tickets.routing.rules import load_rules
from tickets.schema import Category, Ticket
from tickets.states import UNFINISHED, Priority, ReadField, TicketStatus
from tickets.work.assignment import BY_READING, follow_reading, set_praise
from tickets.work.corrections import note_correction
from tickets.work.duplicate_links import RESTRICTED, leave_group
from tickets.work.judged_at import judged_at
from tickets.work.owing_unit import require_not_accused
from tickets.work.suspicion import ACCUSED, restrict
from tickets.work.ticket import lock_ticket, record

YES, NO, DOUBTFUL = "yes", "no", "doubtful"
_DANGER_SAID = {"emergency_words": YES, "danger_doubtful": DOUBTFUL}


def danger_read(ticket: Ticket) -> str:
    """What its words were read as when it came, or a person said since: "yes", "doubtful" or "no"."""
    said = [_DANGER_SAID[r["code"]] for r in ticket.routing_reasons if r["code"] in _DANGER_SAID]
    return said[-1] if said else NO


def say_danger(session: Session, ticket_id: int, *, is_danger: bool, actor: Actor, now: datetime) -> Ticket:
    """Somebody is in danger, or nobody is: the priority follows, and the words that misled are kept.

    Raises OwingUnitAlone for a lower priority once a warning is out.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    guessed, correct = danger_read(ticket), YES if is_danger else NO
    if ticket.status not in UNFINISHED:
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.OPEN)
    # Pressed twice, nothing new is known.
    if is_danger and ticket.priority is Priority.EMERGENCY:
        return ticket
    note_correction(session, ticket, ReadField.DANGER, guessed=guessed, correct=correct, actor=actor, now=now)
    record(session, ticket, "ticket.danger_said", actor=actor, now=now)
    if is_danger:
        _call_in_the_desk(session, ticket, now=now)
    ticket.is_doubted = False
    ticket.routing_reasons = [r for r in ticket.routing_reasons if r["code"] not in _DANGER_SAID]
    priority = Priority.EMERGENCY if is_danger else _usual(session, ticket)
    return follow_reading(session, ticket_id, priority=priority, actor=actor, now=now)


def say_accuses(session: Session, ticket_id: int, *, actor: Actor, now: datetime) -> Ticket:
    """It accuses officials: from now on the City Office alone reads it, whoever found it.

    Raises InvalidInput where it is restricted already, AboutItself for the accused.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if ticket.is_restricted or ticket.status not in UNFINISHED:
        raise InvalidInput("ticket", "restricted_already")
    require_not_accused(session, ticket, what="accuse", actor=actor, now=now)
    note_correction(session, ticket, ReadField.CONDUCT, guessed=NO, correct=YES, actor=actor, now=now)
    leave_group(session, ticket, cause=RESTRICTED, now=now)
    restrict(session, ticket, ACCUSED, {}, why=BY_READING, now=now)
    record(session, ticket, "ticket.accused", actor=actor, now=now)
    session.flush()
    return ticket


def say_praise(session: Session, ticket_id: int, *, is_praise: bool, actor: Actor, now: datetime) -> Ticket:
    """It is praise, to which nothing is promised, or it asks for something after all, and its promises begin.

    Raises OwingUnitAlone where a promise would end for the unit that owes it once a warning is out.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if ticket.is_praise is is_praise or ticket.status not in UNFINISHED:
        return ticket
    said = {True: YES, False: NO}
    note_correction(
        session, ticket, ReadField.PRAISE, guessed=said[ticket.is_praise], correct=said[is_praise], actor=actor, now=now
    )
    return set_praise(session, ticket, is_praise=is_praise, actor=actor, now=now)


def _call_in_the_desk(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """An emergency is followed by the city's desk, as one that was read at once."""
    operations = load_rules(session, on=day_of(now)).routing.operations_unit_id
    if ticket.coordinating_unit_id is None and ticket.unit_id != operations:
        ticket.coordinating_unit_id = operations


def _usual(session: Session, ticket: Ticket) -> Priority:
    """That of its kind of matter; one that is an emergency by its kind stays pressing."""
    category = session.get(Category, ticket.category_id) if ticket.category_id else None
    usual = category.default_priority if category is not None else Priority.NORMAL
    return Priority.URGENT if usual is Priority.EMERGENCY else usual
