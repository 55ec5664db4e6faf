"""Whom the hotline calls: what their telephone does, as its carrier reports it, and the keys they press."""

import threading
import time
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

import requests
import structlog

from app.simulator.callbacks import post_signed
from app.simulator.telephone import SimulatedCaller, Telephone
from telephony.provider.account import ProviderAccount
from telephony.provider.event_keys import CALLED_BACK_STEP

# How the call goes on, by what whoever is called does (`trouble.CALLED`).
_TAKEN = ["initiated", "ringing", "in-progress", "completed"]
BETWEEN_AGENTS = ["initiated", "ringing", "in-progress"]
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
# Before somebody who is called back picks up, and how long they wait and talk.
_RINGS_SECONDS = 4.0
_TALKS_SECONDS = 90.0
# These listen, which of somebody who asked to be called back means that they want to talk.
TALKS = ("hears", "presses")

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


def is_called_back(call: Mapping[str, str]) -> bool:
    """Whether whoever is called had asked for it, and may talk to somebody."""
    question = _first_question(call)
    return question is not None and f"/{CALLED_BACK_STEP}?" in question.get("action", "")


def is_between_agents(call: Mapping[str, str]) -> bool:
    """Whether it only connects one of ours to another: they talk until the hotline ends it."""
    if not call.get("twiml"):
        return False
    verbs = list(ElementTree.fromstring(call["twiml"]))  # noqa: S314 - our own web process wrote it
    return bool(verbs) and verbs[0].tag == "Dial"


def talk(
    account: ProviderAccount, base_url: str, call: Mapping[str, str], *, keys: Sequence[str], report_to: str
) -> None:
    """Pick up, press a key, wait for an agent and talk for a while, from a thread of the telephone's own."""
    work = (account, base_url, dict(call), tuple(keys), report_to)
    threading.Thread(target=_talk, args=work, daemon=True, name="telephone").start()


def _talk(
    account: ProviderAccount, base_url: str, call: Mapping[str, str], keys: tuple[str, ...], report_to: str
) -> None:
    person = SimulatedCaller(call["to"], to=call["from"], presses=keys, patience_seconds=_TALKS_SECONDS)
    telephone = Telephone(account, base_url, person, lambda _: None, call_sid=call["sid"], report_to=report_to)
    try:
        time.sleep(_RINGS_SECONDS)
        telephone.answer(ElementTree.fromstring(call["twiml"]))  # noqa: S314 - our own worker wrote it
    except requests.RequestException as trouble:
        log.warning("telephone.call_failed", reason=type(trouble).__name__)


def _first_question(call: Mapping[str, str]) -> ElementTree.Element | None:
    if not call.get("twiml"):
        return None
    return ElementTree.fromstring(call["twiml"]).find("Gather")  # noqa: S314 - our own worker wrote it
