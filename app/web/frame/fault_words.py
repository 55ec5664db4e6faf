"""Words for what the domain refuses of an input: one table for forms, the API and the console."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from app.wording.locale import chosen_locale
from app.wording.spoken_time import calendar_day_phrase, dated_phrase
from tickets.city import zone
from tickets.errors import InvalidInput


def fault_words(error: InvalidInput) -> str:
    """A sentence that says what is wrong with the value and what would be right."""
    return _words(error.params).get(error.code, _("This value cannot be used."))


def _words(params: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "required": _("This field is required."),
        "missing": _("This field is required."),
        "too_long": _("At most %(limit)s characters.", limit=params.get("limit", "")),
        "not_an_account_name": _("Small letters, digits and dashes, beginning with a letter, at most 40."),
        "account_exists": _("There is an account with this name already."),
        "short_secret": _("At least %(least)s characters.", least=params.get("least", "")),
        "not_a_header": _("The name of a header has letters, digits and dashes."),
        "not_an_address": _("A whole address such as https://switch.example.gov.vn is needed, without a password."),
        "not_over_tls": _("It must begin with https://, because tokens and texts of citizens go there."),
        "not_hosts": _("One name of a host a line, without https:// and without a path."),
        "not_templates": _("A line each: the number, =, and how the text begins."),
        "not_between": _(
            "A number from %(least)s to %(most)s.", least=params.get("least", ""), most=params.get("most", "")
        ),
        "not_a_rate": _("A price has digits, and a comma or point before its fractions."),
        "not_a_currency": _("Three letters, such as VND."),
        "not_a_voice": _("The name of a voice has letters without marks, digits, dots and dashes, and no spaces."),
        "voice_of_another_language": _(
            "This voice does not read Vietnamese. Such as %(usual)s, or empty for the usual one.",
            usual=params.get("usual", ""),
        ),
        "unknown_voice": _(
            "The provider has no voice of this name for Vietnamese: calls would end at the first word. "
            "Such as %(usual)s, or empty for the usual one.",
            usual=params.get("usual", ""),
        ),
        "not_a_country": _("Two letters, such as VN."),
        "abroad_undecided": _("Voice and text of citizens may lie abroad only by a decision: give its number."),
        "kind_cannot": _("Accounts of this kind cannot do that: callers would be cut off."),
        "lies_ahead": _("This day is still to come."),
        "not_in_the_future": _("This must lie in the future."),
        "later_than_allowed": _("This is later than the longest pause that the promise allows."),
        "not_a_date": _("This is not a date."),
        "day_passed": _("This day has passed: choose today or a day to come."),
        "no_unit_chosen": _("Tick the units first."),
        "not_the_last_stage": _("Only the last stage that was entered is taken out."),
        "stage_before_missing": _("The stage before is not entered yet."),
        "before_the_stage_before": _("This is before the day of the stage before."),
        "after_the_stage_after": _("This is after the day of the stage that follows."),
        "no_such_stage": _("There is no such stage."),
        "entry_changed": _("Somebody has changed it meanwhile: read it once more."),
        "called_just_now": _("This line was called a moment ago: wait five minutes."),
        "several_queues": _(
            "Several have this name: %(names)s. Choose one of the list.", names=params.get("names", "")
        ),
        "address_needed": _("Tell the citizen where to go: the body and its address."),
        "before_start": _("The end lies before the beginning."),
        "past": _("This date has passed."),
        "on_the_line": _("This citizen is on the line with us at this moment."),
        "rings_first": _("A call rings at you: answer or decline it first, then call the citizen."),
        "you_are_on_a_call": _("You are on a call: end it first, then call the citizen."),
        "you_are_calling_back": _("Another citizen is being called for you: see what comes of it first."),
        "budget_used_up": _(
            "Nobody is called: the budget for calls is used up. An administrator may raise it; it begins anew later."
        ),
        "number_not_called": _("Nobody is called: numbers like this one are not called."),
        "take_calls_first": _("Press “Take calls” first: the citizen is put through to you."),
        "being_called": _("This number is being called at this moment."),
        "too_far_ahead": _("At most 14 days ahead."),
        "clock_stopped": _("The promise has ended already; its date cannot be moved."),
        "promise_over": _("The promise has ended already: nobody has to answer for it any more."),
        "promise_stands_still": _(
            "The promise stands still while the citizen or somebody else is asked: nobody is late."
        ),
        "level_over": _(
            "The matter was settled after this report and has been taken up again; you will be told anew if it is late."
        ),
        "handles_it": _("This person handles the ticket: somebody else has to answer for its delay."),
        "one_to_five": _("Give one to five stars."),
        "no_phone": _("This citizen cannot be reached that way."),
        "not_by_hand": _("This result cannot be chosen by hand."),
        "not_a_dossier_number": _("A dossier number has 3 to 60 letters and digits, with - . / between them."),
        "no_such_category": _("There is no such category."),
        "no_such_procedure": _("There is no such procedure."),
        "no_such_unit": _("There is no such unit."),
        "unit_not_live": _("This body does not work with the system yet: the city's desk works its tickets."),
        "no_such_queue": _("There is no such queue."),
        "conduct_needs_routing": _("A matter about a unit or its staff is routed by the rules: transfer the ticket."),
        "not_suspected": _("It is restricted for more than its wording."),
        "nothing_to_split": _("This ticket is over: open a new one instead."),
        "restricted_not_split": _("Only named people read this ticket; what was split off would be read by others."),
        "no_such_ticket": _("There is no ticket with this reference that you may see."),
        "same_ticket": _("This is the ticket itself."),
        "restricted_not_linked": _("A restricted ticket is never linked to another."),
        "not_your_area": _("This is not your area: name only units that you steer."),
        "unknown_area": _("We do not know “%(name)s” as a ward, commune or old district.", name=params.get("name", "")),
        "ambiguous_area": _(
            "“%(name)s” may be several: %(names)s. Write which.",
            name=params.get("name", ""),
            names=params.get("names", ""),
        ),
        "own_guidance": _("Another leader has to approve what you drafted or submitted."),
        "in_the_future": _("This date has not come yet."),
        "guidance_moved_on": _("It has moved on meanwhile: this is how it stands now."),
        "guidance_not_in_force": _("This guidance is not in force."),
        "problem_over": _("This problem has ended already."),
        "nothing_linked": _("No linked ticket waits for this answer."),
        "both_languages": _("Give it in both languages, or in none."),
        "about_nothing": _("Choose a category or a procedure, or give words that people use."),
        "phrase_too_short": _(
            "“%(words)s” stands in too many texts: give a longer phrase.", words=params.get("words", "")
        ),
        "incident_too_long": _("An incident lasts 72 hours at most; extend it later."),
        "cap_without_disaster": _("Only a disaster has a limit of callers: mark it as one, or leave this empty."),
        "incident_over": _("This incident is over already."),
        "out_of_range": _("This number is not possible here."),
        "takes_too_long": _(
            "Read aloud this takes %(seconds)s seconds; at most %(most)s are possible.",
            seconds=params.get("seconds", ""),
            most=params.get("most", ""),
        ),
        "is_duplicate": _(
            "This ticket is a duplicate: it is answered with its master. To work on it by itself, unlink it first."
        ),
        "master_is_duplicate": _("That ticket is a duplicate itself: choose its master."),
        "master_over": _("That ticket is finished: only an open one can answer for others."),
        "not_yours_to_link": _("You do not work on that ticket: ask a city supervisor to link them."),
        "no_duplicate": _("This ticket is no duplicate any more."),
        "appeal_not_linked": _("An appeal is decided by itself; it is no duplicate and has none."),
        "appeal_is_decided": _("This is an appeal: decide it instead of resolving it."),
        "no_open_appeal": _("This is no appeal that is still open."),
        "is_appeal": _("A decision on an appeal cannot be appealed against here again."),
        "not_closed": _("An appeal is possible once the request is closed; until then say that it is not solved."),
        "too_late": _("The 30 days for an appeal are over."),
        "appealed_before": _("This result was appealed against already."),
        "not_to_be_expected": _("Give a date in the future, at most a year away."),
        "no_dispute": _("Nobody disagrees about it any more."),
        "no_rule_for_body": _("No rule sends a kind of matter to this body: decide without the rule."),
        "no_rule_without_category": _("Give the ticket a category first, or decide without the rule."),
        "came_from_no_other": _("It did not come from another queue; transfer it instead."),
        "does_not_work_here": _("This person does not work on this unit's tickets."),
        "bad_email": _("This is not an e-mail address."),
        "bad_phone": _("This is not a phone number that can be called."),
        "not_a_sip_address": _("A SIP address has the form name@exchange, in Latin letters without marks."),
        "voicemail_would_answer": _(
            "None of our accounts can ask a number for a key first, and a voicemail would take the caller. "
            "Choose the browser or a SIP telephone."
        ),
        "not_at_the_exchange": _(
            "Only telephones at the city’s own exchange are rung: the address ends in @%(exchange)s.",
            exchange=params.get("exchange", ""),
        ),
        "number_is_ours": _("This is a number of ours: a call would ring ourselves."),
        "not_a_prefix": _("A prefix begins with + and the country, such as +84 or +8490."),
        "no_such_budget": _("A whole number from 1 to 1,000,000, please."),
        "last_allowed_prefix": _("This is the only prefix that is allowed: without it no citizen would hear of us."),
        "number_premium": _("This number charges whoever calls it: it is neither texted nor called."),
        "number_refused": _("This number is not among those that the city texts and calls."),
        "no_sms_there": _("This number takes no text messages: choose a phone call for it."),
        "not_a_mobile": _("This number takes no text messages: choose a mobile telephone."),
        "hours_in_pairs": _("Give both hours, or none."),
        "no_such_hours": _("From 0 to 23, until 1 to 24, and not the same: 7 to 20, or 22 to 6 for a night."),
        "not_an_hour": _("Hours are whole numbers from 0 to 24."),
        "code_just_sent": _("A code was sent a moment ago. Wait a minute, then ask again."),
        "no_such_reach_time": _("Between half a minute and 24 hours, in minutes."),
        "no_such_number_of_calls": _("Between 1 and 10 calls, please."),
        "no_such_limit": _("Between 1 and 1,000 messages, please."),
        "no_such_call_pause": _("Between 5 seconds and one hour, in seconds."),
        "held_already": _("The person holds this role already."),
        "own_post": _("Nobody gives a post or a field to themselves; another administrator can."),
        "no_such_person": _("This account is closed or does not exist."),
        "no_such_account": _("There is no account with this address. Add the person first."),
        "holds_post_already": _("The person has this post already, or will have it."),
        "somebody_is_coming": _("Somebody is to come already. Take that back first."),
        "holds_it_not": _("This person does not hold the post like that on that day."),
        "role_needed": _(
            "The person has no role at this unit: choose one, so that they can open what they are told of."
        ),
        "field_or_area": _("Choose either a field or an area."),
        "responsible_already": _("The person answers for it already."),
        "own_administration": _("You cannot end your own administrator role; another administrator can."),
        "own_account": _("You cannot close your own account; another administrator can."),
        "window_too_long": _("At most fourteen days at a time."),
        "own_request": _("You asked for this yourself; another administrator decides."),
        "decided_already": _("This has been decided already."),
        "in_use": _("This name is in use."),
        "turn_is_over": _("This shift is over; what has been is not changed."),
        "turn_runs": _("This shift is running: end it now, and plan another one for somebody else."),
        "turn_too_long": _("A shift lasts %(days)s days at most.", days=params.get("days", "")),
        "no_role_there": _("This person works at another unit: a role at this one is needed to be on duty for it."),
        "on_duty_already": _on_duty_already(params),
        "on_leave": _on_leave(params),
        "leave_too_long": _("A leave lasts %(days)s days at most.", days=params.get("days", "")),
        "days_of_a_turn": _("A whole number of days, from 1 to %(most)s.", most=params.get("most", "")),
        "too_many_feeds": _("You have %(most)s addresses; revoke one first.", most=params.get("most", "")),
        "nobody_to_test": _("Nobody stands on this step then: there is nobody to test."),
        "no_way_to_test": _("Who stands on this step cannot be reached: they have to name a way first."),
        "tested_just_now": _("A test was sent a moment ago; wait a minute and look what became of it."),
        "tested_enough": _("%(most)s tests a day for one person and step are enough.", most=params.get("most", "")),
        "not_a_time": _("This is not a time of day."),
        "turn_has_begun": _("This shift has begun, or is no longer that person's."),
        "asked_already": _("Somebody has already been asked to take this shift; withdraw that request first."),
    }


def _on_duty_already(params: Mapping[str, Any]) -> str:
    if "post" not in params:
        return ""
    return _(
        "This person is on duty already: %(post)s, %(from)s to %(to)s.",
        post=params["post_en"] if chosen_locale() == "en" else params["post"],
        **{"from": dated_phrase(params["starts_at"]), "to": dated_phrase(params["ends_at"])},
    )


def _on_leave(params: Mapping[str, Any]) -> str:
    if "starts_at" not in params:
        return ""
    # Leave is of whole days: it ends with the day before the midnight that is kept.
    first, last = params["starts_at"].astimezone(zone()), (params["ends_at"] - timedelta(seconds=1)).astimezone(zone())
    return _(
        "This person is on leave from %(first)s to %(last)s, both days included.",
        first=calendar_day_phrase(first.date()),
        last=calendar_day_phrase(last.date()),
    )
