"""The same matter reported by several: duplicates are linked to one master, and its answer is everybody's (R10).

They are never melted into it: each citizen keeps their own ticket and reads nothing of the others. Nobody works on a
duplicate; whoever writes on it again is owed an answer there.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.errors import InvalidInput, NotFound, TransitionNotAllowed
from tickets.outbox import posting
from tickets.people.actor import Actor
from tickets.people.phones import parse_phone
from tickets.people.references import read_reference
from tickets.people.roles import Right, Viewer, may, visible_ticket
from tickets.promises import duplicate_clocks
from tickets.promises.duplicate_clocks import is_duplicate
from tickets.schema import Message, Ticket
from tickets.states import PENDING, UNFINISHED, Channel, Disposition, Priority, TicketStatus, TimelineKind
from tickets.work.appeal_rows import appeal_of_case
from tickets.work.assignment import change_priority, reason_given
from tickets.work.conversation import answering_channel, interim, reply, say, say_interim, wake
from tickets.work.duplicate_links import join, part, pass_on, standing
from tickets.work.judged_at import judged_at
from tickets.work.owing_unit import require_free_to_move
from tickets.work.ticket import lock_ticket, move, record

_FROM_MOST_URGENT = list(Priority)


def master_named(session: Session, viewer: Viewer, typed: str) -> Ticket:
    """The ticket with this reference, if this person works on it; what they may not see does not exist for them.

    Raises InvalidInput.
    """
    try:
        master = visible_ticket(session, viewer, read_reference(typed) or "")
    except NotFound as unknown:
        raise InvalidInput("master", "no_such_ticket") from unknown
    if not may(viewer, Right.WORK, master):
        raise InvalidInput("master", "not_yours_to_link")
    return master


def link(
    session: Session, ticket_id: int, *, master_id: int, tells: bool = True, actor: Actor, now: datetime
) -> Ticket:
    """Make a ticket a duplicate of another that is open; the caller has checked that the actor works on both.

    The master is solved by the earlier of both dates and is as urgent as the more urgent; the citizen is told of it
    unless they asked for it themselves (`tells`). Raises InvalidInput for a
    master that is the ticket itself, a duplicate, or over, and where one of them is restricted: who may see the one may
    not learn of the other. OwingUnitAlone once more than a warning of accepting is out.
    """
    ticket, master = _lock_both(session, ticket_id, master_id)
    now = judged_at(session, ticket, now=now)
    _require_linkable(ticket, master)
    if any(appeal_of_case(session, one.id) for one in (ticket, master)):
        raise InvalidInput("master", "appeal_not_linked")
    require_free_to_move(session, ticket, what="link", actor=actor, now=now)
    if _FROM_MOST_URGENT.index(ticket.priority) < _FROM_MOST_URGENT.index(master.priority):
        change_priority(session, master.id, priority=ticket.priority, reason=ticket.reference, actor=actor, now=now)
    master.coordinating_unit_id = master.coordinating_unit_id or _coordinator(ticket, master)
    due_at = _stop_working(session, ticket, actor=actor, now=now)
    join(session, ticket, master, due_at, actor=actor, now=now)
    for other in standing(session, ticket.id):
        pass_on(session, other, master, actor=actor, now=now)
    if tells:
        _tell_citizen(session, ticket, now=now)
    session.flush()
    return ticket


def unlink(session: Session, ticket_id: int, *, reason: str, actor: Actor, now: datetime) -> Ticket:
    """A matter of its own after all: its promises go on with what they had consumed, the master gets its time back.

    Raises InvalidInput without a reason, and for a ticket that is no duplicate. The master keeps its date once a
    warning or a level of it is out: what was told is not taken back.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if not is_duplicate(ticket):
        raise InvalidInput("ticket", "no_duplicate")
    why = reason_given(reason)
    part(session, ticket, cause="unlinked", actor=actor, now=now)
    timeline.add(session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=why, now=now)
    session.flush()
    return ticket


def answer_duplicates(session: Session, master: Ticket, answer: str, *, actor: Actor, now: datetime) -> None:
    """The master's answer for every citizen of the group: sent once to each address, kept on every follow page."""
    for ticket, channel in _each_citizen(session, master):
        say(session, ticket, template="ticket_resolved", body=answer, channel=channel, actor=actor, now=now)
        ticket.disposition = Disposition.DUPLICATE
        params = {"disposition": Disposition.DUPLICATE.value}
        timeline.add(session, ticket.id, TimelineKind.RESOLVED, actor=actor, is_public=True, params=params, now=now)
        record(session, ticket, "ticket.resolved", actor=actor, params=params, now=now)
        move(session, ticket, to=TicketStatus.RESOLVED, actor=actor, now=now)


def reply_to_all(
    session: Session, ticket_id: int, *, body: str, channel: Channel | None = None, actor: Actor, now: datetime
) -> Message:
    """An update for everybody whose request is answered with this one; the message to its own citizen.

    Sent once to each address, kept on every follow page. Raises what a reply does.
    """
    own = reply(session, ticket_id, body=body, channel=channel, actor=actor, now=now)
    for ticket, by in _each_citizen(session, lock_ticket(session, ticket_id)):
        message = say(session, ticket, template="ticket_reply", body=body, channel=by, actor=actor, now=now)
        record(session, ticket, "ticket.replied", actor=actor, params={"channel": message.channel.value}, now=now)
    return own


def interim_to_all(
    session: Session,
    ticket_id: int,
    *,
    body: str,
    expected_at: datetime,
    channel: Channel | None = None,
    actor: Actor,
    now: datetime,
) -> Message:
    """As `reply_to_all`, with by when the rest is to be expected. Raises what an interim answer does."""
    own = interim(session, ticket_id, body=body, expected_at=expected_at, channel=channel, actor=actor, now=now)
    for ticket, by in _each_citizen(session, lock_ticket(session, ticket_id)):
        say_interim(session, ticket, body=body, expected_at=expected_at, channel=by, actor=actor, now=now)
    return own


def _each_citizen(session: Session, master: Ticket) -> list[tuple[Ticket, Channel | None]]:
    """The duplicates that wait for the answer, with the door: none that rings where the same words arrive already."""
    told, each = {_address(master)}, list[tuple[Ticket, Channel | None]]()
    for ticket in standing(session, master.id):
        each.append((ticket, Channel.MANUAL if _address(ticket) in told else None))
        told.add(_address(ticket))
    return each


def _lock_both(session: Session, ticket_id: int, master_id: int) -> tuple[Ticket, Ticket]:
    """In the order of their ids, so that two who link the same tickets wait for each other and not for ever."""
    locked = {one: lock_ticket(session, one) for one in sorted({ticket_id, master_id})}
    return locked[ticket_id], locked[master_id]


def _require_linkable(ticket: Ticket, master: Ticket) -> None:
    if ticket.status not in UNFINISHED:
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.OPEN)
    faults = (
        (ticket.id == master.id, "same_ticket"),
        (ticket.is_restricted or master.is_restricted or master.is_canary, "restricted_not_linked"),
        (is_duplicate(ticket), "is_duplicate"),
        (is_duplicate(master), "master_is_duplicate"),
        (master.status not in UNFINISHED, "master_over"),
    )
    for is_so, code in faults:
        if is_so:
            raise InvalidInput("master", code)


def _coordinator(ticket: Ticket, master: Ticket) -> int | None:
    """Who coordinates an emergency goes on seeing it."""
    return ticket.coordinating_unit_id if ticket.coordinating_unit_id != master.unit_id else None


def _stop_working(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> datetime | None:
    """Its clocks end before anything counts as kept; whoever links it has looked at it, and it waits in no queue."""
    if ticket.status in PENDING:
        wake(session, ticket, cause="agent", actor=actor, now=now)
    due_at = duplicate_clocks.on_linked(session, ticket, now=now)
    if ticket.status is TicketStatus.NEW:
        move(session, ticket, to=TicketStatus.OPEN, actor=actor, now=now)
    ticket.assignee_id = ticket.assignee_id or actor.staff_id
    return due_at


def _address(ticket: Ticket) -> tuple[str, str]:
    """Where an answer to this citizen goes; whoever can be reached nowhere is somebody else each time."""
    by = answering_channel(ticket)
    to = ticket.reply_phone if by is Channel.SMS else ticket.reply_email
    return by.value, to or ticket.reference


def _tell_citizen(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Said once, by the door the answer will come by; it is no answer (R3)."""
    template, params = "ticket_joined", {"reference": ticket.reference}
    key = f"{template}:{ticket.id}:{now.isoformat()}"
    phone = parse_phone(ticket.reply_phone) if ticket.reply_phone else None
    if answering_channel(ticket) is Channel.SMS and phone is not None:
        posting.post_sms(
            session, to=phone.number, template=template, params=params, locale=ticket.locale, dedup_key=key,
            ticket_id=ticket.id, citizen_id=ticket.citizen_id, now=now,
        )  # fmt: skip
    elif ticket.reply_email:
        posting.post_email(
            session, to=ticket.reply_email, template=template, params=params, locale=ticket.locale, dedup_key=key,
            ticket_id=ticket.id, citizen_id=ticket.citizen_id, now=now,
        )  # fmt: skip
