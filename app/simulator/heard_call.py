"""A caller's telephone in injected time: follows each document for as long as its words, sounds and questions last."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from app.settings import ROOT
from app.simulator.telephone import wav_seconds
from telephony.provider.account import ProviderAccount
from telephony.provider.signatures import sign

# A key is pressed once it was named, and not at the first word.
_KEY_AFTER_SECONDS = 3.0
_MESSAGE_SECONDS = 12
HANGS_UP = "-"
ENDED_BY_US = "ended_by_us"
# Keys of the menu by which somebody wants something else than a person.
_ELSEWHERE = frozenset({HANGS_UP, "3", "4", "8", "9"})
_WAITING_STEPS, _TALKING_STEPS = ("queue",), ("dial",)


class Exchange(Protocol):
    """What a telephone needs of the world around it."""

    def ask(self, call: "HeardCall", url: str, fields: dict[str, str], now: float) -> str | None:
        """The next document."""

    def tell(self, call: "HeardCall", fields: dict[str, str], now: float) -> None:
        """A callback of the carrier, which may be late, repeated or lost."""

    def spoken_seconds(self, words: str, locale: str) -> float:
        """How long it takes to say them."""

    def later(self, at: float, act: Callable[[float], None]) -> None: ...

    def waits(self, call: "HeardCall", now: float) -> None: ...

    def connected(self, call: "HeardCall", now: float) -> None: ...


@dataclass
class HeardCall:
    """`patience`, `talk` and `wrap_up` are drawn beforehand, so that chance is the same whatever the product does.

    The last two are shares of what is usual for the agent who takes it.
    """

    sid: str
    number: str
    to: str
    keys: list[str]
    patience: float
    talk: float
    wrap_up: float
    exchange: Exchange
    queued_at: float | None = None
    connected_at: float | None = None
    talks: int = 0
    dial: str = ""
    dial_leg: str = ""
    left_message: bool = False
    ended: str = ""
    wants_person: bool = True
    _turn: int = 0

    def __post_init__(self) -> None:
        self.wants_person = not _ELSEWHERE & set(self.keys)

    def ring(self, url: str, now: float) -> None:
        self._ask(url, {"CallStatus": "ringing"}, now)

    def lead(self, url: str, now: float) -> None:
        """The carrier was told to fetch another document, whatever is being played."""
        if not self.ended:
            self._ask(url, {}, now)

    def hang_up(self, why: str, now: float) -> None:
        if self.ended:
            return
        self.ended = why
        self._turn += 1
        self.exchange.tell(self, {"CallStatus": "completed", "CallDuration": "30"}, now)

    def agent_hung_up(self, now: float) -> None:
        """The other side of the bridge is gone: the carrier asks what comes next."""
        if self.ended or self.connected_at is None:
            return
        seconds = str(int(now - self.connected_at))
        self._leg("completed", now)
        self.connected_at = None
        fields = {"DialCallStatus": "completed", "DialCallSid": self.dial_leg, "DialBridged": "true"}
        self._ask(self.dial, {**fields, "DialCallDuration": seconds}, now)

    def _ask(self, url: str, fields: dict[str, str], now: float) -> None:
        self._turn += 1
        text = self.exchange.ask(self, url, fields, now)
        if text is None:
            self.ended = "no_answer"
            return
        self._follow(ElementTree.fromstring(text), url, now)  # noqa: S314 - our own application wrote it

    def _next(self, at: float, url: str, fields: dict[str, str]) -> None:
        """Asked then, unless the line is led elsewhere before."""
        turn = self._turn
        self.exchange.later(at, lambda now: self._ask(url, fields, now) if self._turn == turn else None)

    def _follow(self, document: Element, url: str, now: float) -> None:
        at = now
        for verb in document:
            if verb.tag == "Redirect":
                self._next(at, urljoin(url, verb.text or ""), {})
                return
            if verb.tag == "Gather":
                if self._question(verb, url, at):
                    return
                at += self._lasts(verb) + float(verb.get("timeout") or 5)
            elif verb.tag == "Record":
                self.left_message = True
                told = {"RecordingSid": f"RE{self.sid[2:]}", "RecordingDuration": str(_MESSAGE_SECONDS)}
                self._next(at + _MESSAGE_SECONDS, urljoin(url, verb.get("action") or ""), {**told, "Digits": "#"})
                return
            elif verb.tag == "Dial":
                self._bridged(verb, url, at)
                return
            elif verb.tag == "Hangup":
                break
            else:
                at += self._lasts(verb)
        turn = self._turn
        self.exchange.later(at, lambda then: self.hang_up(ENDED_BY_US, then) if self._turn == turn else None)

    def _question(self, gather: Element, url: str, at: float) -> bool:
        """Whether an answer, or silence, goes to its step."""
        action = urljoin(url, gather.get("action") or "")
        step = urlsplit(action).path.rsplit("/", 1)[-1]
        if step in _WAITING_STEPS and self.queued_at is None:
            self.queued_at = at
            self.exchange.waits(self, at)
        if self.keys and step not in (*_WAITING_STEPS, *_TALKING_STEPS):
            key, turn = self.keys.pop(0), self._turn
            if key == HANGS_UP:
                self.exchange.later(
                    at + _KEY_AFTER_SECONDS,
                    lambda now: self.hang_up("in_menu", now) if self._turn == turn else None,
                )
            else:
                self._next(at + _KEY_AFTER_SECONDS, action, {"Digits": key})
            return True
        if gather.get("actionOnEmptyResult") != "true":
            return False
        self._next(at + self._lasts(gather) + float(gather.get("timeout") or 5), action, {"Digits": ""})
        return True

    def _bridged(self, dial: Element, url: str, now: float) -> None:
        self.dial = urljoin(url, dial.get("action") or "")
        self.talks += 1
        self.connected_at = now
        self.dial_leg = f"CL{self.talks}{self.sid[3:]}"
        for status in ("ringing", "in-progress"):
            self._leg(status, now)
        self.exchange.connected(self, now)

    def _leg(self, status: str, now: float) -> None:
        leg = {"CallSid": self.dial_leg, "ParentCallSid": self.sid, "Direction": "outbound-dial"}
        self.exchange.tell(self, {**leg, "CallStatus": status}, now)

    def _lasts(self, verb: Element) -> float:
        """Seconds of all that is said and played in it."""
        seconds = 0.0
        for one in verb.iter():
            if one.tag == "Say":
                seconds += self.exchange.spoken_seconds(one.text or "", (one.get("language") or "vi")[:2])
            elif one.tag == "Pause":
                seconds += float(one.get("length") or 1)
            elif one.tag == "Play":
                seconds += _sound_seconds(urlsplit(one.text or "").path)
        return seconds


def signed_form(
    account: ProviderAccount, address: str, call: HeardCall, fields: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What the carrier sends of a call, and the headers that say that it was the carrier."""
    form = {
        "AccountSid": account.account_sid, "CallSid": call.sid, "From": call.number, "To": call.to,
        "CallStatus": "in-progress", "Direction": "inbound", **fields,
    }  # fmt: skip
    return form, {account.signature_header: sign(account.auth_token, address, form)}


@cache
def _sound_seconds(path: str) -> float:
    """Of a sound that lies with the application; recordings of the city are not there in a rehearsal."""
    file = ROOT / "app" / path.lstrip("/")
    return wav_seconds(file.read_bytes()) if file.is_file() else 0.0
