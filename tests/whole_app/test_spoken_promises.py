"""No spoken promise without a mechanism: each that a caller may hear, with the tests that prove it is kept.

A prompt promises where it says that something will be done, is kept, comes first or comes next. Whoever adds one names
the test that shows its effect for the person; whoever takes a proof away is told which promise loses it.
"""

import ast
import re
from functools import cache

import pytest

from app.settings import ROOT
from app.wording.spoken_words import prompt_texts
from telephony.plan.prompts import Prompt

VI = re.compile(
    r"\bsẽ\b|ưu tiên|giữ (nguyên|thứ tự)|vẫn giữ|nối lại|trở lại ngay|tin nhắn|SMS|\bđược ghi\b|đã được ghi|gọi lại"
    r"|chuyển (cuộc gọi|đến)|tiếp theo|còn chờ|gọi từ|giữ máy( để)? gặp|ghi âm|mời ông bà nói",
    re.IGNORECASE,
)
EN = re.compile(
    r"\b(shall|will)\b|priority|your place|connecting you|being connected|\bin a moment\b|has been (saved|recorded)"
    r"|is recorded|you are next|called? (you )?back|calling (you )?back|another \{?minutes|text message|passed on"
    r"|minutes? to wait|wait (is|of)|back in|hold for a person|recorded line|go ahead",
    re.IGNORECASE,
)

DOOR = "tests/app/web/provider_events/"
CALLED_BACK, VOICE, AGENTS = f"{DOOR}test_calling_back.py", f"{DOOR}test_voice.py", f"{DOOR}test_voice_agents.py"
PASSING = f"{DOOR}test_passing_on.py"
STEPS, FAULTS = "tests/telephony/ivr/test_steps.py", f"{DOOR}test_webhook_faults.py"
CALLS = (
    (CALLED_BACK, "test_when_the_turn_comes_an_agent_is_kept_the_number_is_dialled_and_key_one_talks_to_that_agent"),
    ("tests/app/simulator/test_telephone.py",
     "test_whoever_asked_is_rung_when_an_agent_is_free_presses_one_and_talks_to_that_agent"),
)  # fmt: skip
STORM = (
    "tests/app/phone/test_many_callers.py",
    "test_in_a_storm_nobody_is_hung_up_on_and_all_who_are_counted_are_told_once",
)
PLACE = (
    (CALLED_BACK, "test_a_callback_stands_in_one_line_with_the_callers_in_the_order_in_which_they_came"),
    (CALLED_BACK, "test_a_caller_hears_of_callbacks_before_them_as_of_anybody_in_line"),
)
AGAIN = (
    (CALLED_BACK,
     "test_three_attempts_after_five_and_fifteen_minutes_then_one_text_and_the_agent_is_free_each_time"),
)  # fmt: skip

# Each promise, and the tests that show its effect.
PROOFS: dict[Prompt, tuple[tuple[str, str], ...]] = {
    Prompt.RECORDING_NOTICE: ((STEPS, "test_an_accepted_offer_connects_and_records_the_talk"),),
    Prompt.MENU_CALLBACK: (*CALLS, *AGAIN),
    Prompt.MENU_SILENCE: ((VOICE, "test_silence_and_wrong_keys_lead_to_a_person_with_a_ticket"),),
    Prompt.TO_A_PERSON: (
        (VOICE, "test_silence_and_wrong_keys_lead_to_a_person_with_a_ticket"),
        (AGENTS, "test_a_call_is_offered_taken_held_ended_and_wrapped_up"),
    ),
    Prompt.EMERGENCY_NUMBERS: (
        (CALLED_BACK, "test_an_emergency_rings_before_every_callback"),
        (VOICE, "test_danger_that_is_told_instead_of_a_place_is_an_emergency_and_answered_first"),
    ),
    Prompt.DANGER_STAY: (
        (VOICE, "test_danger_that_is_told_instead_of_a_place_is_an_emergency_and_answered_first"),
    ),
    Prompt.PLACE_AGENT_WILL_ASK: ((STEPS, "test_none_of_the_places_offered_means_the_agent_asks"),),
    Prompt.QUEUE_NEXT: ((STEPS, "test_the_queue_tells_the_reference_once_and_a_position_that_never_rises"), PLACE[1]),
    Prompt.QUEUE_CHOICES: (*CALLS, *PLACE),
    Prompt.QUEUE_CONNECTING: ((AGENTS, "test_a_call_is_offered_taken_held_ended_and_wrapped_up"),),
    Prompt.QUEUE_WAIT: ((STEPS, "test_a_long_wait_is_told_as_such_and_no_figure_is_better_than_a_wrong_one"),),
    Prompt.QUEUE_WAIT_LONG: ((STEPS, "test_a_long_wait_is_told_as_such_and_no_figure_is_better_than_a_wrong_one"),),
    Prompt.NOBODY_CHOICES: ((CALLED_BACK, "test_with_nobody_on_duty_it_waits_until_somebody_is"), *CALLS),
    Prompt.HOLD: ((AGENTS, "test_a_call_is_offered_taken_held_ended_and_wrapped_up"),),
    Prompt.PASSING_ON: (
        (PASSING, "test_whoever_is_passed_on_stands_before_all_who_wait_and_stays_as_urgent"),
        (PASSING, "test_a_colleague_who_does_not_answer_costs_the_caller_nothing_and_it_rings_back"),
    ),
    Prompt.CUT_OFF: ((AGENTS, "test_a_dropped_agents_leg_puts_the_caller_to_the_front_of_the_queue"),),
    Prompt.VOICEMAIL_THANKS: (
        (VOICE, "test_with_nobody_on_duty_a_message_is_left_and_the_caller_hears_the_reference"),
    ),
    Prompt.GUIDANCE_CHOICES: (
        (
            f"{DOOR}test_voice_guidance.py",
            "test_a_caller_hears_what_was_decided_and_who_stays_on_the_line_is_put_through",
        ),
    ),
    Prompt.INCIDENT_COUNTED: (STORM,),
    Prompt.INCIDENT_COUNTED_ONLY: (
        ("tests/telephony/ivr/test_bulletin.py", "test_whom_nothing_reaches_is_told_so_and_gets_the_number"),
    ),
    Prompt.INCIDENT_COUNTED_CALL: (
        (f"{DOOR}test_voice_incident.py",
         "test_a_landline_is_rung_when_it_is_over_again_while_nobody_takes_it_and_a_key_says_that_it_was_heard"),
    ),
    Prompt.CALLBACK_CONFIRM: CALLS,
    Prompt.CALLBACK_KEY_NUMBER: ((STEPS, "test_a_hidden_number_keys_in_where_to_call_back"), *CALLS),
    Prompt.CALLBACK_THANKS: (
        (CALLED_BACK,
         "test_whoever_asks_hears_the_number_that_the_place_is_kept_and_from_which_number_we_call"),
        *CALLS, *PLACE, *AGAIN,
    ),
    Prompt.CALLBACK_KEPT: ((CALLED_BACK, "test_a_second_wish_of_a_number_keeps_the_first_place_and_says_so"), *CALLS),
    Prompt.CALLBACK_LINE: (
        ("tests/app/delivery/test_called_back.py",
         "test_it_is_dialled_from_the_number_that_was_said_greets_and_asks_for_a_key"),
    ),
    Prompt.CALLBACK_BLOCKED: ((CALLED_BACK, "test_nobody_is_called_who_asked_us_not_to"),),
    Prompt.CALLBACK_GREETING: CALLS,
    Prompt.CALLBACK_GREETING_MISSED: (
        (CALLED_BACK, "test_who_only_hung_up_is_dialled_when_nobody_waits_on_the_line"),
    ),
    Prompt.CALLBACK_BROKEN: (
        (f"{DOOR}waiting/test_called_back.py",
         "test_after_half_an_hour_of_holding_they_are_told_that_we_call_again_and_we_do"),
    ),
    Prompt.CALLBACK_LATER: (
        (CALLED_BACK, "test_a_key_that_means_nothing_is_asked_about_once_and_then_the_agent_is_free"), *AGAIN,
    ),
    Prompt.CALLBACK_NOT_NEEDED: (
        (CALLED_BACK, "test_the_person_hears_what_the_call_is_about_and_may_say_that_nothing_is_needed"),
    ),
    Prompt.FAILURE: (
        (CALLED_BACK, "test_whoever_heard_the_outage_announcement_is_called_back_as_it_says"),
        (FAULTS, "test_with_the_database_away_the_caller_leaves_a_message_that_becomes_one_ticket_when_it_is_back"),
    ),
    Prompt.FAILURE_THANKS: (
        (CALLED_BACK, "test_whoever_heard_the_outage_announcement_is_called_back_as_it_says"),
    ),
    Prompt.NIGHT_WRONG: (
        ("tests/app/web/office/test_night.py", "test_nine_says_that_it_is_somebody_elses_number"),
    ),
}  # fmt: skip


def promising(locale: str) -> set[Prompt]:
    marks = VI if locale == "vi" else EN
    return {Prompt(code) for code, words in prompt_texts()[locale].items() if marks.search(words)}


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_every_promise_that_is_spoken_has_a_test_that_proves_it(locale: str) -> None:
    assert promising(locale) - PROOFS.keys() == set(), "say with which test this promise is proved, or do not make it"


def test_what_is_proved_is_still_promised_in_some_language() -> None:
    assert PROOFS.keys() - promising("vi") - promising("en") == set()


@pytest.mark.parametrize("prompt", PROOFS)
def test_the_proof_of_a_promise_is_there(prompt: Prompt) -> None:
    missing = [(file, name) for file, name in PROOFS[prompt] if name not in named_tests(file)]

    assert missing == []


@cache
def named_tests(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef))
