"""The words people read for the codes the rooms return: one table per kind of code, translated when shown."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, gettext, lazy_gettext

from app.wording.language import language
from tickets.states import (
    ActorKind,
    AppealOutcome,
    Channel,
    ClockKind,
    ClockStatus,
    Disposition,
    DraftForm,
    Level,
    Priority,
    QueueKind,
    Role,
    StepResult,
    TelephoneKind,
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
    Disposition.DUPLICATE: lazy_gettext("Answered together with an earlier request"),
    Disposition.UNREACHABLE: lazy_gettext("Citizen could not be reached"),
}

APPEAL_OUTCOMES: Mapping[str, LazyString] = {
    AppealOutcome.UPHELD: lazy_gettext("the result stands"),
    AppealOutcome.CHANGED: lazy_gettext("the result was changed"),
    AppealOutcome.REDO: lazy_gettext("the unit must do it again"),
}

ROLES: Mapping[str, LazyString] = {
    Role.AGENT: lazy_gettext("Agent"),
    Role.SUPERVISOR: lazy_gettext("Supervisor"),
    Role.LEADER: lazy_gettext("Leader"),
    Role.CITY_OFFICE: lazy_gettext("City Office"),
    Role.ADMINISTRATOR: lazy_gettext("Administrator"),
    Role.AUDITOR: lazy_gettext("Auditor"),
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

TELEPHONE_KINDS: Mapping[str, LazyString] = {
    TelephoneKind.BROWSER: lazy_gettext("In the browser"),
    TelephoneKind.SIP: lazy_gettext("SIP telephone"),
    TelephoneKind.NUMBER: lazy_gettext("A telephone number"),
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
    DraftForm.PLACE: lazy_gettext("Correct the place"),
    DraftForm.DOSSIER: lazy_gettext("Dossier and procedure"),
    DraftForm.ELSEWHERE: lazy_gettext("The same matter in another system"),
    DraftForm.PHONE: lazy_gettext("Show the number"),
    DraftForm.LINK: lazy_gettext("Duplicate of another ticket"),
    DraftForm.UNLINK: lazy_gettext("No duplicate after all"),
    DraftForm.ARBITRATE: lazy_gettext("Whose is it?"),
    DraftForm.INSTRUCTED: lazy_gettext("Answer the instruction"),
    DraftForm.WRAP_UP: lazy_gettext("Note of a call"),
    DraftForm.INSTRUCTION: lazy_gettext("Instruction to the unit"),
    DraftForm.OWN_LEAVE: lazy_gettext("My leave"),
    DraftForm.LEAVE: lazy_gettext("Enter a leave"),
    DraftForm.ROTATION: lazy_gettext("Begin a rotation"),
    DraftForm.TURN: lazy_gettext("Plan a shift"),
    DraftForm.CHANGED_TURN: lazy_gettext("Change the shift"),
    DraftForm.DELEGATION: lazy_gettext("Ask a colleague to answer"),
    DraftForm.MAINTENANCE: lazy_gettext("Announce work, or give an outage back"),
    DraftForm.DAYS_OFF: lazy_gettext("Add days by hand"),
    DraftForm.RETIRING: lazy_gettext("Why it is retired"),
    DraftForm.INCIDENT: lazy_gettext("Set an incident"),
    DraftForm.GUIDANCE: lazy_gettext("Draft a guidance"),
    DraftForm.CHANGED_GUIDANCE: lazy_gettext("Change the draft of a guidance"),
    DraftForm.CLOCKS: lazy_gettext("Continue with the database's clock"),
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


def telephone_word(code: str) -> str:
    return word_of(TELEPHONE_KINDS, code)


def draft_word(code: str) -> str:
    return word_of(DRAFT_FORMS, code)


def status_word(code: str) -> str:
    return word_of(STATUSES, code)


def priority_word(code: str) -> str:
    return word_of(PRIORITIES, code)


def channel_word(code: str) -> str:
    return word_of(CHANNELS, code)


def clock_word(code: str) -> str:
    return word_of(CLOCK_KINDS, code)


def clock_state_word(code: str) -> str:
    return word_of(CLOCK_STATES, code)


def disposition_word(code: str) -> str:
    return word_of(DISPOSITIONS, code)


def appeal_outcome_word(code: str) -> str:
    return word_of(APPEAL_OUTCOMES, code)


def role_word(code: str) -> str:
    return word_of(ROLES, code)


def unit_kind_word(code: str) -> str:
    return word_of(UNIT_KINDS, code)


def step_result_word(code: str) -> str:
    return word_of(STEP_RESULTS, code)


def timeline_word(code: str) -> str:
    return word_of(TIMELINE_KINDS, code)


def queue_kind_word(code: str) -> str:
    return word_of(QUEUE_KINDS, code)


def competence_word(code: str) -> str:
    return word_of(COMPETENCE_LEVELS, code)


def actor_word(code: str) -> str:
    return word_of(ACTOR_KINDS, code)


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


def word_of(table: Mapping[str, LazyString], code: str) -> str:
    """A code nobody has named yet is shown as it is rather than breaking the page; a whole-app test finds it."""
    key = (language(), id(table), code)
    said = _said.get(key)
    if said is not None:
        return said
    word = table.get(str(code))
    if word is None:
        return str(code).replace("_", " ")
    return _said.setdefault(key, str(word))
