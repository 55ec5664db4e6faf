"""What a speaker records, piece by piece, and of which pieces a sentence is put together.

A sentence without a variable word is one piece. Where only numbers vary, its words around them are pieces, and so is
every number up to sixty. A sentence that names a unit, a date or somebody's words cannot be put together: the voice
says all of it, because half a sentence in another voice is worse than none.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from string import Formatter

from app.wording.spoken_words import prompt_texts
from telephony.plan.prompts import Prompt

HIGHEST_NUMBER = 60
_NUMBER = "number"
# Said by the fallback document, which must not need us, or by calls that we place, whose words are made beforehand.
_NEVER_PLAYED = frozenset(
    {
        Prompt.FAILURE, Prompt.FAILURE_THANKS, Prompt.CALLBACK_GREETING, Prompt.CALLBACK_GREETING_MISSED,
        Prompt.CALLBACK_LATER, Prompt.CALLBACK_NOT_NEEDED, Prompt.NOTICE_ACKNOWLEDGED, Prompt.NOTICE_PASSED_UP,
        Prompt.NOTICE_NOTHING_ABOVE, Prompt.NOTICE_OUTDATED, Prompt.NOTICE_HEARD, Prompt.NOTICE_INSTRUCTED,
    }
)  # fmt: skip
_DIGITS, _WHOLE = "digits", ""
_NUMBERS = frozenset({"position", "minutes"})
_AROUND = " .,;:"


@cache
def pieces_to_record(locale: str) -> Mapping[str, str]:
    """Code → words, in the order in which a caller may hear them; the numbers come last."""
    found: dict[str, str] = {}
    for code in Prompt:
        found.update(words for words in _pieces(code, locale) if words[1] is not None)  # type: ignore[misc]
    return found | {f"{_NUMBER}.{number}": str(number) for number in range(HIGHEST_NUMBER + 1)}


def pieces_of(prompt: Prompt, params: Mapping[str, str | int], locale: str) -> Sequence[str]:
    """The codes of a sentence's pieces one after the other; none where it cannot be put together."""
    codes: list[str] = []
    for code, words in _pieces(prompt, locale):
        if words is not None:
            codes.append(code)
            continue
        said = str(params.get(code, ""))
        if (prompt, code) in _read_digit_by_digit(locale):
            codes += [f"{_NUMBER}.{digit}" for digit in said if digit.isdecimal()]
        elif said.isdecimal() and int(said) <= HIGHEST_NUMBER:
            codes.append(f"{_NUMBER}.{int(said)}")
        else:
            return ()
    return codes


def words_of_piece(code: str, locale: str) -> str:
    """What a piece says; empty where there is none of this code."""
    return pieces_to_record(locale).get(code, "") if locale in prompt_texts() else ""


@cache
def _pieces(prompt: Prompt, locale: str) -> Sequence[tuple[str, str | None]]:
    """Codes with their words; for what varies its name, without words. Nothing where the voice has to say it."""
    template = prompt_texts().get(locale, {}).get(prompt.value, "")
    parts = list(Formatter().parse(template))
    if prompt in _NEVER_PLAYED or not all(_may_be_played(name, spec) for _, name, spec, _ in parts):
        return ()
    if all(name is None for _, name, _, _ in parts):
        return [(prompt.value, template)] if template else ()
    return list(_around_numbers(prompt, parts))


def _around_numbers(
    prompt: Prompt, parts: Sequence[tuple[str, str | None, str | None, str | None]]
) -> Iterator[tuple[str, str | None]]:
    number = 0
    for words, name, _, _ in parts:
        if words.strip(_AROUND):
            number += 1
            yield f"{prompt.value}.{number}", words.strip(_AROUND)
        if name is not None:
            yield name, None


def _may_be_played(name: str | None, spec: str | None) -> bool:
    return name is None or spec == _DIGITS or (name in _NUMBERS and spec == _WHOLE)


@cache
def _read_digit_by_digit(locale: str) -> frozenset[tuple[Prompt, str]]:
    return frozenset(
        (prompt, name)
        for prompt in Prompt
        for _, name, spec, _ in Formatter().parse(prompt_texts().get(locale, {}).get(prompt.value, ""))
        if name is not None and spec == _DIGITS
    )
