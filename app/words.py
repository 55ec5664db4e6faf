"""The words people read for the codes the rooms return: one table per kind of code, translated when shown."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

STATUSES: Mapping[str, LazyString] = {
    "new": lazy_gettext("New"),
    "open": lazy_gettext("In progress"),
    "pending_citizen": lazy_gettext("Waiting for the citizen"),
    "pending_third_party": lazy_gettext("Waiting for another body"),
    "resolved": lazy_gettext("Answered"),
    "closed": lazy_gettext("Closed"),
    "withdrawn": lazy_gettext("Withdrawn"),
    "spam": lazy_gettext("Not valid"),
}

PRIORITIES: Mapping[str, LazyString] = {
    "emergency": lazy_gettext("Emergency"),
    "urgent": lazy_gettext("Urgent"),
    "normal": lazy_gettext("Normal"),
    "low": lazy_gettext("Can wait"),
    "rule_proposal": lazy_gettext("Rule proposal"),
}

CLOCK_KINDS: Mapping[str, LazyString] = {
    "accept": lazy_gettext("Acceptance"),
    "first": lazy_gettext("First answer"),
    "next": lazy_gettext("Next answer"),
    "update": lazy_gettext("Progress report"),
    "resolve": lazy_gettext("Resolution"),
}

CLOCK_STATES: Mapping[str, LazyString] = {
    "running": lazy_gettext("Running"),
    "warned": lazy_gettext("Due soon"),
    "due": lazy_gettext("Due now"),
    "paused": lazy_gettext("Paused"),
    "breached": lazy_gettext("Overdue"),
    "met": lazy_gettext("On time"),
    "missed": lazy_gettext("Late"),
    "stopped": lazy_gettext("Stopped"),
    "cancelled": lazy_gettext("Cancelled"),
    "met_then_reopened": lazy_gettext("On time, then reopened"),
}

CHANNELS: Mapping[str, LazyString] = {
    "voice": lazy_gettext("Phone call"),
    "sms": lazy_gettext("SMS"),
    "web": lazy_gettext("Web form"),
    "api": lazy_gettext("Another system"),
    "open311": lazy_gettext("Open311"),
    "email": lazy_gettext("E-mail"),
    "mail": lazy_gettext("E-mail"),
    "agent": lazy_gettext("Entered by hand"),
    "hand": lazy_gettext("Entered by hand"),
    "counter": lazy_gettext("At the counter"),
    "voicemail": lazy_gettext("Voicemail"),
    "screen": lazy_gettext("On screen"),
}

DISPOSITIONS: Mapping[str, LazyString] = {
    "answered": lazy_gettext("Question answered"),
    "fixed": lazy_gettext("Put right"),
    "refused": lazy_gettext("Refused with a reason"),
    "refused_with_reason": lazy_gettext("Refused with a reason"),
    "other_law": lazy_gettext("Under another law (complaint, denunciation)"),
    "duplicate": lazy_gettext("Duplicate"),
    "unreachable": lazy_gettext("Citizen could not be reached"),
}

ROLES: Mapping[str, LazyString] = {
    "agent": lazy_gettext("Agent"),
    "supervisor": lazy_gettext("Supervisor"),
    "office": lazy_gettext("City Office"),
    "leader": lazy_gettext("Leader"),
    "administrator": lazy_gettext("Administrator"),
    "auditor": lazy_gettext("Auditor"),
}

PRESENCES: Mapping[str, LazyString] = {
    "offline": lazy_gettext("Offline"),
    "available": lazy_gettext("Available"),
    "offered": lazy_gettext("Being offered a call"),
    "on_call": lazy_gettext("On a call"),
    "wrap_up": lazy_gettext("Wrapping up"),
    "away": lazy_gettext("Away"),
}

UNIT_KINDS: Mapping[str, LazyString] = {
    "city": lazy_gettext("City"),
    "office": lazy_gettext("Office of the City People's Committee"),
    "department": lazy_gettext("Department"),
    "ward": lazy_gettext("Ward"),
    "commune": lazy_gettext("Commune"),
    "special_zone": lazy_gettext("Special zone"),
    "one_stop_centre": lazy_gettext("Public administration service centre"),
    "external": lazy_gettext("External body"),
}

# "Reported to …" and never a word for climbing: this is what the citizen, too, reads on the follow page.
LEVELS: Mapping[int, LazyString] = {
    0: lazy_gettext("With the unit responsible"),
    1: lazy_gettext("Reported to the person in charge at the unit"),
    2: lazy_gettext("Reported to the unit's leader"),
    3: lazy_gettext("Reported to the Office of the City People's Committee"),
    4: lazy_gettext("Reported to a leader of the City People's Committee"),
    5: lazy_gettext("Reported to the Chair of the City People's Committee"),
}

STEP_RESULTS: Mapping[str, LazyString] = {
    "planned": lazy_gettext("Planned"),
    "fired": lazy_gettext("Reported"),
    "notified": lazy_gettext("Reported"),
    "superseded": lazy_gettext("Covered by a higher level"),
    "void": lazy_gettext("No longer needed"),
    "merged": lazy_gettext("Same person as another level"),
    "held": lazy_gettext("Held after an acknowledgement"),
    "unreachable": lazy_gettext("Nobody reachable"),
    "fell_through": lazy_gettext("Passed to the next level"),
    "acknowledged": lazy_gettext("Acknowledged"),
}

OUTBOUND_STATES: Mapping[str, LazyString] = {
    "waiting": lazy_gettext("Waiting to be sent"),
    "claimed": lazy_gettext("Being sent"),
    "sent": lazy_gettext("Sent"),
    "delivered": lazy_gettext("Delivered"),
    "read": lazy_gettext("Read"),
    "failed": lazy_gettext("Not delivered"),
    "undelivered": lazy_gettext("Not delivered"),
    "dead": lazy_gettext("Given up after several attempts"),
    "kept": lazy_gettext("Kept, not sent"),
}

CALL_STATES: Mapping[str, LazyString] = {
    "greeting": lazy_gettext("Greeting"),
    "menu": lazy_gettext("In the menu"),
    "place": lazy_gettext("Saying the place"),
    "queued": lazy_gettext("Waiting in line"),
    "offered": lazy_gettext("Ringing an agent"),
    "talking": lazy_gettext("Talking"),
    "ended": lazy_gettext("Ended"),
    "voicemail": lazy_gettext("Leaving a voicemail"),
    "callback": lazy_gettext("Callback requested"),
    "status": lazy_gettext("Asking for the state of a request"),
    "failsafe": lazy_gettext("Emergency announcement"),
}

# The sign shown beside the word, so that colour is never alone; the value is the name of a drawing in icons.html.
SIGNS: Mapping[str, str] = {
    "new": "inbox", "open": "play", "pending_citizen": "pause", "pending_third_party": "pause", "resolved": "check",
    "closed": "lock", "withdrawn": "return", "spam": "cross",
    "emergency": "warning", "urgent": "up", "normal": "right", "low": "down", "rule_proposal": "document",
    "running": "clock", "warned": "bell", "due": "bell", "paused": "pause", "breached": "warning", "met": "check",
    "missed": "warning", "stopped": "pause", "cancelled": "cross", "met_then_reopened": "reopen",
    "voice": "phone", "sms": "message", "web": "web", "api": "link", "open311": "link", "email": "mail",
    "mail": "mail", "agent": "person", "hand": "person", "counter": "person", "voicemail": "phone", "screen": "eye",
    "offline": "exit", "available": "check", "offered": "bell", "on_call": "phone", "wrap_up": "note", "away": "pause",
    "waiting": "clock", "claimed": "transfer", "sent": "right", "delivered": "check", "read": "eye",
    "failed": "cross", "undelivered": "cross", "dead": "cross", "kept": "inbox",
}  # fmt: skip


def status_word(code: str) -> str:
    return _word(STATUSES, code)


def priority_word(code: str) -> str:
    return _word(PRIORITIES, code)


def clock_word(code: str) -> str:
    return _word(CLOCK_KINDS, code)


def clock_state_word(code: str) -> str:
    return _word(CLOCK_STATES, code)


def channel_word(code: str) -> str:
    return _word(CHANNELS, code)


def disposition_word(code: str) -> str:
    return _word(DISPOSITIONS, code)


def role_word(code: str) -> str:
    return _word(ROLES, code)


def presence_word(code: str) -> str:
    return _word(PRESENCES, code)


def unit_kind_word(code: str) -> str:
    return _word(UNIT_KINDS, code)


def level_word(level: int) -> str:
    """What has been reported, in a sentence: level 4 reads "Đã báo cáo lãnh đạo UBND Thành phố"."""
    return str(LEVELS[min(max(level, 0), max(LEVELS))])


def step_result_word(code: str) -> str:
    return _word(STEP_RESULTS, code)


def outbound_word(code: str) -> str:
    return _word(OUTBOUND_STATES, code)


def call_state_word(code: str) -> str:
    return _word(CALL_STATES, code)


def sign_of(code: str) -> str:
    return SIGNS.get(str(code), "info")


def _word(table: Mapping[str, LazyString], code: str) -> str:
    """A code nobody has named yet is shown as it is rather than breaking the page; a whole-app test finds it."""
    word = table.get(str(code))
    return str(word) if word is not None else str(code).replace("_", " ")
