"""What a step of the conversation wants done in the same transaction; `telephony/call/effects.py` does it."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.states import CallbackReason, RecordingKind


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """There is a matter. Once per call, however often it is asked for."""

    is_emergency: bool = False


@dataclass(frozen=True, slots=True)
class AnotherMatter:
    """What this number called about a moment ago is not what it calls about now, or it is not the same person."""


@dataclass(frozen=True, slots=True)
class GoOnWith:
    """The call is about this request, whose state the caller has just been told; while it is open, none is added."""

    reference: str


@dataclass(frozen=True, slots=True)
class NotePlace:
    """The unit is known; the ticket goes there. `by` is line, last, speech, keypad or choice."""

    unit_id: int
    by: str


@dataclass(frozen=True, slots=True)
class NoteSaid:
    """The recogniser's words of the caller: kept on the ticket, and used for its routing."""

    text: str


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Waits for a person. `in_front`: after a dropped talk the caller does not queue again."""

    in_front: bool = False


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Left for voicemail or callback: a flow-out, never an abandonment."""

    kind: str


@dataclass(frozen=True, slots=True)
class KeepRecording:
    recording_sid: str
    seconds: int
    kind: RecordingKind


@dataclass(frozen=True, slots=True)
class AskCallback:
    phone: str
    reason: CallbackReason = CallbackReason.REQUESTED


@dataclass(frozen=True, slots=True)
class OfferUnanswered:
    """The agent's phone did not answer although the offer was accepted."""


@dataclass(frozen=True, slots=True)
class TellDutyOfficer:
    """Somebody calls and nobody is on duty."""


@dataclass(frozen=True, slots=True)
class CountOn:
    """Counted on a known incident, to be told when it is over; nobody has to speak with them."""

    incident_id: int


@dataclass(frozen=True, slots=True)
class AnswerBy:
    """Guidance is said to the caller, which is counted once for each call."""

    guidance_id: int


Effect = (
    OpenTicket
    | AnotherMatter
    | GoOnWith
    | NotePlace
    | NoteSaid
    | JoinQueue
    | LeaveQueue
    | KeepRecording
    | AskCallback
    | OfferUnanswered
    | TellDutyOfficer
    | CountOn
    | AnswerBy
)
