"""How long a caller listens before being helped, and in which order things are said."""

import re
import shutil
import wave
from dataclasses import replace

import pytest

from app.cli.__main__ import main
from app.phone.answers import HOLD_MUSIC
from app.settings import ROOT
from app.simulator.telephone import wav_seconds
from app.wording.heard_passages import passages
from app.wording.spoken_length import spoken_seconds, syllables
from app.wording.spoken_words import prompt_texts, speak
from telephony.ivr import CallFacts, Conversation, Heard, IncidentFacts, NamedUnit, begin, step
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather
from tests.telephony.ivr.test_steps import prompts
from tickets.states import CallState

LANGUAGES = ("vi", "en")
CALLER = CallFacts(caller="+84901234567", reference="2600421733")


def seconds(outcome, locale):
    return sum(
        spoken_seconds(speak(say.prompt, say.params, say.locale or locale), say.locale or locale)
        for say in outcome.plan[0].spoken
        if hasattr(say, "prompt")
    )


def greeted(locale, **facts):
    return begin(Conversation(CallState.GREETING, locale=locale), replace(CALLER, **facts))


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("unit", [None, "Phường Tân Sơn Nhất", "Đặc khu Côn Đảo"])
def test_the_whole_menu_lasts_15_seconds_at_most(locale, unit):
    line_unit = NamedUnit(1, unit) if unit else None

    assert seconds(greeted(locale, line_unit=line_unit), locale) <= 15


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("called_lately", [False, True])
def test_the_key_for_danger_is_named_first_and_within_6_seconds(locale, called_lately):
    outcome = greeted(locale, called_lately=called_lately)

    said = prompts(outcome)
    until = said[: said.index(Prompt.MENU_EMERGENCY) + 1]
    assert sum(spoken_seconds(speak(prompt, {}, locale), locale) for prompt in until) <= 6
    named = [prompt for prompt in said if re.search(r"(?:phím|press) \S", speak(prompt, {}, locale))]
    assert named[0] is Prompt.MENU_EMERGENCY
    assert Prompt.RECORDING_NOTICE in until, "nobody can press before hearing that the call is recorded"


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_silent_caller_waits_for_a_person_after_25_seconds(locale):
    outcome, passed = greeted(locale), 0.0
    while outcome.conversation.state is not CallState.QUEUED:
        passed += seconds(outcome, locale) + outcome.plan[0].timeout_seconds
        outcome = step(outcome.conversation, Heard(), CALLER)

    assert passed <= 25


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_question_of_a_call_can_be_borne(locale):
    for passage in passages(locale):
        # Who is in danger, the reference said twice, and what was asked for slowly; any key cuts them short.
        most = 19 if passage.name in ("emergency", "queue", "slowly") else 15
        # With a bulletin before the choices, which lasts as long as one may.
        most = {"incident": 19, "disaster": 27}.get(passage.name, most)
        assert passage.seconds <= most, passage.title


@pytest.mark.parametrize("locale", LANGUAGES)
def test_in_a_disaster_danger_comes_within_6_seconds_and_all_but_the_bulletin_lasts_15(locale):
    storm = IncidentFacts(1, "2600421733", "", "", is_disaster=True)
    outcome = greeted(locale, incidents=(storm,))

    said = prompts(outcome)
    until = said[: said.index(Prompt.MENU_EMERGENCY) + 1]
    assert sum(spoken_seconds(speak(prompt, {}, locale), locale) for prompt in until) <= 6
    assert seconds(outcome, locale) <= 15


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_name_of_a_choice_comes_before_its_key(locale):
    for code, text in prompt_texts()[locale].items():
        for sentence in re.split(r"(?<=[.!?])\s", text):
            key = re.search(r"(?:bấm )?phím (?:\d|sao|\{key)|press (?:\d|star|\{key)", sentence, re.I)
            if key:
                assert re.search(r"\w", sentence[: key.start()]), f"{code}: {sentence}"


def test_syllables_are_words_in_vietnamese_and_vowels_in_english():
    assert syllables("Phản ánh, hỏi đáp, phím 1.", "vi") == 6
    assert syllables("Report or ask, press 1.", "en") == 6
    assert syllables("zero 7", "en") == 4


def test_the_sound_of_waiting_lasts_until_the_next_turn_and_falls_silent_nowhere():
    path = ROOT / "app" / "static" / "sounds" / HOLD_MUSIC
    sound = path.read_bytes()

    assert 18 <= wav_seconds(sound) <= 20
    samples = sound[46:]
    for at in range(0, len(samples) - 8000, 8000):
        # μ-law: 0xFF and 0x7F are silence, and what is louder differs in more and more bits.
        loud = sum((~byte & 0x7F) > 0x30 for byte in samples[at : at + 8000])
        assert loud > 800, f"silent at second {at // 8000}"


def test_what_espeak_says_is_what_was_reckoned(tmp_path):
    """The figures above are worth as much as this holds; where no engine is installed nothing is claimed."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    assert main(["prompts", "listen", "--into", str(tmp_path)]) == 0
    for passage in passages("vi"):
        with wave.open(str(tmp_path / f"{passage.name}.wav")) as file:
            measured = file.getnframes() / file.getframerate()
        assert measured == pytest.approx(passage.seconds, rel=0.15), passage.title


@pytest.mark.parametrize("locale", LANGUAGES)
def test_words_before_a_recording_are_cut_short_by_any_key_and_the_tone_comes(locale):
    outcome = step(greeted(locale).conversation, Heard(keys="8"), CALLER)
    words, record = outcome.plan

    assert isinstance(words, Gather) and words.goes_on, "who presses nothing is recorded without another question"
    at_once = step(outcome.conversation, Heard(keys="1"), CALLER)
    assert at_once.plan == (record,)
