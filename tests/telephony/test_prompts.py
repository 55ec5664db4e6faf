"""Every prompt has its words in every language, with exactly the parameters it is given."""

from string import Formatter

import pytest

from app.voice_prompts import in_digit_groups, prompt_texts, speak
from telephony.prompts import Prompt, parameters


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_each_language_has_exactly_the_prompts_there_are(locale):
    assert set(prompt_texts()[locale]) == {prompt.value for prompt in Prompt}


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("prompt", Prompt)
def test_a_prompt_takes_the_parameters_it_is_given(locale, prompt):
    named = {name for _, name, _, _ in Formatter().parse(prompt_texts()[locale][prompt.value]) if name is not None}

    assert named == parameters(prompt)
    assert speak(prompt, {name: "1" for name in named}, locale).strip()


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


def test_a_language_without_a_file_is_spoken_in_english():
    assert speak(Prompt.GOODBYE, {}, "km") == speak(Prompt.GOODBYE, {}, "en")
