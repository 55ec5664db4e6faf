"""Every prompt has its words in every language, with exactly the parameters it is given."""

from string import Formatter

import pytest

from app.wording.spoken_words import in_digit_groups, prompt_texts, speak
from telephony.plan.prompts import Prompt, parameters


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_each_language_has_exactly_the_prompts_there_are(locale):
    assert set(prompt_texts()[locale]) == {prompt.value for prompt in Prompt}


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("prompt", Prompt)
def test_a_prompt_takes_the_parameters_it_is_given(locale, prompt):
    named = {name for _, name, _, _ in Formatter().parse(prompt_texts()[locale][prompt.value]) if name is not None}

    assert named == parameters(prompt)
    assert speak(prompt, {name: "2026-12-03T17:30" if name == "due" else "1" for name in named}, locale).strip()


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("2600421733", "2 6, 0 0 4 2, 1 7 3 3"),
        ("0901234567", "0 9 0 1, 2 3 4, 5 6 7"),
        ("02838000000", "0 2, 8 3 8, 0 0 0, 0 0 0"),
        ("1022", "1, 0 2 2"),
        ("113", "1 1 3"),
    ],
)
def test_digits_are_read_one_by_one_in_groups(number, spoken):
    assert in_digit_groups(number) == spoken


@pytest.mark.parametrize(
    ("due", "locale", "spoken"),
    [
        ("2026-12-03T17:00:00+07:00", "vi", "Thời hạn xử lý là 17 giờ ngày 3 tháng 12."),
        ("2026-12-03T17:30:00+07:00", "vi", "Thời hạn xử lý là 17 giờ 30 ngày 3 tháng 12."),
        ("2026-12-03T17:30:00+07:00", "en", "It is due at 17:30 on 3 December."),
    ],
)
def test_a_deadline_is_said_to_the_minute_as_people_say_it(due, locale, spoken):
    assert speak(Prompt.FOLLOW_DUE, {"due": due}, locale) == spoken


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("prompt", [Prompt.PLACE_SAY, Prompt.PLACE_SAY_AGAIN, Prompt.PLACE_SPELL, Prompt.WHERE])
def test_no_tone_is_announced_where_none_will_sound(locale, prompt):
    words = prompt_texts()[locale][prompt.value]

    assert "bíp" not in words and "tone" not in words


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("prompt", Prompt)
def test_nothing_is_said_that_takes_longer_than_a_caller_can_keep_in_mind(locale, prompt):
    # The two that are recited slowly on purpose: the emergency numbers, and the message of a house on fire itself.
    most = 55 if prompt in (Prompt.EMERGENCY_NUMBERS, Prompt.FAILURE) else 40

    assert len(prompt_texts()[locale][prompt.value].split()) <= most


def test_a_language_without_a_file_is_spoken_in_english():
    assert speak(Prompt.GOODBYE, {}, "km") == speak(Prompt.GOODBYE, {}, "en")
