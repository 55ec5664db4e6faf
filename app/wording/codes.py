"""The words people read for the codes the rooms return: one table per kind of code, translated when shown."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, gettext, lazy_gettext

from app.wording.language import language
from tickets.outbox.overtaken import Overtaken
from tickets.states import (
    ActorKind,
    CallbackReason,
    CallbackState,
    CallState,
    Channel,
    ClockKind,
    ClockStatus,
    Disposition,
    DraftForm,
    Level,
    OfferOutcome,
    OutboundChannel,
    OutboundState,
    PresenceState,
    Priority,
    QueueKind,
    RecordingKind,
    RecordingState,
    Role,
    StepResult,
    TicketStatus,
    TimelineKind,
    UnitKind,
)

STATUSES: Mapping[str, LazyString] = {
    TicketStatus.NEW: lazy_gettext("New"),
    TicketStatus.OPEN: lazy_gettext("In progress"),
    TicketStatus.PENDING_CITIZEN: lazy_gettext("Waiting for the citizen"),
    TicketStatus.PENDING_THIRD_PARTY: lazy_gettext("Waiting for another body"),
    TicketStatus.RESOLVED: lazy_gettext("Answered"),
    TicketStatus.CLOSED: lazy_gettext("Closed"),
    TicketStatus.WITHDRAWN: lazy_gettext("Withdrawn"),
    TicketStatus.SPAM: lazy_gettext("Not valid"),
}

PRIORITIES: Mapping[str, LazyString] = {
    Priority.EMERGENCY: lazy_gettext("Emergency"),
    Priority.URGENT: lazy_gettext("Urgent"),
    Priority.NORMAL: lazy_gettext("Normal"),
}

CHANNELS: Mapping[str, LazyString] = {
    Channel.VOICE: lazy_gettext("Phone call"),
    Channel.SMS: lazy_gettext("SMS"),
    Channel.WEB: lazy_gettext("Web form"),
    Channel.API: lazy_gettext("Another system"),
    Channel.MANUAL: lazy_gettext("Entered by hand"),
}

CLOCK_KINDS: Mapping[str, LazyString] = {
    ClockKind.ACCEPT: lazy_gettext("Acceptance"),
    ClockKind.FIRST: lazy_gettext("First answer"),
    ClockKind.NEXT: lazy_gettext("Next answer"),
    ClockKind.UPDATE: lazy_gettext("Progress report"),
    ClockKind.RESOLVE: lazy_gettext("Resolution"),
    ClockKind.DISPUTE: lazy_gettext("Dispute over responsibility"),
    ClockKind.APPEAL: lazy_gettext("Appeal"),
}

CLOCK_STATES: Mapping[str, LazyString] = {
    ClockStatus.RUNNING: lazy_gettext("Running"),
    ClockStatus.PAUSED: lazy_gettext("Paused"),
    ClockStatus.MET: lazy_gettext("On time"),
    ClockStatus.MISSED: lazy_gettext("Late"),
    ClockStatus.CANCELLED: lazy_gettext("Cancelled"),
    # Not stored: what a running clock is called near and after its deadline.
    "warned": lazy_gettext("Due soon"),
    "breached": lazy_gettext("Overdue"),
}

DISPOSITIONS: Mapping[str, LazyString] = {
    Disposition.ANSWERED: lazy_gettext("Question answered"),
    Disposition.FIXED: lazy_gettext("Fixed"),
    Disposition.REFUSED: lazy_gettext("Refused with a reason"),
    Disposition.OTHER_LAW: lazy_gettext("Under another law (complaint, denunciation)"),
    Disposition.DUPLICATE: lazy_gettext("Duplicate"),
    Disposition.UNREACHABLE: lazy_gettext("Citizen could not be reached"),
}

ROLES: Mapping[str, LazyString] = {
    Role.AGENT: lazy_gettext("Agent"),
    Role.SUPERVISOR: lazy_gettext("Supervisor"),
    Role.LEADER: lazy_gettext("Leader"),
    Role.CITY_OFFICE: lazy_gettext("City Office"),
    Role.ADMINISTRATOR: lazy_gettext("Administrator"),
    Role.AUDITOR: lazy_gettext("Auditor"),
}

PRESENCES: Mapping[str, LazyString] = {
    PresenceState.OFFLINE: lazy_gettext("Offline"),
    PresenceState.AVAILABLE: lazy_gettext("Available"),
    PresenceState.OFFERED: lazy_gettext("Being offered a call"),
    PresenceState.ON_CALL: lazy_gettext("On a call"),
    PresenceState.WRAP_UP: lazy_gettext("Wrapping up"),
    PresenceState.AWAY: lazy_gettext("Away"),
}

UNIT_KINDS: Mapping[str, LazyString] = {
    UnitKind.CITY: lazy_gettext("City"),
    UnitKind.OFFICE: lazy_gettext("Office of the City People's Committee"),
    UnitKind.DEPARTMENT: lazy_gettext("Department"),
    UnitKind.WARD: lazy_gettext("Ward"),
    UnitKind.COMMUNE: lazy_gettext("Commune"),
    UnitKind.TOWNSHIP: lazy_gettext("Township"),
    UnitKind.SPECIAL_ZONE: lazy_gettext("Special zone"),
    UnitKind.ONE_STOP_CENTRE: lazy_gettext("Public administration service centre"),
    UnitKind.EXTERNAL: lazy_gettext("External body"),
    UnitKind.DISTRICT: lazy_gettext("District (until June 2025)"),
    UnitKind.PROVINCE: lazy_gettext("Province (until June 2025)"),
}

STEP_RESULTS: Mapping[str, LazyString] = {
    StepResult.NOTIFIED: lazy_gettext("Reported"),
    StepResult.SUPERSEDED: lazy_gettext("Covered by a higher level"),
    StepResult.MERGED: lazy_gettext("Same person as another level"),
    StepResult.VOID: lazy_gettext("No longer needed"),
    StepResult.NOBODY: lazy_gettext("Nobody reachable"),
    # Not stored as results: a step still to come, and one somebody has answered.
    "planned": lazy_gettext("Planned"),
    "acknowledged": lazy_gettext("Acknowledged"),
}

TIMELINE_KINDS: Mapping[str, LazyString] = {
    TimelineKind.OPENED: lazy_gettext("Ticket opened"),
    TimelineKind.ROUTED: lazy_gettext("Sent to the unit responsible"),
    TimelineKind.MESSAGE_IN: lazy_gettext("Message from the citizen"),
    TimelineKind.MESSAGE_OUT: lazy_gettext("Answer to the citizen"),
    TimelineKind.NOTE: lazy_gettext("Internal note"),
    TimelineKind.CALL: lazy_gettext("Phone call"),
    TimelineKind.CLAIMED: lazy_gettext("Took the ticket"),
    TimelineKind.ASSIGNED: lazy_gettext("Ticket assigned"),
    TimelineKind.TRANSFERRED: lazy_gettext("Ticket transferred"),
    TimelineKind.RETURNED: lazy_gettext("Ticket returned"),
    TimelineKind.STATUS: lazy_gettext("Status changed"),
    TimelineKind.HELD: lazy_gettext("On hold, question asked"),
    TimelineKind.WOKEN: lazy_gettext("Hold ended"),
    TimelineKind.RESOLVED: lazy_gettext("Resolved"),
    TimelineKind.REOPENED: lazy_gettext("Reopened"),
    TimelineKind.CHANGED: lazy_gettext("Details changed"),
    TimelineKind.DUE_CHANGED: lazy_gettext("Deadline changed"),
    TimelineKind.WARNED: lazy_gettext("Deadline is near"),
    TimelineKind.BREACHED: lazy_gettext("Deadline passed"),
    TimelineKind.ESCALATED: lazy_gettext("Reported to a higher level"),
    TimelineKind.ACKNOWLEDGED: lazy_gettext("Acknowledged"),
    TimelineKind.ATTACHED: lazy_gettext("File added"),
    TimelineKind.CONTACT: lazy_gettext("Another contact"),
    TimelineKind.NOT_SOLVED: lazy_gettext("Citizen says: not solved"),
    TimelineKind.RATED: lazy_gettext("Citizen's rating"),
    TimelineKind.RESTRICTED: lazy_gettext("Access restricted"),
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

OVERTAKEN: Mapping[str, LazyString] = {
    Overtaken.OPTED_OUT: lazy_gettext("the phone has opted out"),
    Overtaken.ROLE_ENDED: lazy_gettext("the person no longer holds the role"),
    Overtaken.TICKET_OVER: lazy_gettext("the matter was over by then"),
    Overtaken.TICKET_REOPENED: lazy_gettext("the matter had been reopened by then"),
    Overtaken.STEP_OVER: lazy_gettext("the deadline no longer stood"),
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

QUEUE_KINDS: Mapping[str, LazyString] = {
    QueueKind.WORK: lazy_gettext("Queue of the unit"),
    QueueKind.TRIAGE: lazy_gettext("City triage"),
    QueueKind.CONDUCT: lazy_gettext("Complaints about conduct"),
}

COMPETENCE_LEVELS: Mapping[str, LazyString] = {
    Level.WARD: lazy_gettext("Ward level"),
    Level.CITY: lazy_gettext("City level"),
}

ACTOR_KINDS: Mapping[str, LazyString] = {
    ActorKind.CITIZEN: lazy_gettext("Citizen"),
    ActorKind.STAFF: lazy_gettext("Staff"),
    ActorKind.SYSTEM: lazy_gettext("System"),
    ActorKind.TOKEN: lazy_gettext("Connected system"),
}

DRAFT_FORMS: Mapping[str, LazyString] = {
    DraftForm.NEW: lazy_gettext("New ticket"),
    DraftForm.REPLY: lazy_gettext("Answer"),
    DraftForm.NOTE: lazy_gettext("Note"),
    DraftForm.HEARD: lazy_gettext("What the citizen says"),
    DraftForm.TRANSFER: lazy_gettext("Transfer"),
    DraftForm.RETURN: lazy_gettext("Return"),
    DraftForm.THIRD_PARTY: lazy_gettext("Wait for another body"),
    DraftForm.REOPEN: lazy_gettext("Reopen"),
    DraftForm.SET_ASIDE: lazy_gettext("Mark as not valid"),
    DraftForm.CLEAR: lazy_gettext("Not about officials"),
    DraftForm.PRIORITY: lazy_gettext("Change the priority"),
    DraftForm.WRAP_UP: lazy_gettext("Note of a call"),
    DraftForm.INSTRUCTION: lazy_gettext("Instruction to the unit"),
}

# "Reported to …" and never a word for climbing: this is what the citizen, too, reads on the follow page.
REPORTED_LEVELS: Mapping[int, LazyString] = {
    0: lazy_gettext("With the unit responsible"),
    1: lazy_gettext("Reported to the person in charge at the unit"),
    2: lazy_gettext("Reported to the unit's leader"),
    3: lazy_gettext("Reported to the Office of the City People's Committee"),
    4: lazy_gettext("Reported to a leader of the City People's Committee"),
    5: lazy_gettext("Reported to the Chair of the City People's Committee"),
}


def draft_word(code: str) -> str:
    return _word(DRAFT_FORMS, code)


def status_word(code: str) -> str:
    return _word(STATUSES, code)


def priority_word(code: str) -> str:
    return _word(PRIORITIES, code)


def channel_word(code: str) -> str:
    return _word(CHANNELS, code)


def clock_word(code: str) -> str:
    return _word(CLOCK_KINDS, code)


def clock_state_word(code: str) -> str:
    return _word(CLOCK_STATES, code)


def disposition_word(code: str) -> str:
    return _word(DISPOSITIONS, code)


def role_word(code: str) -> str:
    return _word(ROLES, code)


def presence_word(code: str) -> str:
    return _word(PRESENCES, code)


def unit_kind_word(code: str) -> str:
    return _word(UNIT_KINDS, code)


def step_result_word(code: str) -> str:
    return _word(STEP_RESULTS, code)


def timeline_word(code: str) -> str:
    return _word(TIMELINE_KINDS, code)


def overtaken_word(code: str) -> str:
    """Why a message was withdrawn before it left."""
    return _word(OVERTAKEN, code)


def outbound_channel_word(code: str) -> str:
    return _word(OUTBOUND_CHANNELS, code)


def outbound_word(code: str) -> str:
    return _word(OUTBOUND_STATES, code)


def call_state_word(code: str) -> str:
    return _word(CALL_STATES, code)


def offer_word(code: str) -> str:
    return _word(OFFER_OUTCOMES, code)


def callback_word(code: str) -> str:
    return _word(CALLBACK_STATES, code)


def callback_reason_word(code: str) -> str:
    return _word(CALLBACK_REASONS, code)


def recording_kind_word(code: str) -> str:
    return _word(RECORDING_KINDS, code)


def recording_state_word(code: str) -> str:
    return _word(RECORDING_STATES, code)


def queue_kind_word(code: str) -> str:
    return _word(QUEUE_KINDS, code)


def competence_word(code: str) -> str:
    return _word(COMPETENCE_LEVELS, code)


def actor_word(code: str) -> str:
    return _word(ACTOR_KINDS, code)


def level_word(level: int) -> str:
    """What has been reported, in a sentence: level 4 reads "Đã báo cáo lãnh đạo UBND Thành phố"."""
    return str(REPORTED_LEVELS[min(max(level, 0), max(REPORTED_LEVELS))])


# (language, table, code) → word: a page of fifty tickets says three hundred of them.
_said: dict[tuple[str, int, str], str] = {}


def matter_words(subject: str, place: str | None = "", priority: str = "") -> str:
    """A ticket's subject; only a call has none while nobody has written down what it is about, and is named so."""
    if subject:
        return subject
    call = gettext("Emergency call") if priority == Priority.EMERGENCY else gettext("A call")
    about = place or gettext("nothing written down yet")
    return f"{call} · {about}"


def _word(table: Mapping[str, LazyString], code: str) -> str:
    """A code nobody has named yet is shown as it is rather than breaking the page; a whole-app test finds it."""
    key = (language(), id(table), code)
    said = _said.get(key)
    if said is not None:
        return said
    word = table.get(str(code))
    if word is None:
        return str(code).replace("_", " ")
    return _said.setdefault(key, str(word))
