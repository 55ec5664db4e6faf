"""How a ticket is put on hold, answered, opened again, closed or set aside."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from tickets import timeline
from tickets.errors import CitizensOwnWord, InvalidInput, ReopeningWindowOver, TransitionNotAllowed
from tickets.people.actor import SYSTEM, Actor
from tickets.promises import duplicate_clocks, ledger, standing_levels
from tickets.schema import Attachment, Contact, Message, Ticket, TimelineEntry
from tickets.states import PENDING, ActorKind, Channel, Disposition, ReadField, TicketStatus, TimelineKind
from tickets.typed_text import clean_text
from tickets.work import duplicate_links
from tickets.work.appeal_rows import appeal_of_case
from tickets.work.conversation import on_contact, say, tell_assignee, wake, words_key
from tickets.work.corrections import note_correction
from tickets.work.duplicates import answer_duplicates
from tickets.work.judged_at import judged_at
from tickets.work.owing_unit import acts_alone, require_another
from tickets.work.suspicion import heed_words
from tickets.work.ticket import ANSWERED_OR_ASIDE, lock_ticket, may_move, move, record

MAX_TEXT = 10_000
# Where no promise of the ticket pauses, a hold may still not last for ever.
LONGEST_HOLD = timedelta(days=30)
# A duplicate is linked to its master, which answers for both; it is not an answer by itself.
GIVEN_DISPOSITIONS = (
    Disposition.ANSWERED, Disposition.FIXED, Disposition.REFUSED, Disposition.OTHER_LAW, Disposition.UNREACHABLE,
)  # fmt: skip

# Told of a ticket that could not be worked on, and why.
Failed = Callable[[int, Exception], None]


def hold(
    session: Session,
    ticket_id: int,
    *,
    question: str,
    wake_at: datetime,
    channel: Channel | None = None,
    actor: Actor,
    now: datetime,
) -> Ticket:
    """Ask the citizen something and wait: until the answer, or until `wake_at`, within what the policy allows (R6).

    Raises InvalidInput without a question, for a date that is past, and for one later than the pause that is left;
    OwingUnitAlone once a warning is out: the question may be sent as an answer, but the time goes on.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    duplicate_links.require_no_duplicate(ticket)
    _require_move(ticket, TicketStatus.PENDING_CITIZEN)
    require_another(session, ticket, what="hold", actor=actor, now=now)
    _require_future(wake_at, now)
    say(session, ticket, template="ticket_question", body=question, channel=channel, actor=actor, now=now)
    return _hold(session, ticket, TicketStatus.PENDING_CITIZEN, wake_at, actor=actor, now=now)


def hold_for_third_party(
    session: Session, ticket_id: int, *, reason: str, wake_at: datetime, actor: Actor, now: datetime
) -> Ticket:
    """Wait for another body; the promise to the citizen goes on unless the policy says otherwise (R6)."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    duplicate_links.require_no_duplicate(ticket)
    _require_move(ticket, TicketStatus.PENDING_THIRD_PARTY)
    if ledger.would_pause(session, ticket, TicketStatus.PENDING_THIRD_PARTY):
        require_another(session, ticket, what="hold", actor=actor, now=now)
    _require_future(wake_at, now)
    why = _text(reason, "reason")
    timeline.add(session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=why, now=now)
    return _hold(session, ticket, TicketStatus.PENDING_THIRD_PARTY, wake_at, actor=actor, now=now)


def resume(session: Session, ticket_id: int, *, actor: Actor, now: datetime) -> Ticket:
    """Work goes on before the date, because the agent has what was missing."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if ticket.status in PENDING:
        wake(session, ticket, cause="agent", actor=actor, now=now)
    return ticket


def wake_due(
    session: Session, *, now: datetime, limit: int = 100, leave_out: Collection[int] = (), failed: Failed | None = None
) -> int:
    """Open again whatever was held until now; several schedulers may do this at once.

    One that cannot be worked on is told to `failed`, which may raise, and nothing of it is kept; the others are done.
    """
    due = [Ticket.wake_at.is_not(None), Ticket.wake_at <= now, Ticket.status.in_(PENDING)]

    def open_again(ticket: Ticket) -> None:
        wake(session, ticket, cause="date", actor=SYSTEM, now=now)
        tell_assignee(session, ticket, "ticket_woken", f"woken:{ticket.id}:{now.isoformat()}", now=now)

    return _each(
        session, [*due, Ticket.id.not_in(leave_out)], Ticket.wake_at, _guarded(session, open_again, failed), limit
    )


def resolve(
    session: Session,
    ticket_id: int,
    *,
    disposition: Disposition,
    answer: str,
    channel: Channel | None = None,
    actor: Actor,
    now: datetime,
) -> Ticket:
    """Answer the matter: the answer is sent, every promise is judged at this instant, the reopening window begins.

    "Not ours" is no disposition: such a matter is transferred (R25); an appeal is decided, not answered (R24). Raises
    InvalidInput without an answer,
    TransitionNotAllowed for a ticket that nobody has accepted yet. What it answers for its duplicates is sent to them.
    """
    if appeal_of_case(session, ticket_id) is not None:
        raise InvalidInput("disposition", "appeal_is_decided")
    if disposition not in GIVEN_DISPOSITIONS:
        raise InvalidInput("disposition", "not_by_hand")
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    duplicate_links.require_no_duplicate(ticket)
    if ticket.status in PENDING:
        wake(session, ticket, cause="agent", actor=actor, now=now)
    _require_move(ticket, TicketStatus.RESOLVED)
    if not any(letter.isalnum() for letter in answer):
        # A dot sent for good would be an end without an answer.
        raise InvalidInput("body", "required")
    say(session, ticket, template="ticket_resolved", body=answer, channel=channel, actor=actor, now=now)
    ticket.disposition = disposition
    params = {"disposition": disposition.value}
    timeline.add(session, ticket.id, TimelineKind.RESOLVED, actor=actor, is_public=True, params=params, now=now)
    record(session, ticket, "ticket.resolved", actor=actor, params=params, now=now)
    move(session, ticket, to=TicketStatus.RESOLVED, actor=actor, now=now)
    answer_duplicates(session, ticket, answer, actor=actor, now=now)
    return ticket


def reopen(session: Session, ticket_id: int, *, reason: str, actor: Actor, now: datetime) -> Ticket:
    """Take up an answered ticket again, with what its promise had consumed (R9). Raises ReopeningWindowOver."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    _reopen(session, ticket, actor=actor, now=now)
    why = _text(reason, "reason")
    timeline.add(session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=why, now=now)
    return ticket


def not_solved(session: Session, ticket_id: int, *, reason: str, actor: Actor, now: datetime) -> Ticket:
    """The citizen says that it is not solved: within the window the ticket is open again, whoever had ended it how.

    Raises ReopeningWindowOver later; the door then opens a new ticket with `continues_id`.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    said = clean_text(reason, MAX_TEXT, field="reason")
    _require_may_be_taken_up(ticket, now=now)
    timeline.add(session, ticket.id, TimelineKind.NOT_SOLVED, actor=actor, is_public=True, body=said, now=now)
    take_up_again(session, ticket, actor=actor, now=now)
    on_contact(session, ticket, arrived_at=now, actor=actor, now=now)
    heed_words(session, ticket, said, now=now)
    return ticket


def was_said(session: Session, ticket_id: int, reason: str) -> bool:
    """Whether the citizen has said so in these very words: the same form sent again."""
    same = TimelineEntry.body == clean_text(reason, MAX_TEXT, field="reason")
    of_it = TimelineEntry.ticket_id == ticket_id, TimelineEntry.kind == TimelineKind.NOT_SOLVED
    return bool(session.scalar(select(exists().where(*of_it, same))))


def take_up_again(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """Open again a locked ticket that was ended, however it was: for the citizen's own word.

    Raises TransitionNotAllowed for one that is open, ReopeningWindowOver after its window.
    """
    _require_may_be_taken_up(ticket, now=now)
    ticket.reopen_count += 1
    duplicate_links.forget_master(session, ticket, actor=actor, now=now)
    params = {"count": ticket.reopen_count, "from": ticket.status.value}
    timeline.add(session, ticket.id, TimelineKind.REOPENED, actor=actor, is_public=True, params=params, now=now)
    record(session, ticket, "ticket.reopened", actor=actor, params=params, now=now)
    move(session, ticket, to=TicketStatus.OPEN, actor=actor, now=now)
    # Under the key of the citizen's words, which are no second notice.
    tell_assignee(session, ticket, "ticket_reopened", words_key(ticket, now), now=now)


def _require_may_be_taken_up(ticket: Ticket, *, now: datetime) -> None:
    if ticket.status not in ANSWERED_OR_ASIDE:
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.OPEN)
    if ticket.reopen_until is None or now > ticket.reopen_until:
        raise ReopeningWindowOver(ticket.reference, ticket.id)


def rate(session: Session, ticket_id: int, *, rating: int, actor: Actor, now: datetime) -> Ticket:
    """The citizen's one to five for an answered ticket; a later one replaces it."""
    if not 1 <= rating <= 5:
        raise InvalidInput("rating", "one_to_five")
    ticket = lock_ticket(session, ticket_id)
    if ticket.status not in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.CLOSED)
    ticket.rating = rating
    params = {"rating": rating}
    timeline.add(session, ticket.id, TimelineKind.RATED, actor=actor, is_public=True, params=params, now=now)
    record(session, ticket, "ticket.rated", actor=actor, params=params, now=now)
    session.flush()
    return ticket


def close_due(
    session: Session, *, now: datetime, limit: int = 200, leave_out: Collection[int] = (), failed: Failed | None = None
) -> int:
    """Close what was answered when its reopening window is over; `failed` as for `wake_due`."""
    due = [Ticket.status == TicketStatus.RESOLVED, Ticket.reopen_until <= now]

    def close(ticket: Ticket) -> None:
        move(session, ticket, to=TicketStatus.CLOSED, actor=SYSTEM, now=now)

    return _each(
        session, [*due, Ticket.id.not_in(leave_out)], Ticket.reopen_until, _guarded(session, close, failed), limit
    )


def withdraw(session: Session, ticket_id: int, *, reason: str, actor: Actor, now: datetime) -> Ticket:
    """The citizen takes the matter back, and nobody for them: raises CitizensOwnWord. They need not say why."""
    if actor.kind is not ActorKind.CITIZEN:
        raise CitizensOwnWord(lock_ticket(session, ticket_id).reference)
    return _set_aside(session, ticket_id, TicketStatus.WITHDRAWN, reason, actor=actor, now=now)


def give_way(session: Session, ticket_id: int, *, to: Ticket, actor: Actor, now: datetime) -> None:
    """A ticket in which nothing was ever written ends when its only call turns out to belong to another ticket.

    Its promises count as neither kept nor broken, and it points to the other as its master; to a restricted one nothing
    points.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if to.is_restricted or not _is_blank(session, ticket) or not may_move(ticket, TicketStatus.WITHDRAWN):
        return
    if acts_alone(session, ticket, actor=actor, now=now):
        return
    ticket.master_id = to.id
    standing_levels.count_people(session, to.id)
    move(session, ticket, to=TicketStatus.WITHDRAWN, actor=actor, joined=to.reference, now=now)


def _is_blank(session: Session, ticket: Ticket) -> bool:
    """No words, no answer, no picture, and no other contact than the call that opened it."""
    if ticket.body.strip() or ticket.is_restricted:
        return False
    others = (
        select(Message.id).where(Message.ticket_id == ticket.id),
        select(Attachment.id).where(Attachment.ticket_id == ticket.id),
        select(Contact.id).where(Contact.ticket_id == ticket.id),
        select(Ticket.id).where(Ticket.master_id == ticket.id),
    )
    return not any(session.scalar(select(found.exists())) for found in others)


def mark_spam(session: Session, ticket_id: int, *, reason: str, actor: Actor, now: datetime) -> Ticket:
    """Not a matter at all; its promises count as neither kept nor broken.

    Raises OwingUnitAlone once a warning is out: whom it is about does not end it; InvalidInput for an appeal, which is
    decided.
    """
    if appeal_of_case(session, ticket_id) is not None:
        raise InvalidInput("reason", "appeal_is_decided")
    ticket = _set_aside(session, ticket_id, TicketStatus.SPAM, reason, actor=actor, now=now)
    note_correction(session, ticket, ReadField.NOISE, guessed="no", correct="yes", actor=actor, now=now)
    return ticket


def _hold(
    session: Session, ticket: Ticket, to: TicketStatus, wake_at: datetime, *, actor: Actor, now: datetime
) -> Ticket:
    params = {"until": wake_at.isoformat(), "for": to.value}
    timeline.add(session, ticket.id, TimelineKind.HELD, actor=actor, is_public=True, params=params, now=now)
    record(session, ticket, "ticket.held", actor=actor, params=params, now=now)
    move(session, ticket, to=to, actor=actor, now=now)
    latest = min(ledger.pause_left(session, ticket, now=now) or now + LONGEST_HOLD, now + LONGEST_HOLD)
    if wake_at > latest:
        raise InvalidInput("wake_at", "later_than_allowed", latest=latest.isoformat())
    ticket.wake_at = wake_at
    session.flush()
    return ticket


def _reopen(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """Colleagues take up again what was answered; what was closed or set aside only the citizen does."""
    if ticket.status is TicketStatus.CLOSED:
        raise ReopeningWindowOver(ticket.reference, ticket.id)
    if ticket.status is not TicketStatus.RESOLVED:
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.OPEN)
    take_up_again(session, ticket, actor=actor, now=now)


def _set_aside(
    session: Session, ticket_id: int, to: TicketStatus, reason: str, *, actor: Actor, now: datetime
) -> Ticket:
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    _require_move(ticket, to)
    require_another(session, ticket, what="aside", actor=actor, now=now)
    why = _text(reason, "reason") if to is not TicketStatus.WITHDRAWN or reason.strip() else ""
    if not duplicate_clocks.is_duplicate(ticket):
        duplicate_links.leave_group(session, ticket, cause="set_aside", now=now)
    move(session, ticket, to=to, actor=actor, reason=why, now=now)
    return ticket


def _guarded(session: Session, act: Callable[[Ticket], None], failed: Failed | None) -> Callable[[Ticket], None]:
    if failed is None:
        return act

    def one(ticket: Ticket) -> None:
        ticket_id = ticket.id
        try:
            with session.begin_nested():
                act(ticket)
        except Exception as trouble:
            failed(ticket_id, trouble)

    return one


def _each(
    session: Session,
    due: list[ColumnElement[bool]],
    order: InstrumentedAttribute[datetime | None],
    act: Callable[[Ticket], None],
    limit: int,
) -> int:
    tickets = session.scalars(
        select(Ticket)
        .where(*due)
        .order_by(order, Ticket.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for ticket in tickets:
        act(ticket)
    return len(tickets)


def _require_move(ticket: Ticket, to: TicketStatus) -> None:
    if not may_move(ticket, to):
        raise TransitionNotAllowed(ticket.reference, ticket.status, to)


def _require_future(wake_at: datetime, now: datetime) -> None:
    if wake_at.tzinfo is None or wake_at <= now:
        raise InvalidInput("wake_at", "not_in_the_future")


def _text(said: str, field: str) -> str:
    kept = clean_text(said, MAX_TEXT, field=field)
    if not kept:
        raise InvalidInput(field, "required")
    return kept
