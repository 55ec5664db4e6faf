"""A neutral plan as one account can carry it out: nothing is sent in hope, and the caller is served all the same.

Pure. What an account cannot do becomes what it can: a pause a silent sound, speech keys, a softphone the telephone that
is named instead. What is left after this every account of these capabilities executes (`spoken_document` writes it).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import assert_never

from telephony.plan.verbs import (
    Chime,
    Client,
    Dial,
    Gather,
    Hangup,
    Music,
    Number,
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
    Target,
    Verb,
)
from telephony.provider.account import Capability

# Stands in the address of a step that follows a dial nobody could be rung by.
_UNREACHED = "unreached"
_DIAL_STATUS = "dial_status"

Can = frozenset[Capability]


def lowered(plan: Plan, capabilities: Collection[Capability]) -> Plan:
    can = frozenset(capabilities)
    return tuple(_verb(verb, can) for verb in plan)


def told_by(form: Mapping[str, str], query: Mapping[str, str]) -> Mapping[str, str]:
    """What a step was told, with the end of a dial that could not even be tried: as if nobody had answered."""
    return {**form, _DIAL_STATUS: "failed"} if _UNREACHED in query and not form.get(_DIAL_STATUS) else form


def _verb(verb: Verb, can: Can) -> Verb:
    match verb:
        case Pause():
            return _spoken(verb, can)
        case Gather():
            return _gather(verb, can)
        case Dial():
            return _dial(verb, can)
        case Say() | Play() | Music() | Chime() | Silence() | Record() | Redirect() | Hangup():
            return verb
        case _:
            assert_never(verb)


def _spoken(spoken: Spoken, can: Can) -> Spoken:
    if isinstance(spoken, Pause) and Capability.PAUSE not in can:
        return Silence(spoken.seconds)
    return spoken


def _gather(verb: Gather, can: Can) -> Gather:
    hears = verb.speech and Capability.SPEECH in can
    spoken = tuple(_spoken(one, can) for one in verb.spoken)
    return replace(verb, spoken=spoken, speech=hears, hints=verb.hints if hears else ())


def _dial(verb: Dial, can: Can) -> Verb:
    """Where nobody can be rung by this account, the caller goes on at once, as after a dial that nobody answered.

    A number that must be asked for a key is not rung without: a voicemail that picks up would take the caller.
    """
    target = _target(verb.target, can)
    if target is None:
        return Redirect(verb.step, {**verb.params, _UNREACHED: 1})
    records = isinstance(target, Room) or Capability.RECORDING_DUAL in can
    return replace(verb, target=target, record=verb.record and records)


def _target(target: Target, can: Can) -> Target | None:
    match target:
        case Client():
            instead = target.instead
            return target if Capability.CLIENT in can else _target(instead, can) if instead else None
        case Sip():
            if Capability.SIP not in can:
                return _target(target.instead, can) if target.instead else None
            return replace(target, whisper_step=_whisper(target.whisper_step, can))
        case Room():
            return target if Capability.CONFERENCE in can else None
        case Number():
            return target if target.whisper_step is None or Capability.WHISPER in can else None
        case _:
            assert_never(target)


def _whisper(step: str | None, can: Can) -> str | None:
    """A telephone of an exchange is picked up by people; without a key that can be asked for, it connects at once."""
    return step if Capability.WHISPER in can else None
