"""The words for messages of ours: what each is, and why one did not leave or arrive."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, gettext, lazy_gettext

from app.wording import contact_codes
from app.wording.codes import word_of

OUTBOUND_TEMPLATES: Mapping[str, LazyString] = {
    "acknowledge_ended": lazy_gettext("Level is no longer theirs to answer for"),
    "acknowledge_locked": lazy_gettext("Reply codes are locked"),
    "acknowledge_reopened": lazy_gettext("Matter was settled after that report and is open again"),
    "acknowledge_settled": lazy_gettext("Matter has been settled meanwhile"),
    "acknowledge_taken": lazy_gettext("Thanks for an acknowledgement"),
    "acknowledge_taken_before": lazy_gettext("Somebody else has acknowledged"),
    "acknowledge_unknown": lazy_gettext("Reply code not known"),
    "acknowledge_which": lazy_gettext("Which of several is meant?"),
    "citizen_wrote": lazy_gettext("Notice: the citizen has written"),
    "codes_answered": lazy_gettext("What several reply codes came to"),
    "draft_handed_over": lazy_gettext("Notice: a draft to publish"),
    "codes_locked": lazy_gettext("Notice: reply codes of a phone are locked"),
    "contact_code": lazy_gettext("Code that proves contact details"),
    "contact_test": lazy_gettext("Test of contact details"),
    "daily_list": lazy_gettext("Leader's daily list"),
    "danger_noted": lazy_gettext("To the citizen: emergency, whom to call"),
    "delegation_declined": lazy_gettext("A colleague gave back what they were asked"),
    "delegation_overdue": lazy_gettext("A colleague who was asked has not answered in time"),
    "delegated": lazy_gettext("A level was passed to a colleague"),
    "escalation_level": lazy_gettext("Report to a higher level"),
    "budget_used_up": lazy_gettext("Notice: a budget is used up"),
    "canary_failed": lazy_gettext("Notice: the hourly trial failed"),
    "callback_call": lazy_gettext("To the citizen: call back"),
    "callback_not_reached": lazy_gettext("To the citizen: called back and not reached"),
    "gathered": lazy_gettext("Several reports in one message"),
    "incident_counted": lazy_gettext("To the citizen: counted on a known incident"),
    "invitation": lazy_gettext("Invitation to set up access"),
    "incident_over": lazy_gettext("To the citizen: a known incident is over"),
    "instruction": lazy_gettext("A leader's instruction"),
    "instruction_answered": lazy_gettext("Notice: an instruction was answered"),
    "instruction_overdue": lazy_gettext("Notice: an instruction was not answered in time"),
    "no_higher_level": lazy_gettext("There is no level above"),
    "nobody_on_duty": lazy_gettext("Nobody on duty can be called"),
    "line_test": lazy_gettext("Test call to a line"),
    "directory_unconfirmed": lazy_gettext("Notice: directory entry to be confirmed"),
    "directory_late": lazy_gettext("Notice: units late with their directory entry"),
    "directory_returned": lazy_gettext("Notice: directory entry returned"),
    "night_check": lazy_gettext("Night check of a line"),
    "units_lacking": lazy_gettext("Notice: what units lack"),
    "nobody_reachable": lazy_gettext("Notice: nobody could be reached"),
    "nothing_waits": lazy_gettext("Nothing waits for an answer"),
    "opened_again": lazy_gettext("To the citizen: reopened"),
    "passed_up": lazy_gettext("Level has been passed up"),
    "praise_received": lazy_gettext("Notice: the unit is praised"),
    "problem_reported": lazy_gettext("Notice: an arising problem"),
    "chat_unanswered": lazy_gettext("To the citizen: we cannot answer by this service"),
    "place_noted": lazy_gettext("To the citizen: place noted"),
    "pictures_not_taken": lazy_gettext("To the citizen: a picture could not be opened"),
    "place_unclear": lazy_gettext("To the citizen: the answer named no place"),
    "place_question": lazy_gettext("To the citizen: where is it?"),
    "request_state": lazy_gettext("To the citizen: how the request stands"),
    "request_unknown": lazy_gettext("To the citizen: reference not known"),
    "duty_begins": lazy_gettext("Notice: duty begins"),
    "post_given": lazy_gettext("Notice: a post is theirs now"),
    "step_test": lazy_gettext("Test of a step of a chain"),
    "protocol_opened": lazy_gettext("Notice: somebody on the line is in danger"),
    "rota_gaps": lazy_gettext("Notice: gaps in the duty rota"),
    "swap": lazy_gettext("Notice: swap of a duty shift"),
    "sms_help": lazy_gettext("To the citizen: how to text us"),
    "status_broken": lazy_gettext("To the citizen: a reference has 10 digits"),
    "code_of_nobody": lazy_gettext("To whoever texts a reply code: none was sent to this number"),
    "sms_stopped": lazy_gettext("To the citizen: no more texts"),
    "sms_welcome": lazy_gettext("To the citizen: texts again"),
    "ticket_opened": lazy_gettext("To the citizen: received, with reference"),
    "ticket_joined": lazy_gettext("To the citizen: handled with another request"),
    "ticket_question": lazy_gettext("To the citizen: a question"),
    "ticket_reopened": lazy_gettext("Notice: ticket reopened"),
    "ticket_reply": lazy_gettext("To the citizen: an answer"),
    "ticket_resolved": lazy_gettext("To the citizen: resolved"),
    "ticket_woken": lazy_gettext("Notice: a waiting ticket is due again"),
    "warning": lazy_gettext("Warning before a deadline"),
    "which_not_solved": lazy_gettext("To the citizen: which request is meant?"),
    "appeal_decided": lazy_gettext("To the citizen: decision on an appeal"),
    "appeal_opened": lazy_gettext("To the citizen: appeal received"),
    "appeal_refused": lazy_gettext("To the citizen: why there is no appeal"),
    "ticket_appealed": lazy_gettext("Notice: the citizen has appealed"),
    "ticket_disputed": lazy_gettext("Notice: units disagree who is responsible"),
    "ticket_interim": lazy_gettext("To the citizen: an interim answer"),
}

# Why a message did not leave, where the reason is one of ours; a carrier's own codes are numbers that it explains.
FAILURES: Mapping[str, LazyString] = {
    "busy": lazy_gettext("the line was busy"),
    "call_failed": lazy_gettext("the call could not be put through"),
    "gathered": lazy_gettext("one line of a list, as more than ten waited"),
    "gathered_over_limit": lazy_gettext("one line of a list, as this person gets no more messages now"),
    "hung_up": lazy_gettext("hung up before the message was heard"),
    "machine": lazy_gettext("a voicemail answered"),
    "no_answer": lazy_gettext("nobody answered"),
    "no_key": lazy_gettext("answered, but no key proved that somebody was there"),
    "over_limit": lazy_gettext("waits, as this person gets no more messages now"),
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
    "not_theirs": lazy_gettext("what answered was not the carrier"),
    "number_premium": lazy_gettext("this number charges whoever calls it"),
    "number_refused": lazy_gettext("this number is not among those we text and call"),
    "opted_out": lazy_gettext("the phone has opted out"),
    "over_budget_all": lazy_gettext("held: the city's budget for this hour is used up"),
    "over_budget_for_a_day": lazy_gettext("held by a budget for a day"),
    "over_budget_number": lazy_gettext("held: this number has had its budget"),
    "over_budget_prefix": lazy_gettext("held: the prefix of this number has had its budget for this hour"),
    "over_budget_range": lazy_gettext("held: numbers beside this one have used up their budget for this hour"),
    "released": lazy_gettext("released by an administrator"),
    "turn_over": lazy_gettext("was not taken while an agent was kept for it"),
    "stale_claim": lazy_gettext("the worker stopped while sending it"),
    "uncertain": lazy_gettext("nobody knows whether it arrived"),
    "undelivered": lazy_gettext("the carrier could not deliver it"),
    "unreachable": lazy_gettext("the carrier or mail server cannot be reached"),
}


def template_word(template: str) -> str:
    return word_of(OUTBOUND_TEMPLATES, template)


def failure_word(code: str) -> str:
    """Why a message did not leave: our own reason in words, a carrier's number as a number."""
    own = code.removeprefix("account:")
    word = FAILURES.get(own)
    return str(word) if word is not None else gettext("the carrier's code %(code)s", code=own)


def not_delivered_word(why: str) -> str:
    """Why an attempt did not arrive: what made it pointless, or why it did not leave."""
    return contact_codes.overtaken_word(why) if why in contact_codes.OVERTAKEN else failure_word(why)
