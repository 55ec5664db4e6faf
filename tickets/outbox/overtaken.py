"""A message about something that is over is not sent: judged again when it is handed over (A8).

Between writing and handing over may lie a night: the opening hours of its reader, or an outage of a carrier.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.outbox import posting
from tickets.outbox.overtaken_facts import HandOverFacts, read_facts, step_of
from tickets.people.actor import SYSTEM
from tickets.promises.recompute import UNENDED
from tickets.schema import (
    Absence,
    Acknowledgement,
    CallbackRequest,
    Clock,
    Delegation,
    EscalationAttempt,
    Instruction,
    OutboundMessage,
    PlannedStep,
    Shift,
    SwapRequest,
)
from tickets.states import (
    ARRIVED,
    UNFINISHED,
    AttemptState,
    CallbackState,
    OutboundChannel,
    OutboundState,
    SwapState,
    TicketStatus,
    TimelineKind,
)

WITHDRAWN = "withdrawn"
# The call by which somebody is called back.
CALLBACK_CALL = "callback_call"
# The call that looks whether somebody is there at night.
NIGHT_TEMPLATE = "night_check"
_NIGHT_CALL_WITHIN = timedelta(minutes=30)
# Confirms the very wish that silences the phone.
_ALWAYS_TOLD = frozenset({"sms_stopped"})
# Answers to a code that somebody texts: whose right has ended asks, and hears just that.
_TO_WHO_HAS_LEFT = frozenset(
    {"acknowledge_ended", "acknowledge_unknown", "acknowledge_locked", "codes_answered", "nothing_waits"}
)
# About a promise: a level that was raised, a warning of one that is near.
_OF_A_STEP = frozenset({"escalation_level", "warning"})
# About an asking: a colleague should answer for a level, gave it back, or did nothing.
_GIVEN_BACK = "delegation_declined"
_OF_AN_ASKING = frozenset({"delegated", _GIVEN_BACK, "delegation_overdue"})
# They ask for something that nobody needs of a matter that is over.
_OF_AN_OPEN_MATTER = frozenset({
    *_OF_A_STEP,
    *_OF_AN_ASKING,
    "instruction",
    "instruction_overdue",
    "ticket_question",
    "place_question",
    "place_noted",
    "place_unclear",
})  # fmt: skip
_NOTHING_MORE = (TicketStatus.SPAM, TicketStatus.WITHDRAWN)


class Overtaken(StrEnum):
    """Why a message is not sent any more."""

    OPTED_OUT = "opted_out"
    ROLE_ENDED = "role_ended"
    TICKET_OVER = "ticket_over"
    TICKET_REOPENED = "ticket_reopened"
    STEP_OVER = "step_over"
    NOT_THEIRS = "not_theirs"
    LEVEL_REACHED = "level_reached"
    GIVEN_BACK = "given_back"
    ANSWERED = "answered"
    SHIFT_OVER = "shift_over"
    TURN_OVER = "turn_over"
    HOUR_OVER = "hour_over"


def each_overtaken(session: Session, messages: Sequence[OutboundMessage], *, now: datetime) -> dict[int, Overtaken]:
    """What has happened since they were written that makes them untrue or unwanted, by message.

    About levels in a fixed number of statements, however many.
    """
    # Nothing of a notice leaves the house, and whoever looks sees the ticket as it is.
    leaving = [one for one in messages if one.channel is not OutboundChannel.SCREEN]
    facts = read_facts(session, leaving, now=now)
    judged = {one.id: _judged(session, one, facts, now=now) for one in leaving}
    return {message_id: why for message_id, why in judged.items() if why is not None}


def _judged(session: Session, message: OutboundMessage, facts: HandOverFacts, *, now: datetime) -> Overtaken | None:
    if _is_silenced(message, facts):
        return Overtaken.OPTED_OUT
    if message.template not in _TO_WHO_HAS_LEFT and message.staff_id in facts.left:
        return Overtaken.ROLE_ENDED
    if message.template == CALLBACK_CALL and not _is_its_turn(session, message, now=now):
        return Overtaken.TURN_OVER
    # Held up by a budget or a carrier, it would ring in the morning.
    if message.template == NIGHT_TEMPLATE and now - message.created_at > _NIGHT_CALL_WITHIN:
        return Overtaken.HOUR_OVER
    return _by_the_rota(session, message, now=now) or _by_its_ticket(session, message, facts)


def _by_the_rota(session: Session, message: OutboundMessage, *, now: datetime) -> Overtaken | None:
    """A limit or a carrier may hold news of a turn until it was taken by another, or a question until it was answered.

    The release before named neither the question nor the turn.
    """
    said = message.params
    if message.template == "swap" and said.get("state") == SwapState.ASKED and "swap_id" in said:
        asked = exists().where(SwapRequest.id == int(said["swap_id"]), SwapRequest.state == SwapState.ASKED)
        return None if session.scalar(select(asked)) else Overtaken.ANSWERED
    if message.template != "duty_begins" or "shift_id" not in said:
        return None
    if datetime.fromisoformat(said["ends_at"]) <= now:
        return Overtaken.SHIFT_OVER
    stands_in = exists().where(
        Absence.staff_id == Shift.staff_id, Absence.deputy_id == message.staff_id,
        Absence.starts_at <= now, Absence.ends_at > now,
    )  # fmt: skip
    theirs = exists().where(Shift.id == int(said["shift_id"]), or_(Shift.staff_id == message.staff_id, stands_in))
    return None if session.scalar(select(theirs)) else Overtaken.NOT_THEIRS


def _is_its_turn(session: Session, message: OutboundMessage, *, now: datetime) -> bool:
    """An agent is kept for whoever is called back; later nobody would be there to talk to."""
    kept = exists().where(
        CallbackRequest.outbound_id == message.id,
        CallbackRequest.state == CallbackState.DIALLING,
        CallbackRequest.reserved_until > now,
    )
    return bool(session.scalar(select(kept)))


def _is_silenced(message: OutboundMessage, facts: HandOverFacts) -> bool:
    if message.channel is not OutboundChannel.SMS or message.template in _ALWAYS_TOLD:
        return False
    is_unasked = posting.is_unasked(message.template, is_staff=message.staff_id is not None)
    opted_out, silent = facts.wishes.get(message.address, (None, None))
    since = opted_out if is_unasked else silent
    return since is not None and since >= message.created_at


def _by_its_ticket(session: Session, message: OutboundMessage, facts: HandOverFacts) -> Overtaken | None:
    if message.ticket_id is None:
        return None
    status = facts.statuses.get(message.ticket_id)
    is_over = status not in UNFINISHED
    if is_over and (message.template in _OF_AN_OPEN_MATTER or _is_dropped(status, message)):
        return Overtaken.TICKET_OVER
    if message.template == "ticket_resolved" and not is_over:
        return Overtaken.TICKET_REOPENED
    return _by_its_level(session, message, facts)


def _by_its_level(session: Session, message: OutboundMessage, facts: HandOverFacts) -> Overtaken | None:
    if message.template in _OF_AN_ASKING:
        return _by_its_asking(session, message)
    if message.template in _OF_A_STEP and step_of(message) in facts.steps_over:
        return Overtaken.STEP_OVER
    if message.template == "instruction_overdue" and _is_instruction_answered(session, message):
        return Overtaken.ANSWERED
    is_vain = message.channel is OutboundChannel.VOICE and _is_reached(session, message)
    return Overtaken.LEVEL_REACHED if is_vain else None


def _is_instruction_answered(session: Session, message: OutboundMessage) -> bool:
    answered = exists().where(
        Instruction.id == message.params.get("instruction_id"), Instruction.answered_at.is_not(None)
    )
    return bool(session.scalar(select(answered)))


def _by_its_asking(session: Session, message: OutboundMessage) -> Overtaken | None:
    """A word between colleagues waits for a morning or a carrier: meanwhile one may answer, give it back or be done."""
    step_id, asking_id = message.params["step_id"], message.params.get("asking_id")
    is_answered = exists().where(Acknowledgement.step_id == PlannedStep.id)
    # The release before named no asking.
    is_given_back = exists().where(Delegation.id == asking_id, Delegation.declined_at.is_not(None))
    found = session.execute(
        select(is_answered, Clock.status.in_(UNENDED), is_given_back)
        .select_from(PlannedStep)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(PlannedStep.id == int(step_id))
    ).first()
    answered, stands, given_back = found or (False, False, False)
    if answered:
        return Overtaken.LEVEL_REACHED
    if not stands:
        return Overtaken.STEP_OVER
    return Overtaken.GIVEN_BACK if given_back and message.template != _GIVEN_BACK else None


def _is_reached(session: Session, message: OutboundMessage) -> bool:
    """Of its level somebody has heard since this call was planned, or has answered: nobody is rung any more (A3).

    What was heard before it was planned is known to its planner: whoever heard it has left the post since (A4).
    """
    step_id = message.params.get("step_id")
    if step_id is None:
        return False
    attempt = EscalationAttempt
    planned = select(func.min(attempt.id)).where(attempt.outbound_id == message.id).scalar_subquery()
    since = (attempt.id > func.coalesce(planned, 0)) | (attempt.state == AttemptState.ACKNOWLEDGED)
    arrived = exists().where(attempt.step_id == int(step_id), attempt.state.in_(ARRIVED), since)
    return bool(session.scalar(select(arrived)))


def _is_dropped(status: TicketStatus | None, message: OutboundMessage) -> bool:
    """A matter that was taken back or was none: its sender is told no number of it."""
    return status in _NOTHING_MORE and message.template == "ticket_opened"


def withdraw(session: Session, message: OutboundMessage, why: Overtaken, *, by: str, now: datetime) -> None:
    """It stays in the outbox with its reason, and staff read it in the timeline of its ticket."""
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message.id, OutboundMessage.claimed_by == by)
        .values(state=OutboundState.SUPPRESSED, settled_at=now, lease_until=None, error_code=WITHDRAWN, error=why.value)
        .execution_options(synchronize_session=False)
    )
    _tell(session, message, why, now=now)


def leave_out(session: Session, message: OutboundMessage, why: Overtaken, *, now: datetime) -> None:
    """The same for one that has become a line of a list."""
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message.id)
        .values(gathered_into_id=None, settled_at=now, error_code=WITHDRAWN, error=why.value)
        .execution_options(synchronize_session=False)
    )
    _tell(session, message, why, now=now)


def _tell(session: Session, message: OutboundMessage, why: Overtaken, *, now: datetime) -> None:
    if message.ticket_id is None:
        return
    params = {WITHDRAWN: why.value, "template": message.template, "channel": message.channel.value}
    timeline.add(session, message.ticket_id, TimelineKind.NOTE, actor=SYSTEM, is_public=False, params=params, now=now)
