"""A turn that cannot be answered now: the caller is asked to hold the line and comes back to the very same turn.

What the caller had pressed or said travels in the address of the redirect, because the provider tells it only once.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from telephony.plan.prompts import Prompt
from telephony.provider.account import Capability
from telephony.provider.document import Document
from telephony.provider.event_keys import CALLED_BACK_STEP, NOTICE_STEP, ROOM_STEP, TURN_STEPS
from telephony.provider.sealed_fields import MOST_CHARACTERS, opened, seal
from telephony.provider.spoken_document import LANGUAGE_TAGS, VOICE_RETRIES, Speak, say_words
from telephony.provider.webhook_inbox import Webhook

# Some five minutes in all: whoever is still on the line then is better served by leaving a message.
MOST_ROUNDS = 35
# Half an hour: whom we rang has nothing to leave, and waits for the talk they were promised.
MOST_ROUNDS_OF_WHOM_WE_RANG = 130
# A mistake in our own code seldom mends itself.
MOST_ROUNDS_OF_A_FAULT = 3
DEFAULT_LOCALE = "vi"
_AGAIN, _HEARD, LOCALE = "again", "heard", "locale"
_HEARD_FIELDS = (
    "keys", "speech", "recording_sid", "recording_seconds", "dial_status", "dial_bridged", "dial_seconds",
)  # fmt: skip
_SPEECH = "speech"


def is_waiting(webhook: Webhook) -> bool:
    """Whether somebody is on the line whom we have spoken to before; a call that only arrives has no turn yet."""
    if webhook.kind == ROOM_STEP:
        return "c" in webhook.query
    if webhook.kind in (NOTICE_STEP, CALLED_BACK_STEP):
        return "m" in webhook.query
    return webhook.kind in TURN_STEPS and webhook.turn is not None


def most_rounds(webhook: Webhook, *, passes: bool) -> int:
    """`passes`: the trouble is over by itself; a mistake of ours is not."""
    if not passes:
        return MOST_ROUNDS_OF_A_FAULT
    return MOST_ROUNDS_OF_WHOM_WE_RANG if webhook.kind == CALLED_BACK_STEP else MOST_ROUNDS


def tells_something(webhook: Webhook) -> bool:
    """Whether it says what nobody will say again: a key, words, a recording, the end of a talk."""
    return any(webhook.form.get(name) for name in _HEARD_FIELDS)


def recalled(webhook: Webhook, keys: Sequence[bytes]) -> Webhook:
    """The turn as it was first asked for: with what was heard then, and without what holding added to its address."""
    again, word = webhook.query.get(_AGAIN, ""), webhook.query.get(_HEARD, "")
    if not again:
        return webhook
    query = {name: value for name, value in webhook.query.items() if name not in (_AGAIN, _HEARD)}
    said_now = {name: value for name, value in webhook.form.items() if value}
    form = {**webhook.form, **opened(word, _own(keys)), **said_now}
    held = int(again) if again.isascii() and again.isdecimal() and len(again) < 4 else MOST_ROUNDS_OF_WHOM_WE_RANG
    return replace(webhook, form=form, query=query, held=held)


def failed_turn(webhook: Webhook, *, base_url: str) -> Webhook | None:
    """The turn whose answer never reached the provider, which then asks the line's fallback address and names it."""
    failed = urlsplit(webhook.form.get("failed_url", ""))
    folder, _, kind = failed.path.rpartition("/")
    if f"{failed.scheme}://{failed.netloc}{folder}" != f"{base_url}/webhooks/{webhook.account}":
        return None
    turn = replace(webhook, kind=kind, query=dict(parse_qsl(failed.query, keep_blank_values=True)))
    return turn if is_waiting(turn) else None


def hold_document(
    webhook: Webhook,
    speak: Speak,
    *,
    recorded: Sequence[str] = (),
    base_url: str,
    keys: Sequence[bytes],
    capabilities: Collection[Capability],
    silence_url: str = "",
) -> str:
    """Asks to hold the line, in the caller's language, waits a little, and leads back to the same turn.

    `recorded`: the addresses at which those words lie, recorded; none where the voice says them.
    """
    locale = locale_of(webhook)
    response = Document(capabilities)
    for address in recorded:
        response.play(address)
    if not recorded:
        say_words(response, speak(Prompt.PLEASE_HOLD, {}, locale), locale=locale, capabilities=capabilities)
    if Capability.PAUSE in capabilities:
        response.pause(length=pause_seconds(webhook.held))
    elif silence_url:
        response.play(silence_url, loop=pause_seconds(webhook.held))
    address = _address_of(webhook, base_url=base_url, keys=keys, capabilities=capabilities)
    response.redirect(address, method="POST")
    return str(response)


def rest_document(
    webhook: Webhook, *, base_url: str, keys: Sequence[bytes], music: str, capabilities: Collection[Capability]
) -> str:
    """What a waiting caller hears between two words of ours, and then the same turn: nothing in it needs a database."""
    target = _address_of(webhook, base_url=base_url, keys=keys, capabilities=capabilities)
    response = Document(capabilities)
    listening = response.gather(
        input="dtmf", action=target, method="POST", timeout=1, num_digits=1, action_on_empty_result=True
    )
    listening.play(music)
    response.redirect(target, method="POST")
    return str(response)


def _address_of(webhook: Webhook, *, base_url: str, keys: Sequence[bytes], capabilities: Collection[Capability]) -> str:
    address = f"{base_url}/webhooks/{webhook.account}/{webhook.kind}?{urlencode(_query(webhook, keys))}"
    return address + (VOICE_RETRIES if Capability.URL_OVERRIDES in capabilities else "")


def pause_seconds(rounds: int) -> int:
    """A lock is gone after two seconds; a server that restarts is not asked by every caller so often."""
    if rounds < 3:
        return 2
    return 5 if rounds < 8 else 10


def locale_of(webhook: Webhook) -> str:
    """The language in which this caller is spoken to; every address of a call tells it, unless it is Vietnamese."""
    locale = webhook.query.get(LOCALE, DEFAULT_LOCALE)
    return locale if locale in LANGUAGE_TAGS else DEFAULT_LOCALE


def _query(webhook: Webhook, keys: Sequence[bytes]) -> dict[str, str]:
    query = {**webhook.query, _AGAIN: str(webhook.held + 1)}
    heard = {name: webhook.form[name] for name in _HEARD_FIELDS if webhook.form.get(name)}
    return {**query, _HEARD: _sealed(heard, _own(keys)[0])} if heard else query


def _sealed(heard: Mapping[str, str], key: bytes) -> str:
    word = seal(heard, key)
    if len(word) <= MOST_CHARACTERS:
        return word
    # Only words are ever this long; the beginning names the place, and the whole is kept on disk.
    speech = heard.get(_SPEECH, "")
    shorter = {name: value for name, value in heard.items() if name != _SPEECH}
    return _sealed({**shorter, _SPEECH: speech[: len(speech) // 2]} if speech else {}, key)


def _own(keys: Sequence[bytes]) -> list[bytes]:
    """Keys for this purpose alone."""
    return [hmac.new(key, b"held turn", hashlib.sha256).digest() for key in keys]
