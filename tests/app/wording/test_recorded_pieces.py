"""What a speaker records, and which sentences are put together of it."""

from string import Formatter

import pytest

from app.wording.recorded_pieces import pieces_of, pieces_to_record, words_of_piece
from app.wording.spoken_words import prompt_texts, speak
from telephony.plan.prompts import Prompt
from tickets.states import LOCALES


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_without_a_variable_word_is_one_piece_with_its_own_words(locale: str) -> None:
    listed = pieces_to_record(locale)

    for prompt in (Prompt.GREETING, Prompt.MENU_EMERGENCY, Prompt.PLEASE_HOLD, Prompt.EMERGENCY_NUMBERS):
        assert pieces_of(prompt, {}, locale) == [prompt.value]
        assert listed[prompt.value] == speak(prompt, {}, locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_list_holds_no_gap_and_nothing_twice(locale: str) -> None:
    listed = pieces_to_record(locale)

    assert all(words.strip() and "{" not in words for words in listed.values())
    assert [str(number) for number in range(61)] == [listed[f"number.{number}"] for number in range(61)]


def test_numbers_are_put_between_the_words_around_them() -> None:
    assert pieces_of(Prompt.QUEUE_POSITION, {"position": 3}, "vi") == [
        "queue_position.1", "number.3", "queue_position.2",
    ]  # fmt: skip
    assert words_of_piece("queue_position.1", "vi") == "Ông bà đứng thứ"
    assert words_of_piece("queue_position.2", "vi") == "trong hàng chờ"


def test_a_reference_is_read_digit_by_digit() -> None:
    digits = [f"number.{digit}" for digit in "2600421733"]

    assert pieces_of(Prompt.REFERENCE_TWICE, {"reference": "2600421733"}, "vi") == [
        "reference_twice.1", *digits, "reference_twice.2", *digits,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("prompt", "params"),
    [
        (Prompt.PLACE_CONFIRM, {"unit": "Phường Sài Gòn"}),
        (Prompt.FOLLOW_DUE, {"due": "2026-12-03T17:00:00"}),
        (Prompt.INCIDENT_BULLETIN, {"bulletin": "Ngập"}),
        (Prompt.QUEUE_POSITION, {"position": 61}),
        (Prompt.FAILURE, {}),
    ],
)
def test_what_nobody_can_have_recorded_is_said_by_the_voice_as_a_whole(prompt: Prompt, params: dict) -> None:
    assert list(pieces_of(prompt, params, "vi")) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_either_put_together_of_listed_pieces_or_said(locale: str) -> None:
    listed = pieces_to_record(locale)
    for prompt in Prompt:
        names = {name for _, name, _, _ in Formatter().parse(prompt_texts()[locale][prompt.value]) if name}
        codes = pieces_of(prompt, dict.fromkeys(names, "12"), locale)
        assert set(codes) <= listed.keys()
