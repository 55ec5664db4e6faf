"""A plan of verbs as the XML document a provider executes; what it may hold is decided in `lowering`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, assert_never

from twilio.twiml.voice_response import Dial as DialElement

from telephony.plan.prompts import Prompt
from telephony.plan.verbs import (
    Chime,
    Client,
    Dial,
    Gather,
    Hangup,
    Music,
    Number,
    Params,
    Pause,
    Plan,
    Play,
    Record,
    Redirect,
    Room,
    Say,
    Silence,
    Sip,
    Spoken,
)
from telephony.provider.account import Capability
from telephony.provider.document import Document
from telephony.provider.lowering import lowered

# `speak` returns the words of a prompt: (code, params, locale) -> text.
Speak = Callable[[Prompt, Params, str], str]

LANGUAGE_TAGS: Mapping[str, str] = {
    "vi": "vi-VN",
    "en": "en-US",
    "ko": "ko-KR",
    "zh": "cmn-Hans-CN",
    "ja": "ja-JP",
    "km": "km-KH",
}
# Polly has no Vietnamese; where a provider has no Google voices the language alone chooses.
VOICES: Mapping[str, str] = {"vi": "Google.vi-VN-Wavenet-A", "en": "Google.en-US-Wavenet-F"}

VOICE_LOCALE = "vi"

# A voice webhook is tried again twice at most, within the provider's own patience for one step.
VOICE_RETRIES = "#rc=2&rp=ct,rt,5xx&ct=2000&rt=4000&tt=12000"
STATUS_RETRIES = "#rc=3&rp=all"
STATUS_STEPS = frozenset({"recording", "status", "sms-status"})
NO_RETRY_FRAGMENT = ""

# Extra keys wait between the words of a Gather only as long as people need to find the next key.
SPEECH_SILENCE = "auto"


class Urls(Protocol):
    """Where a document's steps lead; given by the web layer, which knows the account's public address."""

    def step(self, name: str, params: Params) -> str:
        """The absolute address of a step, with the turn that comes next already in it."""

    def music(self) -> str:
        """The address of the sound that a waiting caller hears."""

    def chime(self) -> str:
        """The address of a second's sound."""

    def silence(self) -> str:
        """The address of a second without a sound."""

    def recordings_of(self, prompt: Prompt, params: Params, locale: str) -> Sequence[str]:
        """The addresses of the recordings that say all of it, one after the other; none where the voice has to."""


def spoken_document(
    plan: Plan, speak: Speak, *, urls: Urls, locale: str, capabilities: Collection[Capability], voice: str = ""
) -> str:
    """The document for a plan, lowered to what the account can do."""
    writer = _Writer(speak, urls, locale, frozenset(capabilities), voice)
    response = Document(capabilities)
    for verb in lowered(plan, capabilities):
        match verb:
            case Say() | Play() | Pause() | Music() | Chime() | Silence():
                writer.speak_into(response, verb)
            case Gather():
                writer.gather(response, verb)
            case Record():
                writer.record(response, verb)
            case Dial():
                writer.dial(response, verb)
            case Redirect():
                response.redirect(writer.address(verb.step, verb.params), method="POST")
            case Hangup():
                response.hangup()
            case _:
                assert_never(verb)
    return str(response)


def say_words(parent: Any, words: str, *, locale: str, capabilities: Collection[Capability], voice: str = "") -> None:
    """Have `words` spoken in a document or a Gather, in the best voice of the language that the provider has.

    `voice` is an account's own, and reads the language of the city.
    """
    usual = VOICES.get(locale) if Capability.GOOGLE_VOICES in capabilities else None
    chosen = voice if voice and locale == VOICE_LOCALE else usual
    parent.say(words, voice=chosen, language=LANGUAGE_TAGS.get(locale, locale))


EMPTY_RESPONSE = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class _Writer:
    """What every verb of one document needs to know."""

    def __init__(self, speak: Speak, urls: Urls, locale: str, capabilities: frozenset[Capability], voice: str) -> None:
        self.words = speak
        self.voice = voice
        self.urls = urls
        self.locale = locale
        self.capabilities = capabilities

    def address(self, step: str, params: Params | None = None) -> str:
        fragment = STATUS_RETRIES if step in STATUS_STEPS else VOICE_RETRIES
        if Capability.URL_OVERRIDES not in self.capabilities:
            fragment = NO_RETRY_FRAGMENT
        return self.urls.step(step, params or {}) + fragment

    def speak_into(self, parent: Any, verb: Spoken) -> None:
        match verb:
            case Pause():
                parent.pause(length=verb.seconds)
            case Silence():
                parent.play(self.urls.silence(), loop=verb.seconds)
            case Play():
                parent.play(verb.url)
            case Music():
                parent.play(self.urls.music())
            case Chime():
                parent.play(self.urls.chime())
            case Say():
                self._say(parent, verb)
            case _:
                assert_never(verb)

    def _say(self, parent: Any, verb: Say) -> None:
        locale = verb.locale or self.locale
        recorded = self.urls.recordings_of(verb.prompt, verb.params, locale)
        for address in recorded:
            parent.play(address)
        if recorded:
            return
        words = self.words(verb.prompt, verb.params, locale)
        say_words(parent, words, locale=locale, capabilities=self.capabilities, voice=self.voice)

    def gather(self, response: Document, verb: Gather) -> None:
        target = self.address(verb.step, verb.params)
        element = response.gather(
            input="dtmf speech" if verb.speech else "dtmf",
            action=target,
            method="POST",
            timeout=verb.timeout_seconds,
            num_digits=verb.num_digits,
            finish_on_key=None if verb.num_digits == 1 else verb.finish_on_key,
            # Silence is an answer too: the step decides what to do with it.
            action_on_empty_result=not verb.goes_on,
            language=LANGUAGE_TAGS.get(self.locale, self.locale) if verb.speech else None,
            speech_timeout=SPEECH_SILENCE if verb.speech else None,
            hints=",".join(verb.hints) or None,
        )
        for spoken in verb.spoken:
            self.speak_into(element, spoken)
        if not verb.goes_on:
            # Providers that do not know actionOnEmptyResult fall through to here after silence.
            response.redirect(target, method="POST")

    def record(self, response: Document, verb: Record) -> None:
        response.record(
            action=self.address(verb.step),
            method="POST",
            max_length=verb.max_seconds,
            timeout=verb.silence_seconds,
            finish_on_key=verb.finish_on_key,
            play_beep=True,
            recording_status_callback=self.address(verb.status_step),
            recording_status_callback_method="POST",
        )
        # Nothing was recorded: some providers then skip the action.
        response.redirect(self.address(verb.step), method="POST")

    def dial(self, response: Document, verb: Dial) -> None:
        # A room is recorded as a whole.
        record = verb.record and not isinstance(verb.target, Room)
        element = response.dial(
            action=self.address(verb.step, verb.params),
            method="POST",
            timeout=verb.timeout_seconds,
            time_limit=verb.time_limit_seconds,
            caller_id=verb.caller_id,
            answer_on_bridge=True,
            record="record-from-answer-dual" if record else None,
            recording_status_callback=self.address("recording") if record else None,
            recording_status_callback_event="in-progress completed absent" if record else None,
        )
        self._target(element, verb)

    def _target(self, element: DialElement, verb: Dial) -> None:
        status = self.address("status")
        events = "initiated ringing answered completed"
        match verb.target:
            case Number():
                whisper = self._whisper(verb.target.whisper_step, verb.params)
                element.number(verb.target.phone, url=whisper, status_callback=status, status_callback_event=events)
            case Sip():
                whisper = self._whisper(verb.target.whisper_step, verb.params)
                element.sip(verb.target.address, url=whisper, status_callback=status, status_callback_event=events)
            case Client():
                client = element.client(status_callback=status, status_callback_event=events)
                client.identity(verb.target.identity)
                for name, value in verb.params.items():
                    client.parameter(name=name, value=str(value))
            case Room():
                self._room(element, verb.target, verb)
            case _:
                assert_never(verb.target)

    def _whisper(self, step: str | None, params: Params) -> str | None:
        return self.address(step, params) if step else None

    def _room(self, element: DialElement, room: Room, verb: Dial) -> None:
        """Nobody waits in silence, and nobody's coming or going is heard."""
        element.conference(
            room.name,
            muted=room.is_muted or None,
            coach=room.coached_leg or None,
            start_conference_on_enter=True,
            end_conference_on_exit=room.ends,
            beep="false",
            wait_url=self.urls.music(),
            wait_method="GET",
            record="record-from-start" if verb.record else None,
            recording_status_callback=self.address("recording", verb.params) if verb.record else None,
        )
