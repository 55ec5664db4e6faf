"""The words of calls and messages: what is being done on the phone, and what became of what we sent."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext, lazy_pgettext

from app.wording.codes import word_of
from tickets.outbox.overtaken import Overtaken
from tickets.states import (
    AttemptState,
    CallbackReason,
    CallbackState,
    CallState,
    OfferOutcome,
    OutboundChannel,
    OutboundState,
    PresenceState,
    RecordingKind,
    RecordingState,
)

PRESENCES: Mapping[str, LazyString] = {
    PresenceState.OFFLINE: lazy_gettext("Offline"),
    PresenceState.AVAILABLE: lazy_gettext("Available"),
    PresenceState.OFFERED: lazy_gettext("Being offered a call"),
    PresenceState.ON_CALL: lazy_gettext("On a call"),
    PresenceState.WRAP_UP: lazy_gettext("Wrapping up"),
    PresenceState.AWAY: lazy_gettext("Away"),
    PresenceState.CALLING_BACK: lazy_gettext("Calling back"),
}

OUTBOUND_CHANNELS: Mapping[str, LazyString] = {
    OutboundChannel.SMS: lazy_gettext("SMS"),
    OutboundChannel.EMAIL: lazy_gettext("E-mail"),
    OutboundChannel.VOICE: lazy_gettext("Phone call"),
    OutboundChannel.SCREEN: lazy_gettext("On screen"),
}

OUTBOUND_STATES: Mapping[str, LazyString] = {
    OutboundState.WAITING: lazy_gettext("Waiting to be sent"),
    OutboundState.CLAIMED: lazy_gettext("Being sent"),
    OutboundState.SENT: lazy_gettext("Sent"),
    OutboundState.DELIVERED: lazy_gettext("Delivered"),
    OutboundState.FAILED: lazy_gettext("Not delivered"),
    OutboundState.SUPPRESSED: lazy_gettext("Not sent on purpose"),
    OutboundState.UNCERTAIN: lazy_gettext("Unknown whether it arrived"),
}

ATTEMPT_STATES: Mapping[str, LazyString] = {
    AttemptState.PLANNED: lazy_pgettext("attempt", "Planned"),
    AttemptState.SENT: lazy_pgettext("attempt", "Sent"),
    AttemptState.DELIVERED: lazy_pgettext("attempt", "Delivered"),
    AttemptState.READ: lazy_pgettext("attempt", "Read"),
    AttemptState.ACKNOWLEDGED: lazy_pgettext("attempt", "Acknowledged"),
    AttemptState.FAILED: lazy_pgettext("attempt", "Not delivered"),
    AttemptState.SUPPRESSED: lazy_pgettext("attempt", "Not sent on purpose"),
    AttemptState.WITHDRAWN: lazy_pgettext("attempt", "Withdrawn"),
}

OVERTAKEN: Mapping[str, LazyString] = {
    Overtaken.OPTED_OUT: lazy_gettext("the phone has opted out"),
    Overtaken.ROLE_ENDED: lazy_gettext("the person no longer holds the role"),
    Overtaken.TICKET_OVER: lazy_gettext("the matter was over by then"),
    Overtaken.TICKET_REOPENED: lazy_gettext("the matter had been reopened by then"),
    Overtaken.NOT_THEIRS: lazy_gettext("somebody else answers for it by now"),
    Overtaken.STEP_OVER: lazy_gettext("the deadline no longer stood"),
    Overtaken.LEVEL_REACHED: lazy_gettext("somebody had been reached by then"),
    Overtaken.ANSWERED: lazy_gettext("it had been answered by then"),
    Overtaken.SHIFT_OVER: lazy_gettext("the shift was over by then"),
    Overtaken.GIVEN_BACK: lazy_gettext("it had been given back by then"),
    Overtaken.HOUR_OVER: lazy_gettext("its hour of the night is over"),
    Overtaken.TURN_OVER: lazy_gettext("nobody was kept for the call any more"),
}

CALL_STATES: Mapping[str, LazyString] = {
    CallState.GREETING: lazy_gettext("Greeting"),
    CallState.MENU: lazy_gettext("In the menu"),
    CallState.PLACE: lazy_gettext("Saying the place"),
    CallState.QUEUED: lazy_gettext("Waiting in line"),
    CallState.OFFERED: lazy_gettext("Ringing an agent"),
    CallState.TALKING: lazy_gettext("Talking"),
    CallState.VOICEMAIL: lazy_gettext("Leaving a voicemail"),
    CallState.CALLBACK: lazy_gettext("Callback requested"),
    CallState.STATUS: lazy_gettext("Checking a request"),
    CallState.FAILSAFE: lazy_gettext("Outage announcement"),
    CallState.ENDED: lazy_gettext("Ended"),
}

OFFER_OUTCOMES: Mapping[str, LazyString] = {
    OfferOutcome.ANSWERED: lazy_gettext("Accepted"),
    OfferOutcome.DECLINED: lazy_gettext("Declined"),
    OfferOutcome.EXPIRED: lazy_gettext("Not accepted in time"),
    OfferOutcome.WITHDRAWN: lazy_gettext("Caller hung up"),
}

CALLBACK_STATES: Mapping[str, LazyString] = {
    CallbackState.OPEN: lazy_gettext("To be called back"),
    CallbackState.CLAIMED: lazy_gettext("Somebody is calling back"),
    CallbackState.DIALLING: lazy_gettext("Being dialled"),
    CallbackState.DONE: lazy_gettext("Called back"),
    CallbackState.CLOSED: lazy_gettext("Closed"),
}

CALLBACK_REASONS: Mapping[str, LazyString] = {
    CallbackReason.REQUESTED: lazy_gettext("Asked to be called back"),
    CallbackReason.MISSED: lazy_gettext("Missed call"),
    CallbackReason.NOBODY_ON_DUTY: lazy_gettext("Nobody was on duty"),
    CallbackReason.DROPPED: lazy_gettext("The call was cut off"),
}

RECORDING_KINDS: Mapping[str, LazyString] = {
    RecordingKind.VOICEMAIL: lazy_gettext("Voicemail"),
    RecordingKind.CONVERSATION: lazy_gettext("Conversation"),
    RecordingKind.PLACE: lazy_gettext("Place as spoken"),
}

RECORDING_STATES: Mapping[str, LazyString] = {
    RecordingState.IN_PROGRESS: lazy_gettext("Being recorded"),
    RecordingState.COMPLETED: lazy_gettext("Recorded, not yet fetched"),
    RecordingState.FETCHED: lazy_gettext("Kept here"),
    RecordingState.ABSENT: lazy_gettext("Nothing was recorded"),
    RecordingState.FAILED: lazy_gettext("Could not be fetched"),
}

# Why a contact is none of anybody's work, by the codes of `tickets/matter/noise.py` and `tickets/intake/noise.py`.
NOISES: Mapping[str, LazyString] = {
    "empty": lazy_gettext("no words"),
    "greeting": lazy_gettext("a greeting"),
    "advert": lazy_gettext("an advertisement"),
    "broken_status": lazy_gettext("a status query without its 10 digits"),
    "mashed": lazy_gettext("keys pressed at random"),
    "silence": lazy_gettext("nobody spoke"),
    "notice": lazy_gettext("a notice that is not meant for us"),
    "machine": lazy_gettext("sent by a machine: a short code or a sender's name"),
    "thanks": lazy_gettext("thanks"),
    "echo": lazy_gettext("our own text, sent back to us"),
    "reply_code": lazy_gettext("a reply code, from a number that was sent none"),
}


def noise_word(code: str) -> str:
    """Why no ticket was opened."""
    return word_of(NOISES, code)


def presence_word(code: str) -> str:
    return word_of(PRESENCES, code)


def outbound_channel_word(code: str) -> str:
    return word_of(OUTBOUND_CHANNELS, code)


def outbound_word(code: str) -> str:
    return word_of(OUTBOUND_STATES, code)


def attempt_word(code: str) -> str:
    """How far an attempt to reach somebody came."""
    return word_of(ATTEMPT_STATES, code)


def overtaken_word(code: str) -> str:
    """Why a message was withdrawn before it left."""
    return word_of(OVERTAKEN, code)


def call_state_word(code: str) -> str:
    return word_of(CALL_STATES, code)


def offer_word(code: str) -> str:
    return word_of(OFFER_OUTCOMES, code)


def callback_word(code: str) -> str:
    return word_of(CALLBACK_STATES, code)


def callback_reason_word(code: str) -> str:
    return word_of(CALLBACK_REASONS, code)


def recording_kind_word(code: str) -> str:
    return word_of(RECORDING_KINDS, code)


def recording_state_word(code: str) -> str:
    return word_of(RECORDING_STATES, code)


# Why somebody answers for a step, by the codes of `tickets/directory/standing.py`.
CAPACITY_WORDS: Mapping[str, LazyString] = {
    "shift": lazy_gettext("on duty by the rota"),
    "holder": lazy_gettext("holds the post"),
    "deputy": lazy_gettext("deputy"),
    "duty": lazy_gettext("duty officer"),
    "supervisor": lazy_gettext("supervisor of the unit"),
    "responsible": lazy_gettext("responsible for this field or area by decision"),
}


def capacity_word(capacity: str) -> str:
    return str(CAPACITY_WORDS.get(capacity, capacity))
