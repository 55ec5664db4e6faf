"""Deciding an appeal: told to the citizen, published with the first ticket, which may have to be done again (R24)."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.schema import Ticket
from tickets.states import PENDING, AppealOutcome, Channel, Disposition, TicketStatus, TimelineKind
from tickets.work.appeal_rows import appeal_of_case, note_decision, require_another_person
from tickets.work.conversation import say, tell_assignee, wake
from tickets.work.judged_at import judged_at
from tickets.work.ticket import lock_ticket, may_move, move, record

# What the first ticket's timeline says of its appeal.
APPEALED, DECIDED = "appealed", "appeal_decided"


def decide(
    session: Session,
    case_id: int,
    *,
    outcome: AppealOutcome,
    decision: str,
    channel: Channel | None = None,
    actor: Actor,
    now: datetime,
) -> Ticket:
    """End an appeal with a decision in words. It is final here: nothing is opened again by "not solved".

    Raises InvalidInput for a ticket that is no appeal or is decided, and without words; NotAllowed for whoever answered
    the first ticket; TransitionNotAllowed while nobody has taken it.
    """
    case = lock_ticket(session, case_id)
    now = judged_at(session, case, now=now)
    appeal = appeal_of_case(session, case_id)
    if appeal is None or appeal.outcome is not None:
        raise InvalidInput("outcome", "no_open_appeal")
    require_another_person(session, case_id, actor.staff_id)
    if not any(letter.isalnum() for letter in decision):
        raise InvalidInput("body", "required")
    if case.status in PENDING:
        wake(session, case, cause="agent", actor=actor, now=now)
    say(session, case, template="appeal_decided", body=decision, channel=channel, actor=actor, now=now)
    note_decision(session, appeal, outcome, staff_id=actor.staff_id, now=now)
    _end(session, case, outcome, actor=actor, now=now)
    _publish(session, appeal.ticket_id, outcome, decision, actor=actor, now=now)
    return case


def _end(session: Session, case: Ticket, outcome: AppealOutcome, *, actor: Actor, now: datetime) -> None:
    case.disposition = Disposition.ANSWERED
    params = {"disposition": Disposition.ANSWERED.value, "outcome": outcome.value}
    timeline.add(session, case.id, TimelineKind.RESOLVED, actor=actor, is_public=True, params=params, now=now)
    record(session, case, "appeal.decided", actor=actor, params={"decision": outcome.value}, now=now)
    move(session, case, to=TicketStatus.RESOLVED, actor=actor, now=now)
    case.reopen_until = now
    session.flush()


def _publish(
    session: Session, ticket_id: int, outcome: AppealOutcome, decision: str, *, actor: Actor, now: datetime
) -> None:
    """The first ticket tells the decision; what has to be done again is open there, with its promise as after R9."""
    ticket = lock_ticket(session, ticket_id)
    params = {"field": "appeal", "what": DECIDED, "outcome": outcome.value}
    timeline.add(
        session, ticket.id, TimelineKind.CHANGED, actor=actor, is_public=True, body=decision, params=params, now=now
    )
    record(session, ticket, "ticket.appeal_decided", actor=actor, params={"decision": outcome.value}, now=now)
    if outcome is AppealOutcome.REDO and may_move(ticket, TicketStatus.OPEN):
        ticket.reopen_count += 1
        again = {"count": ticket.reopen_count, "from": ticket.status.value}
        timeline.add(session, ticket.id, TimelineKind.REOPENED, actor=actor, is_public=True, params=again, now=now)
        record(session, ticket, "ticket.reopened", actor=actor, params=again, now=now)
        move(session, ticket, to=TicketStatus.OPEN, actor=actor, now=now)
    tell_assignee(session, ticket, "appeal_decided", f"appeal-decided:{ticket.id}:{ticket.reopen_count}", now=now)
