"""What is wrong with a file of rules or days, in words."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

# By the codes of `tickets/promises/policy_file.py` and what applies its file; a test looks for one without words.
FAULT_WORDS: Mapping[str, LazyString] = {
    "not_yaml": lazy_gettext("This is not YAML."),
    "aliases": lazy_gettext("Anchors and aliases are not supported: write the value out."),
    "empty": lazy_gettext("The file is empty."),
    "too_long": lazy_gettext("It is too long."),
    "not_a_list": lazy_gettext("A list is expected here."),
    "not_a_mapping": lazy_gettext("Names with values are expected here."),
    "unknown_field": lazy_gettext("Unknown field."),
    "bad_name": lazy_gettext("A name must have 1 to 120 characters."),
    "bad_match": lazy_gettext("This condition cannot be used."),
    "bad_warn": lazy_gettext("Warnings are shares from 1 to 99 per cent."),
    "bad_pause_cap": lazy_gettext("The longest pause is a multiple of the target."),
    "one_offset": lazy_gettext("Give exactly one time offset."),
    "no_level_before": lazy_gettext("There is no level before this one."),
    "levels_do_not_climb": lazy_gettext("Levels must be in ascending order."),
    "offsets_do_not_increase": lazy_gettext("A level must come later than the one below it."),
    "no_post": lazy_gettext("Name the post that is to be told."),
    "no_such_post": lazy_gettext("There is no such post."),
    "no_such_action": lazy_gettext("There is no such action."),
    "no_such_calendar": lazy_gettext("There is no such calendar."),
    "no_such_chain": lazy_gettext("There is no such chain."),
    "no_such_category": lazy_gettext("There is no such category."),
    "no_such_unit": lazy_gettext("There is no such unit."),
    "no_such_policy": lazy_gettext("There is no such policy."),
    "no_channel": lazy_gettext(
        "Choose at least one way to tell people: a text (sms), e-mail (email), a call (voice) or on screen (screen)."
    ),
    "no_emergency": lazy_gettext("Nothing says what holds in an emergency: add rows with priority emergency."),
    "climbs_too_high": lazy_gettext(
        "Only an unsolved matter climbs this high: accept and next up to level 3, first and update up to level 4."
    ),
    "unit_lacks_post": lazy_gettext("Neither this unit nor any above it has such a post: nobody could be told."),
    "leaves_gap": lazy_gettext("Without what it retires or narrows, some contacts would be promised nothing."),
    "no_events": lazy_gettext("There is no event in it: is it a calendar file (.ics)?"),
    "breaks_off": lazy_gettext("It ends in the middle of an event: export the calendar once more."),
    "not_whole_days": lazy_gettext("Left out: it has an hour, so it is no day off."),
    "event_repeats": lazy_gettext("Left out: it repeats by itself. Add its days by hand, year by year."),
    "bad_day": lazy_gettext("Left out: its days cannot be right."),
    "twice": lazy_gettext("It appears twice."),
    "bad_least_seconds": lazy_gettext(
        "The least time is a number that is not negative: minutes in the form, whole seconds in a file."
    ),
    "bad_level": lazy_gettext("A level is a number from 1 to 9."),
    "bad_offset": lazy_gettext(
        "Write a number: a length of time above zero and up to ten years, or a share in whole per cent such as 25."
    ),
    "amount_unused": lazy_gettext("This step comes when the deadline has come: empty this field, or choose when."),
    "bad_target": lazy_gettext("A target is a whole number of seconds, more than 0."),
    "no_rows": lazy_gettext("A policy needs at least one row."),
    "no_steps": lazy_gettext("A chain needs at least one level."),
    "no_such_channel": lazy_gettext("There is no such channel."),
    "no_such_clock": lazy_gettext("There is no such promise."),
    "no_such_level": lazy_gettext("There is no such level of competence."),
    "no_such_priority": lazy_gettext("There is no such priority."),
}
