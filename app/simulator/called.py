"""Whom the hotline calls: what their telephone does, as its carrier reports it, and the keys they press."""

import threading
import time
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

import requests
import structlog

from app.simulator.callbacks import post_signed
from telephony.provider.account import ProviderAccount

# How the call goes on, by what whoever is called does (`trouble.CALLED`).
_TAKEN = ["initiated", "ringing", "in-progress", "completed"]
STATES: Mapping[str, list[str]] = {
    "hears": _TAKEN,
    "presses": _TAKEN,
    "hangs-up": _TAKEN,
    "machine": _TAKEN,
    "busy": ["initiated", "busy"],
    "no-answer": ["initiated", "ringing", "no-answer"],
}
_LENGTHS = {"hears": "20", "presses": "9", "hangs-up": "2", "machine": "28"}
_PRESSES_AFTER_SECONDS = 0.6
_LASTS_SECONDS = 1.5

log = structlog.get_logger()


def told_at_end(called: str) -> dict[str, str]:
    """What the carrier knows of a call that was taken."""
    if called not in _LENGTHS:
        return {}
    by = "machine_start" if called == "machine" else "human"
    return {"AnsweredBy": by, "CallDuration": _LENGTHS[called]}


def pauses(ring_seconds: float, keys: Sequence[str] = ()) -> dict[str, float]:
    """Before these states: a telephone rings for a while, a call lasts until the last key is pressed."""
    return {"no-answer": ring_seconds, "completed": _LASTS_SECONDS + _PRESSES_AFTER_SECONDS * max(0, len(keys) - 1)}


def press(account: ProviderAccount, call: Mapping[str, str], *, keys: Sequence[str]) -> None:
    """Press these keys one after the other, each as the answer to what is said then, in a thread of the telephone's."""
    fields = {
        "CallSid": call["sid"], "From": call["from"], "To": call["to"], "CallStatus": "in-progress",
        "Direction": "outbound-api",
    }  # fmt: skip
    work = (account, call["twiml"], fields, tuple(keys))
    threading.Thread(target=_press, args=work, daemon=True, name="telephone").start()


def _press(account: ProviderAccount, document: str, fields: Mapping[str, str], keys: Sequence[str]) -> None:
    """Until nothing is asked any more: a key after that leads nowhere."""
    for key in keys:
        question = ElementTree.fromstring(document).find("Gather")  # noqa: S314 - our own processes wrote it
        if question is None:
            return
        time.sleep(_PRESSES_AFTER_SECONDS)
        try:
            document = post_signed(account, question.get("action", ""), {**fields, "Digits": key}).text
        except requests.RequestException as trouble:
            log.warning("telephone.key_failed", reason=type(trouble).__name__)
            return
