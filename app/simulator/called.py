"""Whom the hotline calls: what their telephone does, as its carrier reports it, and the key they press."""

import threading
import time
from collections.abc import Mapping
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


def pauses(ring_seconds: float) -> dict[str, float]:
    """Before these states."""
    return {"no-answer": ring_seconds, "completed": _LASTS_SECONDS}


def press(account: ProviderAccount, call: Mapping[str, str], *, keys: str) -> None:
    """Answer the first question of the call with these keys, from a thread of the telephone's own."""
    document = ElementTree.fromstring(call["twiml"])  # noqa: S314 - our own worker wrote it
    question = document.find("Gather")
    if question is None:
        return
    fields = {
        "CallSid": call["sid"], "From": call["from"], "To": call["to"], "CallStatus": "in-progress",
        "Direction": "outbound-api", "Digits": keys,
    }  # fmt: skip
    work = (account, question.get("action", ""), fields)
    threading.Thread(target=_press, args=work, daemon=True, name="telephone").start()


def _press(account: ProviderAccount, url: str, fields: Mapping[str, str]) -> None:
    time.sleep(_PRESSES_AFTER_SECONDS)
    try:
        post_signed(account, url, fields)
    except requests.RequestException as trouble:
        log.warning("telephone.key_failed", reason=type(trouble).__name__)
