"""The words for what administrators and auditors read: audit actions, messages by name, requests, processes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import chain

from flask_babel import LazyString, gettext, lazy_gettext, lazy_pgettext

from app.wording import codes, contact_codes
from app.wording.spoken_time import exact_phrase

# What was done, by the name under which it is kept for ever; a test looks for what has no words here.
AUDIT_ACTIONS: Mapping[str, LazyString] = {
    "audit.verified": lazy_gettext("Audit trail verified"),
    "calendar.versioned": lazy_gettext("Calendar changed"),
    "call.accepted": lazy_gettext("Call taken"),
    "call.ended": lazy_gettext("Call ended by the agent"),
    "call.held": lazy_gettext("Caller put on hold"),
    "call.taken_back": lazy_gettext("Caller taken back from hold"),
    "call.wrapped_up": lazy_gettext("Note of a call written"),
    "callback.claimed": lazy_gettext("Callback taken on"),
    "callback.done": lazy_gettext("Callback finished"),
    "chain.versioned": lazy_gettext("Escalation chain changed"),
    "clock.decided": lazy_gettext("Decided which clock is right"),
    "demonstration.people_loaded": lazy_gettext("People of the demonstration added"),
    "directory.holidays_imported": lazy_gettext("Holidays imported"),
    "directory.lines_imported": lazy_gettext("Phone lines imported"),
    "directory.policies_imported": lazy_gettext("Promises imported"),
    "directory.procedures_imported": lazy_gettext("Procedures imported"),
    "directory.units_imported": lazy_gettext("Units imported"),
    "contact_method.changed": lazy_gettext("Contact details changed"),
    "contact_method.code_sent": lazy_gettext("Code for contact details sent"),
    "contact_method.code_wrong": lazy_gettext("Wrong code for contact details"),
    "contact_method.moved": lazy_gettext("Order of contact details changed"),
    "contact_method.removed": lazy_gettext("Contact details removed"),
    "contact_method.tested": lazy_gettext("Test of contact details sent"),
    "contact_method.verified": lazy_gettext("Contact details proved"),
    "escalation.acknowledged": lazy_gettext("Escalation acknowledged"),
    "escalation.attempted": lazy_gettext("Attempt to reach somebody"),
    "escalation.codes_locked": lazy_gettext("Reply codes of a phone locked"),
    "escalation.fired": lazy_gettext("Reported to a higher level"),
    "escalation.gap": lazy_gettext("Escalation stood still"),
    "escalation.inherited": lazy_gettext("Successor told by the morning list"),
    "escalation.pursued": lazy_gettext("Next person told, as nobody was reached"),
    "escalation.warned": lazy_gettext("Unit warned before the deadline"),
    "kept_figures.corrected": lazy_gettext("Kept figures corrected"),
    "message.discarded": lazy_gettext("Message discarded"),
    "message.read": lazy_gettext("Kept mail read"),
    "message.sent_again": lazy_gettext("Message sent again"),
    "offer.declined": lazy_gettext("Call declined"),
    "outage.sent_again": lazy_gettext("Messages of an outage sent again"),
    "policy.retired": lazy_gettext("Promise retired"),
    "policy.versioned": lazy_gettext("Promise changed"),
    "promise.broken": lazy_gettext("Promise broken"),
    "reach_time.changed": lazy_gettext("Time to reach somebody changed"),
    "recording.played": lazy_gettext("Recording listened to"),
    "reference.loaded": lazy_gettext("Reference data loaded"),
    "secret_key.noted": lazy_gettext("Secret key noted"),
    "secret_key.rotated": lazy_gettext("Secret key changed"),
    "staff.added": lazy_gettext("Person added"),
    "staff.code_given": lazy_gettext("Sign-in code given"),
    "staff.disabled": lazy_gettext("Account disabled"),
    "staff.enrolled": lazy_gettext("Account set up by its owner"),
    "staff.enrolment_renewed": lazy_gettext("New set-up link made"),
    "staff.locked": lazy_gettext("Account locked after wrong passwords"),
    "staff.role_ended": lazy_gettext("Role ended"),
    "staff.role_given": lazy_gettext("Role given"),
    "staff.signed_in": lazy_gettext("Signed in"),
    "ticket.assigned": lazy_gettext("Ticket assigned"),
    "ticket.category_changed": lazy_gettext("Category changed"),
    "ticket.citizen_wrote": lazy_gettext("Citizen wrote"),
    "ticket.claimed": lazy_gettext("Ticket claimed"),
    "ticket.cleared": lazy_gettext("Found not to be about officials"),
    "ticket.contacted": lazy_gettext("Citizen made contact again"),
    "ticket.dossier_changed": lazy_gettext("Dossier changed"),
    "ticket.external_reference_added": lazy_gettext("Number in another system added"),
    "ticket.held": lazy_gettext("Set to wait"),
    "ticket.moved": lazy_gettext("Status changed"),
    "ticket.noted": lazy_gettext("Note added"),
    "ticket.opened": lazy_gettext("Ticket opened"),
    "ticket.phone_shown": lazy_gettext("Whole phone number shown"),
    "ticket.pictures_added": lazy_gettext("Pictures added"),
    "ticket.place_changed": lazy_gettext("Place changed"),
    "ticket.priority_changed": lazy_gettext("Priority changed"),
    "ticket.rated": lazy_gettext("Rated by the citizen"),
    "ticket.read_anew": lazy_gettext("Judged again by what the citizen wrote"),
    "ticket.released": lazy_gettext("Ticket given back to the queue"),
    "ticket.reopened": lazy_gettext("Ticket reopened"),
    "ticket.replied": lazy_gettext("Citizen answered"),
    "ticket.resolved": lazy_gettext("Ticket resolved"),
    "ticket.returned": lazy_gettext("Ticket returned with a reason"),
    "ticket.routed": lazy_gettext("Ticket routed again"),
    "ticket.talked": lazy_gettext("Talked with the citizen"),
    "ticket.transferred": lazy_gettext("Ticket transferred"),
    "token.added": lazy_gettext("API token added"),
    "token.revoked": lazy_gettext("API token revoked"),
}

AUDIT_SUBJECTS: Mapping[str, LazyString] = {
    "api_token": lazy_gettext("API token"),
    "audit": lazy_gettext("Audit trail"),
    "calendar": lazy_gettext("Calendar"),
    "call": lazy_gettext("Call"),
    "callback_request": lazy_gettext("Callback"),
    "chain": lazy_gettext("Escalation chain"),
    "clock": lazy_gettext("Promise"),
    "clock_decision": lazy_gettext("Decision on clocks"),
    "contact_method": lazy_gettext("Contact details"),
    "escalation_attempt": lazy_gettext("Attempt to reach somebody"),
    "holidays": lazy_gettext("Holidays"),
    "kept_figures": lazy_gettext("Kept figures"),
    "lines": lazy_gettext("Phone lines"),
    "offer": lazy_gettext("Call offer"),
    "outage": lazy_gettext("Outage"),
    "outbound_message": lazy_gettext("Message"),
    "planned_step": lazy_gettext("Escalation step"),
    "policies": lazy_gettext("Promises"),
    "policy": lazy_gettext("Promise"),
    "procedures": lazy_gettext("Procedures"),
    "recording": lazy_gettext("Recording"),
    "secret_key": lazy_gettext("Secret key"),
    "staff": lazy_gettext("Staff member"),
    "ticket": lazy_gettext("Ticket"),
    "unit": lazy_gettext("Unit"),
    "units": lazy_gettext("Units"),
}

# Details of an entry by their kept names; what is missing here is shown under its own name.
AUDIT_DETAILS: Mapping[str, LazyString] = {
    "added": lazy_pgettext("audit detail", "added"),
    "attempt": lazy_pgettext("audit detail", "how far it came"),
    "breached_at": lazy_pgettext("audit detail", "broken on"),
    "category": lazy_pgettext("audit detail", "category"),
    "cause": lazy_pgettext("audit detail", "cause"),
    "changed": lazy_pgettext("audit detail", "changed"),
    "channel": lazy_pgettext("audit detail", "channel"),
    "checked": lazy_pgettext("audit detail", "entries checked"),
    "clock": lazy_pgettext("audit detail", "promise"),
    "closed": lazy_pgettext("audit detail", "closed"),
    "code": lazy_pgettext("audit detail", "reason"),
    "count": lazy_pgettext("audit detail", "number"),
    "days": lazy_pgettext("audit detail", "days"),
    "disposition": lazy_pgettext("audit detail", "outcome"),
    "cycle": lazy_pgettext("audit detail", "round"),
    "dossier": lazy_pgettext("audit detail", "dossier"),
    "due_at": lazy_pgettext("audit detail", "promised by"),
    "error_code": lazy_pgettext("audit detail", "carrier's code"),
    "external_reference": lazy_pgettext("audit detail", "number in another system"),
    "field": lazy_pgettext("audit detail", "field"),
    "fingerprint": lazy_pgettext("audit detail", "fingerprint"),
    "for": lazy_pgettext("audit detail", "waits for"),
    "from": lazy_pgettext("audit detail", "from"),
    "from_at": lazy_pgettext("audit detail", "from"),
    "from_queue_id": lazy_pgettext("audit detail", "from queue no."),
    "from_staff_id": lazy_pgettext("audit detail", "from person no."),
    "from_unit_id": lazy_pgettext("audit detail", "from unit no."),
    "intact": lazy_pgettext("audit detail", "intact"),
    "is_disputed": lazy_pgettext("audit detail", "disputed"),
    "is_new": lazy_pgettext("audit detail", "new person"),
    "kinds": lazy_pgettext("audit detail", "kinds"),
    "letters": lazy_pgettext("audit detail", "messages"),
    "level": lazy_pgettext("audit detail", "level"),
    "name": lazy_pgettext("audit detail", "name"),
    "new_due_at": lazy_pgettext("audit detail", "new date"),
    "outcome": lazy_pgettext("audit detail", "outcome"),
    "people": lazy_pgettext("audit detail", "people"),
    "place": lazy_pgettext("audit detail", "place"),
    "planned_at": lazy_pgettext("audit detail", "planned for"),
    "priority": lazy_pgettext("audit detail", "priority"),
    "queue_id": lazy_pgettext("audit detail", "queue no."),
    "rank": lazy_pgettext("audit detail", "level or per cent"),
    "rating": lazy_pgettext("audit detail", "rating"),
    "reached_within": lazy_pgettext("audit detail", "seconds to reach somebody"),
    "reason": lazy_pgettext("audit detail", "reason"),
    "result": lazy_pgettext("audit detail", "result"),
    "role": lazy_pgettext("audit detail", "role"),
    "scopes": lazy_pgettext("audit detail", "rights"),
    "second_factor": lazy_pgettext("audit detail", "with a second factor"),
    "seconds": lazy_pgettext("audit detail", "seconds"),
    "staff_id": lazy_pgettext("audit detail", "person no."),
    "step_id": lazy_pgettext("audit detail", "step no."),
    "system": lazy_pgettext("audit detail", "system"),
    "template": lazy_pgettext("audit detail", "message"),
    "tickets": lazy_pgettext("audit detail", "tickets"),
    "to": lazy_pgettext("audit detail", "to"),
    "to_at": lazy_pgettext("audit detail", "to"),
    "to_queue_id": lazy_pgettext("audit detail", "to queue no."),
    "to_staff_id": lazy_pgettext("audit detail", "to person no."),
    "to_unit_id": lazy_pgettext("audit detail", "to unit no."),
    "told": lazy_pgettext("audit detail", "people told (numbers)"),
    "unchanged": lazy_pgettext("audit detail", "unchanged"),
    "unit": lazy_pgettext("audit detail", "unit"),
    "unit_id": lazy_pgettext("audit detail", "unit no."),
    "until": lazy_pgettext("audit detail", "until"),
    "version": lazy_pgettext("audit detail", "version"),
    "via": lazy_pgettext("audit detail", "by way of"),
}
# Whose values are codes that screens have words for; everything else is somebody's own words or a number.
_CODED = {
    "from", "to", "for", "channel", "clock", "disposition", "priority", "result", "role", "cause", "template",
}  # fmt: skip

OUTBOUND_TEMPLATES: Mapping[str, LazyString] = {
    "acknowledge_locked": lazy_gettext("Reply codes are locked"),
    "acknowledge_taken": lazy_gettext("Thanks for an acknowledgement"),
    "acknowledge_taken_before": lazy_gettext("Somebody else has acknowledged"),
    "acknowledge_unknown": lazy_gettext("Reply code not known"),
    "citizen_wrote": lazy_gettext("Notice: the citizen has written"),
    "codes_locked": lazy_gettext("Notice: reply codes of a phone are locked"),
    "contact_code": lazy_gettext("Code that proves contact details"),
    "contact_test": lazy_gettext("Test of contact details"),
    "daily_list": lazy_gettext("Leader's 07:00 list"),
    "danger_noted": lazy_gettext("To the citizen: emergency, whom to call"),
    "escalation_level": lazy_gettext("Report to a higher level"),
    "gathered": lazy_gettext("Several reports in one message"),
    "instruction": lazy_gettext("A leader's instruction"),
    "nobody_on_duty": lazy_gettext("Nobody on duty can be called"),
    "nobody_reachable": lazy_gettext("Notice: nobody could be reached"),
    "opened_again": lazy_gettext("To the citizen: reopened"),
    "place_noted": lazy_gettext("To the citizen: place noted"),
    "place_unclear": lazy_gettext("To the citizen: the answer named no place"),
    "place_question": lazy_gettext("To the citizen: where is it?"),
    "request_state": lazy_gettext("To the citizen: how the request stands"),
    "request_unknown": lazy_gettext("To the citizen: reference not known"),
    "sms_help": lazy_gettext("To the citizen: how to text us"),
    "sms_stopped": lazy_gettext("To the citizen: no more texts"),
    "sms_welcome": lazy_gettext("To the citizen: texts again"),
    "ticket_opened": lazy_gettext("To the citizen: received, with reference"),
    "ticket_question": lazy_gettext("To the citizen: a question"),
    "ticket_reopened": lazy_gettext("Notice: ticket reopened"),
    "ticket_reply": lazy_gettext("To the citizen: an answer"),
    "ticket_resolved": lazy_gettext("To the citizen: resolved"),
    "ticket_woken": lazy_gettext("Notice: a waiting ticket is due again"),
    "warning": lazy_gettext("Warning before a deadline"),
    "which_not_solved": lazy_gettext("To the citizen: which request is meant?"),
}

# Requests of a phone provider, by the last part of their address.
WEBHOOK_KINDS: Mapping[str, LazyString] = {
    "voice": lazy_gettext("A call arrives"),
    "menu": lazy_gettext("Caller chooses in the menu"),
    "place": lazy_gettext("Caller says the place"),
    "request": lazy_gettext("Caller asks about a request"),
    "queue": lazy_gettext("Caller waits for an agent"),
    "dial": lazy_gettext("Caller is put through"),
    "voicemail": lazy_gettext("Caller leaves a voicemail"),
    "callback": lazy_gettext("Caller asks to be called back"),
    "hold": lazy_gettext("Caller is on hold"),
    "whisper": lazy_gettext("Agent's phone is answered"),
    "whispered": lazy_gettext("Agent accepts by phone"),
    "notice": lazy_gettext("A called leader presses a key"),
    "fallback": lazy_gettext("Provider fell back after a fault"),
    "failsafe-thanks": lazy_gettext("Caller finished the outage message"),
    "status": lazy_gettext("State of a call"),
    "recording": lazy_gettext("A recording is ready"),
    "sms": lazy_gettext("An SMS arrives"),
    "sms-status": lazy_gettext("State of an SMS of ours"),
}

PROCESS_KINDS: Mapping[str, LazyString] = {
    "scheduler": lazy_gettext("Scheduler"),
    "worker": lazy_gettext("Worker"),
}

# Why a message did not leave, where the reason is one of ours; a carrier's own codes are numbers that it explains.
FAILURES: Mapping[str, LazyString] = {
    "discarded": lazy_gettext("discarded by an administrator"),
    "failed": lazy_gettext("the carrier could not deliver it"),
    "lost": lazy_gettext("sent, but the carrier's answer never came"),
    "malformed": lazy_gettext("the address or the message is malformed"),
    "no_provider": lazy_gettext("no telephone provider is set up"),
    "no_sign_in": lazy_gettext("the mail server takes no name and password"),
    "no_template": lazy_gettext("there are no words for this message"),
    "no_voice": lazy_gettext("the provider carries no calls"),
    "not_asked": lazy_gettext("the carrier could not be asked whether it arrived"),
    "not_rendered": lazy_gettext("the message could not be put into words"),
    "opted_out": lazy_gettext("the phone has opted out"),
    "stale_claim": lazy_gettext("the worker stopped while sending it"),
    "uncertain": lazy_gettext("nobody knows whether it arrived"),
    "undelivered": lazy_gettext("the carrier could not deliver it"),
    "unreachable": lazy_gettext("the carrier or mail server cannot be reached"),
}

# What a connected system may be allowed, by the names of `app/scopes.py`.
SCOPE_WORDS: Mapping[str, LazyString] = {
    "tickets:read": lazy_gettext("read tickets"),
    "tickets:write": lazy_gettext("open tickets and work on them"),
    "escalations:acknowledge": lazy_gettext("acknowledge escalations for a leader"),
    "figures:read": lazy_gettext("read figures"),
    "directory:read": lazy_gettext("read the directory"),
    "admin": lazy_gettext("send the messages of an outage again"),
}

ANSWER_WAYS: Mapping[str, LazyString] = {
    "web": lazy_gettext("on the web page"),
    "link": lazy_gettext("by the link in the message"),
    "keypad": lazy_gettext("by phone key"),
    "sms": lazy_gettext("by SMS"),
    "api": lazy_gettext("by another system"),
}

CAUSES: Mapping[str, LazyString] = {
    "": lazy_gettext("lateness"),
    "change": lazy_gettext("change of rules or priority"),
    "downtime": lazy_gettext("outage of this system"),
}

_VALUES = {
    str(code): word
    for code, word in chain(
        OUTBOUND_TEMPLATES.items(), codes.CLOCK_KINDS.items(), codes.STEP_RESULTS.items(), codes.DISPOSITIONS.items(),
        codes.ROLES.items(), codes.CHANNELS.items(), contact_codes.OUTBOUND_CHANNELS.items(), codes.PRIORITIES.items(),
        codes.STATUSES.items(),
    )
}  # fmt: skip


def action_word(action: str) -> str:
    return _word(AUDIT_ACTIONS, action)


def subject_word(kind: str) -> str:
    return _word(AUDIT_SUBJECTS, kind)


def template_word(template: str) -> str:
    return _word(OUTBOUND_TEMPLATES, template)


def failure_word(code: str) -> str:
    """Why a message did not leave: our own reason in words, a carrier's number as a number."""
    own = code.removeprefix("account:")
    word = FAILURES.get(own)
    return str(word) if word is not None else gettext("the carrier's code %(code)s", code=own)


def not_delivered_word(why: str) -> str:
    """Why an attempt did not arrive: what made it pointless, or why it did not leave."""
    return contact_codes.overtaken_word(why) if why in contact_codes.OVERTAKEN else failure_word(why)


def webhook_word(kind: str) -> str:
    return _word(WEBHOOK_KINDS, kind)


def process_word(kind: str) -> str:
    return _word(PROCESS_KINDS, kind)


def scope_word(scope: str) -> str:
    """What a token may do."""
    return _word(SCOPE_WORDS, scope)


def way_word(via: str) -> str:
    """By which way somebody acknowledged."""
    return _word(ANSWER_WAYS, via)


def cause_word(cause: str) -> str:
    """Why a level was raised."""
    return _word(CAUSES, cause)


def detail_name(name: str) -> str:
    return _word(AUDIT_DETAILS, name)


def detail_words(name: str, value: object) -> str:
    """A detail of an entry: yes and no, instants in the city's time, codes in words; texts and numbers as they are."""
    match value:
        case None | "" | [] | {}:
            return "–"
        case bool():
            return gettext("yes") if value else gettext("no")
        case list():
            return ", ".join(detail_words(name, one) for one in value)
        case dict():
            return ", ".join(f"{detail_name(str(key))}: {detail_words(str(key), one)}" for key, one in value.items())
        case _:
            return _said(name, str(value))


def _said(name: str, value: str) -> str:
    if name == "field":
        return detail_name(value)
    if name == "via":
        return way_word(value)
    if name == "attempt":
        return contact_codes.attempt_word(value)
    if name in _CODED and value in _VALUES:
        return str(_VALUES[value])
    return _instant(value) if name.endswith("_at") or name == "until" else value


def _instant(said: str) -> str:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return said
    return exact_phrase(at) if at.tzinfo is not None else said


def _word(table: Mapping[str, LazyString], code: str) -> str:
    word = table.get(code)
    return str(word) if word is not None else code
