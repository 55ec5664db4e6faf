"""What the citizen says after an answer: whichever door it comes by, "not solved" opens the ticket again."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets.matter import MatterReading, MatterRulebook, read_matter
from tickets.matter.kept import words_in_force
from tickets.people.actor import Actor
from tickets.schema import Message, Ticket
from tickets.states import Channel, TicketStatus
from tickets.work import resolution
from tickets.work.conversation import citizen_message
from tickets.work.judged_at import judged_at
from tickets.work.ticket import ANSWERED_OR_ASIDE, lock_ticket


def opens_again(ticket: Ticket, said: str, words: MatterRulebook, *, now: datetime) -> bool:
    """Whether these words take an ended ticket up again, within its window.

    An answered one also when they tell of danger or accuse somebody: nobody reads on where all is answered. Words that
    leave a doubt open nothing: the door they come by asks.
    """
    if ticket.status not in ANSWERED_OR_ASIDE or ticket.reopen_until is None or now > ticket.reopen_until:
        return False
    read = read_matter(said, words)
    says_so = read.says_not_solved and not read.may_be_solved
    return says_so or (ticket.status is TicketStatus.RESOLVED and _needs_somebody(read))


def citizen_says(
    session: Session,
    ticket_id: int,
    *,
    body: str,
    channel: Channel,
    contact_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> Message:
    """Keep what the citizen says on a ticket, opened again first where the words ask for it.

    Raises TransitionNotAllowed on a ticket that is over and stays so, InvalidInput for an empty text and one too long.
    """
    ticket = lock_ticket(session, ticket_id)
    judged = judged_at(session, ticket, now=now)
    if opens_again(ticket, body, words_in_force(session), now=judged):
        resolution.take_up_again(session, ticket, actor=actor, now=judged)
    return citizen_message(
        session, ticket_id, body=body, channel=channel, contact_id=contact_id, arrived_at=now, actor=actor, now=now
    )


def _needs_somebody(read: MatterReading) -> bool:
    return read.is_danger or read.may_accuse
