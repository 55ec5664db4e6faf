"""The conversation with a caller as a pure machine: what was heard and is known goes in, words and effects come out."""

from telephony.ivr.conversation import Conversation
from telephony.ivr.effects import (
    AnotherMatter,
    AnswerBy,
    AskCallback,
    CountOn,
    Effect,
    GoOnWith,
    JoinQueue,
    KeepRecording,
    LeaveQueue,
    NotePlace,
    NoteSaid,
    OfferUnanswered,
    OpenTicket,
    TellDutyOfficer,
)
from telephony.ivr.facts import CallFacts, GuidanceFacts, IncidentFacts, NamedUnit, PlaceFacts, QueueFacts, SpokenState
from telephony.ivr.heard import Heard
from telephony.ivr.outcome import TurnOutcome
from telephony.ivr.steps import begin, step

__all__ = [
    "AnotherMatter", "AnswerBy", "AskCallback", "CallFacts", "Conversation", "CountOn", "Effect", "GoOnWith",
    "GuidanceFacts", "Heard", "IncidentFacts", "JoinQueue", "KeepRecording", "LeaveQueue", "NamedUnit", "NotePlace",
    "NoteSaid", "OfferUnanswered", "OpenTicket", "PlaceFacts", "QueueFacts", "SpokenState", "TellDutyOfficer",
    "TurnOutcome", "begin", "step",
]  # fmt: skip
