"""What a caller's phone is told to do next, as values: a plan is a sequence of verbs, spoken words are prompt codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from telephony.plan.prompts import Prompt

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class Say:
    """A prompt by its code. `locale` None means the language of the call."""

    prompt: Prompt
    params: Params = field(default_factory=dict)
    locale: str | None = None


@dataclass(frozen=True)
class Play:
    """A sound by its address: music, or somebody's recorded words."""

    url: str


@dataclass(frozen=True)
class Pause:
    seconds: int = 1


@dataclass(frozen=True)
class Music:
    """That the line is alive, for as long as the sound lasts: whoever hears nothing thinks that they were cut off."""


@dataclass(frozen=True)
class Chime:
    """As `Music`, for a second: whoever is asked again a moment later hears one stroke after the other."""


@dataclass(frozen=True)
class Silence:
    """A pause as a sound: what a pause is lowered to where the account knows no pause."""

    seconds: int = 1


Spoken = Say | Play | Pause | Music | Chime | Silence


@dataclass(frozen=True)
class Gather:
    """Listens while it speaks. Keys, speech or silence all go to `step`; nothing after it in a plan is reached.

    `goes_on`: silence does not go to `step` but on to what stands behind it in the plan.

    `num_digits` ends the input at that many keys, otherwise `finish_on_key` or `timeout_seconds` of quiet does.
    `hints` are words the recogniser should expect. An account without speech listens for keys only.
    `params` go into the address of the step.
    """

    step: str
    spoken: tuple[Spoken, ...] = ()
    num_digits: int | None = None
    finish_on_key: str = "#"
    timeout_seconds: int = 10
    speech: bool = False
    hints: tuple[str, ...] = ()
    goes_on: bool = False
    params: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """Records the caller, then goes to `step`; the finished file is announced to `status_step`."""

    step: str
    status_step: str = "recording"
    max_seconds: int = 180
    silence_seconds: int = 8
    finish_on_key: str = "#"


@dataclass(frozen=True)
class Number:
    """A telephone; `whisper_step` speaks to whoever answers before the two are connected."""

    phone: str
    whisper_step: str | None = None


@dataclass(frozen=True)
class Sip:
    """A telephone of an exchange, by its SIP address; `instead` is rung by accounts that ring none."""

    address: str
    whisper_step: str | None = None
    instead: Number | None = None


@dataclass(frozen=True)
class Client:
    """A softphone in a browser, by its identity; `instead` is rung by accounts that ring none."""

    identity: str
    instead: Number | Sip | None = None


@dataclass(frozen=True)
class Room:
    """Several people on one line, by its name.

    `ends`: it is over for all when this one goes. `coached_leg`: the one leg that hears this one.
    """

    name: str
    is_muted: bool = False
    coached_leg: str = ""
    ends: bool = False


Target = Number | Sip | Client | Room


@dataclass(frozen=True)
class Dial:
    """Connects the caller; when the other side ends or does not answer, the caller goes on at `step`."""

    step: str
    target: Target
    params: Params = field(default_factory=dict)
    timeout_seconds: int = 25
    time_limit_seconds: int = 7200
    record: bool = False
    caller_id: str | None = None


@dataclass(frozen=True)
class Redirect:
    step: str
    params: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Hangup:
    pass


Verb = Say | Play | Pause | Music | Chime | Silence | Gather | Record | Dial | Redirect | Hangup
Plan = tuple[Verb, ...]
