"""What a citizen's later words change: danger makes it an emergency, an accusation takes it from the accused.

A person who has read it may find that it accuses nobody: then it goes where it belongs.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.city import day_of
from tickets.errors import InvalidInput
from tickets.matter import MatterReading, read_matter
from tickets.matter.kept import words_in_force
from tickets.people.actor import SYSTEM, Actor
from tickets.promises import day_totals, duplicate_clocks, retargeting
from tickets.routing.decision import SUSPECTED, PlaceFact, RoutingFacts, RoutingReason
from tickets.routing.receiving import receive
from tickets.routing.rules import Rules, load_rules
from tickets.schema import Ticket
from tickets.states import UNFINISHED, PlaceOutcome, Priority, QueueKind, ReadField, TimelineKind
from tickets.work import named_people
from tickets.work.assignment import change_priority, hop, reason_given
from tickets.work.corrections import note_correction
from tickets.work.duplicate_links import RESTRICTED, leave_group
from tickets.work.judged_at import judged_at
from tickets.work.owing_unit import require_not_accused
from tickets.work.ticket import lock_ticket, record

# The reason of a ticket that somebody who read it restricts.
ACCUSED = "officials_accused"


def heed_words(session: Session, ticket: Ticket, said: str, *, now: datetime) -> None:
    """Read what a citizen added to a locked ticket; what nobody has to be kept from stays where it is."""
    read = read_matter(said, words_in_force(session))
    if ticket.status not in UNFINISHED:
        return
    accuses = read.may_accuse and not ticket.is_restricted and not read.is_danger
    if accuses or (read.may_be_danger and duplicate_clocks.is_duplicate(ticket)):
        # Danger is looked after by itself, and an accusation is kept from everybody the others are shown to.
        leave_group(session, ticket, cause=RESTRICTED if accuses else "danger", now=now)
    if read.is_danger and ticket.priority is not Priority.EMERGENCY:
        _raise_alarm(session, ticket, read, now=now)
    elif read.may_be_danger and not ticket.is_doubted and ticket.priority is not Priority.EMERGENCY:
        _note_doubt(session, ticket, read, now=now)
    if accuses:
        words = ", ".join(read.about_officials.because)
        restrict(session, ticket, SUSPECTED, read.about_officials.told, why=words, now=now)


def lift_suspicion(session: Session, ticket_id: int, *, reason: str, actor: Actor, now: datetime) -> Ticket:
    """It accuses no official after all: send it where it belongs, seen by all who work there.

    Raises InvalidInput without a reason, and for a ticket that is restricted for more than its words; AboutItself for
    anybody of the body that it may accuse.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if not is_suspected(ticket):
        raise InvalidInput("ticket", "not_suspected")
    decision = receive(_facts(ticket), _rules(session, now).routing)
    if decision.is_restricted:
        raise InvalidInput("ticket", "not_suspected")
    require_not_accused(session, ticket, what="clear", actor=actor, now=now)
    why = reason_given(reason)
    note_correction(session, ticket, ReadField.CONDUCT, guessed="yes", correct="no", actor=actor, now=now)
    ticket.is_restricted, ticket.about_unit_id, ticket.category_id = False, None, decision.category_id
    ticket.routing_reasons = [r.as_json() for r in decision.reasons]
    day_totals.forget_ticket(session, ticket.id, now=now)
    record(session, ticket, "ticket.cleared", actor=actor, params={"reason": why}, now=now)
    session.flush()
    if decision.queue_id == ticket.queue_id:
        return ticket
    return hop(session, ticket_id, decision.queue_id, cause="misroute", reason=why, actor=actor, now=now)


def is_suspected(ticket: Ticket) -> bool:
    """Whether the words alone restrict it, as they were read by us or by somebody who works here."""
    return ticket.is_restricted and any(r["code"] in (SUSPECTED, ACCUSED) for r in ticket.routing_reasons)


def _facts(ticket: Ticket) -> RoutingFacts:
    place = PlaceFact()
    if ticket.place_unit_id is not None:
        place = PlaceFact(PlaceOutcome.UNIQUE, (ticket.place_unit_id,), ticket.place_text)
    return RoutingFacts(
        said=f"{ticket.subject}\n{ticket.body}",
        is_cleared=True,
        emergency=ticket.priority is Priority.EMERGENCY,
        procedure_id=ticket.procedure_id,
        place=place,
    )


def _note_doubt(session: Session, ticket: Ticket, read: MatterReading, *, now: datetime) -> None:
    """Somebody may be in danger: a person looks as soon as at one that was told so at first."""
    _call_in_the_desk(session, ticket, now=now)
    ticket.is_doubted = True
    _tell_reason(session, ticket, RoutingReason("danger_doubtful", read.danger.told), now=now)
    if ticket.priority is Priority.NORMAL:
        words = ", ".join(read.danger.because)
        change_priority(session, ticket.id, priority=Priority.URGENT, reason=words, actor=SYSTEM, now=now)
    else:
        retargeting.retarget(session, ticket, cause="priority", actor=SYSTEM, now=now)


def _call_in_the_desk(session: Session, ticket: Ticket, *, now: datetime) -> None:
    rules = _rules(session, now)
    if ticket.coordinating_unit_id is None and ticket.unit_id != rules.routing.operations_unit_id:
        ticket.coordinating_unit_id = rules.routing.operations_unit_id


def _raise_alarm(session: Session, ticket: Ticket, read: MatterReading, *, now: datetime) -> None:
    words = ", ".join(read.danger.because)
    _call_in_the_desk(session, ticket, now=now)
    ticket.is_doubted = False
    _tell_reason(session, ticket, RoutingReason("emergency_words", read.danger.told), now=now)
    change_priority(session, ticket.id, priority=Priority.EMERGENCY, reason=words, actor=SYSTEM, now=now)


def restrict(session: Session, ticket: Ticket, code: str, told: Mapping[str, str], *, why: str, now: datetime) -> None:
    """The City Office alone reads on; whoever had it may be the accused, and sees it no more.

    `code` and what it is told with is the reason that stands with the ticket, `why` that of the transfer.
    """
    rules = _rules(session, now).routing
    about = ticket.unit_id if ticket.unit_id != rules.operations_unit_id else ticket.place_unit_id
    judge = rules.judge_of(about)
    queue_id = rules.queues.get((judge, QueueKind.CONDUCT))
    if queue_id is None or queue_id == ticket.queue_id:
        return
    ticket.is_restricted, ticket.about_unit_id, ticket.coordinating_unit_id = True, about, None
    day_totals.forget_ticket(session, ticket.id, now=now)
    _tell_reason(session, ticket, RoutingReason(code, told), now=now)
    hop(session, ticket.id, queue_id, cause="transfer", reason=why, actor=SYSTEM, now=now)
    named_people.name_heads(session, ticket.id, unit_id=None, office_id=judge, now=now)


def _tell_reason(session: Session, ticket: Ticket, reason: RoutingReason, *, now: datetime) -> None:
    ticket.routing_reasons = [*ticket.routing_reasons, reason.as_json()]
    params = {"unit_id": ticket.unit_id, "reasons": [reason.as_json()]}
    timeline.add(session, ticket.id, TimelineKind.ROUTED, actor=SYSTEM, is_public=False, params=params, now=now)
    record(session, ticket, "ticket.read_anew", actor=SYSTEM, params={"code": reason.code}, now=now)
    session.flush()


def _rules(session: Session, now: datetime) -> Rules:
    return load_rules(session, on=day_of(now))
