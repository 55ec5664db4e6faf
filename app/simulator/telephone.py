"""A telephone: rings the line, follows the documents it is given, and tells what it heard."""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import requests

from app.simulator.callbacks import post_signed
from app.simulator.carrier import new_recording_sid
from app.simulator.rooms import agent_has_left
from telephony.provider.account import ProviderAccount

# Where the telephone is, by the path its next step leads to; as the states are called elsewhere.
STATE_OF_STEP = {
    "queue": "queued",
    "dial": "talking",
    "request": "status",
    "hold": "talking",
    "failsafe-thanks": "failsafe",
}
# In groups, as the reference is said: two digits, four, four.
_REFERENCE = re.compile(r"\b(\d \d), (\d \d \d \d), (\d \d \d \d)\b")
_DIGIT = re.compile(r"^/sounds/\w+/number\.(\d)\.")
_TEN_DIGITS = re.compile(r"\d{10}")
MOST_STEPS = 500
RING_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class SimulatedCaller:
    """Who calls where, what they will press and say, and when their patience or their battery ends."""

    number: str
    to: str
    presses: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    hang_up_in: str = ""
    patience_seconds: float = 60.0
    message_seconds: int = 12


@dataclass(frozen=True)
class HeardDocument:
    """One document, as it is told to people or programs.

    `said` are the words of the voice; `heard` is all of it in its order, recordings by their address below /sounds/.
    """

    step: str
    said: list[str]
    verbs: list[str]
    status: int
    heard: list[str]


class SimulatedAnswer(Protocol):
    """What came back of a request."""

    @property
    def status_code(self) -> int: ...
    @property
    def text(self) -> str: ...


@dataclass
class Telephone:
    """One call. `tell` gets each step as it happens; `sleep` is replaced where nobody wants to wait."""

    account: ProviderAccount
    base_url: str
    caller: SimulatedCaller
    tell: Callable[[HeardDocument], None]
    sleep: Callable[[float], None] = time.sleep
    call_sid: str = field(default_factory=lambda: "CA" + secrets.token_hex(16))
    reference: str = ""
    state: str = "greeting"
    end: str = ""
    waited: float = 0.0
    began: float = field(default_factory=time.monotonic)
    changes: int = 0
    # Rung by the hotline: where its carrier tells how the call goes on; empty for whoever calls it.
    report_to: str = ""
    _presses: list[str] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)
    _sounds: dict[str, float] = field(default_factory=dict)

    def call(self) -> str:
        """Ring and stay on the line until one side hangs up; how it ended."""
        self._begin()
        self._go_on(f"{self.base_url}/webhooks/{self.account.name}/voice", {"CallStatus": "ringing"})
        return self._hang_up(f"{self.base_url}/webhooks/{self.account.name}/status")

    def answer(self, document: Element) -> str:
        """Pick up a call of the hotline, which begins with this document; how it ended."""
        self._begin()
        self._post(self.report_to, {"CallStatus": "in-progress"})
        following = self._follow(document, self.report_to)
        if following is not None:
            self._go_on(*following)
        return self._hang_up(self.report_to)

    def _begin(self) -> None:
        self._presses, self._words = list(self.caller.presses), list(self.caller.words)

    def _go_on(self, url: str, fields: dict[str, str]) -> None:
        for _ in range(MOST_STEPS):
            document = self._request(url, fields)
            following = self._follow(document, url) if document is not None else None
            if following is None:
                return
            url, fields = following

    def _hang_up(self, report_to: str) -> str:
        self.end = self.end or "hung_up_by_hotline"
        self._tell_carrier()
        self._post(report_to, {"CallStatus": "completed", "AnsweredBy": "human", **self._lengths()})
        return self.end

    def _request(self, url: str, fields: dict[str, str]) -> Element | None:
        """Ask for the next document; a provider asks again before it gives up."""
        status, text = 0, ""
        for attempt in range(3):
            try:
                answer = self._post(url, fields)
                status, text = answer.status_code, answer.text
            except requests.RequestException:
                status = 0
            if 0 < status < 500:
                break
            self.sleep(1.0 + attempt)
        name = urlsplit(url).path.rsplit("/", 1)[-1]
        document = _parsed(text) if status == 200 else None
        said = [(say.text or "").strip() for say in document.iter("Say")] if document is not None else []
        verbs = (
            [element.tag for element in document.iter() if element.tag != "Response"] if document is not None else []
        )
        heard = list(_heard(document)) if document is not None else []
        self._listen(heard)
        self.tell(HeardDocument(name, said, verbs, status, heard))
        if document is None:
            self.end = f"error_{status}"
        return document

    def _follow(self, document: Element, url: str) -> tuple[str, dict[str, str]] | None:
        """Through the verbs of a document, to the address and the fields of the next request; None at the end."""
        for verb in document:
            if verb.tag == "Hangup":
                return None
            if verb.tag == "Redirect":
                return urljoin(url, verb.text or ""), {}
            if verb.tag == "Pause" and not self._bear(float(verb.get("length") or 1)):
                return None
            if verb.tag not in ("Gather", "Record", "Dial"):
                continue
            action = urljoin(url, verb.get("action") or "")
            self.state = _state_of(action, self.state)
            if self.caller.hang_up_in and self.caller.hang_up_in == self.state:
                self.end = f"hung_up_in_{self.state}"
                return None
            following = self._act(verb, action)
            if following is not None or self.end:
                return following
        return None

    def _act(self, verb: Element, action: str) -> tuple[str, dict[str, str]] | None:
        if verb.tag == "Gather":
            return self._answer(verb, action)
        if verb.tag == "Record":
            return self._speak_after_the_tone(verb, action)
        return self._talk(verb, action)

    def _answer(self, gather: Element, action: str) -> tuple[str, dict[str, str]] | None:
        """A key, a word, or silence; in the queue only waiting, as long as there is patience."""
        if self.state in ("queued", "talking") and not self._wants_key_here():
            return self._wait(gather, action)
        if gather.get("actionOnEmptyResult") != "true" and not self._presses:
            return None
        if "speech" in (gather.get("input") or "") and self._words:
            return action, {"SpeechResult": self._words.pop(0), "Confidence": "0.92"}
        if self._presses:
            return action, {"Digits": self._presses.pop(0), "FinishedOnKey": "", "msg": "Gather End"}
        return action, {"Digits": "", "FinishedOnKey": "", "msg": "Gather End"}

    def _wants_key_here(self) -> bool:
        """Keys beyond the menu's are for where the caller is now; in the queue only its own choices are pressed."""
        return bool(self._presses) and self._presses[0] in ("8", "9")

    def _wait(self, gather: Element, action: str) -> tuple[str, dict[str, str]] | None:
        """As long as the question stands, unless the line is led elsewhere: somebody has taken the call."""
        left = float(gather.get("timeout") or 5) + sum(self._lasts(sound.text or "") for sound in gather.iter("Play"))
        while left > 0:
            look = min(left, RING_LOOK_SECONDS)
            if not self._bear(look):
                return None
            if elsewhere := self._led_elsewhere():
                return elsewhere, {}
            left -= look
        return action, {"Digits": "", "FinishedOnKey": ""}

    def _lasts(self, url: str) -> float:
        """How long a sound plays, which a carrier fetches once; one that it cannot have is passed over."""
        if url not in self._sounds:
            try:
                answer = requests.get(url, timeout=5)
                self._sounds[url] = wav_seconds(answer.content) if answer.status_code == 200 else 0.0
            except requests.RequestException:
                self._sounds[url] = 0.0
        return self._sounds[url]

    def _bear(self, seconds: float) -> bool:
        """Wait on the line, as long as there is patience."""
        if self.waited + seconds > self.caller.patience_seconds:
            self.end = f"hung_up_in_{self.state}"
            return False
        self.waited += seconds
        self.sleep(seconds)
        return True

    def _speak_after_the_tone(self, record: Element, action: str) -> tuple[str, dict[str, str]]:
        seconds = self.caller.message_seconds
        if seconds <= 0:
            return action, {}
        sid = new_recording_sid(seconds)
        fields = {"RecordingSid": sid, "RecordingDuration": str(seconds), "RecordingUrl": f"{self.base_url}/{sid}"}
        callback = record.get("recordingStatusCallback")
        if callback:
            self._post(callback, {**fields, "RecordingStatus": "completed", "RecordingSource": "RecordVerb"})
        return action, {**fields, "Digits": "#"}

    def _talk(self, dial: Element, action: str) -> tuple[str, dict[str, str]] | None:
        """Connected until the agent ends it, the line is led elsewhere, or patience ends. The agent has accepted."""
        room = dial.find("Conference")
        leg = "CA" + secrets.token_hex(16)
        began = time.monotonic()
        callback = next((e.get("statusCallback") for e in dial if e.get("statusCallback")), None)
        for status in ("initiated", "ringing", "in-progress"):
            self._leg(callback, leg, status)
        while True:
            if room is None and self._carriers(leg).get("url"):
                # The agent was led into a room, which ends the bridge.
                return action, {"DialCallStatus": "completed", "DialCallSid": leg, "DialBridged": "true"}
            ended, elsewhere = self._looked_up(leg)
            ended = ended or (room is not None and agent_has_left(self.account, room.text or ""))
            if elsewhere:
                self._leg(callback, leg, "completed")
                return elsewhere, {}
            if ended or time.monotonic() - began + self.waited > self.caller.patience_seconds:
                break
            self.sleep(RING_LOOK_SECONDS)
        seconds = str(int(time.monotonic() - began))
        self._leg(callback, leg, "completed")
        fields = {"DialCallStatus": "completed", "DialCallSid": leg, "DialBridged": "true", "DialCallDuration": seconds}
        if not ended:
            self.end = "hung_up_in_talking"
            self._request(action, {**fields, "CallStatus": "completed"})
            return None
        return action, fields

    def _looked_up(self, leg: str) -> tuple[bool, str]:
        """What the hotline has told the carrier of this call meanwhile: ended, or led to another document."""
        if elsewhere := self._led_elsewhere():
            return False, elsewhere
        mine, theirs = self._carriers(self.call_sid), self._carriers(leg)
        return "completed" in (mine.get("status"), theirs.get("status")), ""

    def _led_elsewhere(self) -> str:
        """Where the line was led since we last looked; empty: nowhere."""
        mine = self._carriers(self.call_sid)
        changes = int(str(mine.get("changes", 0)))
        if changes <= self.changes:
            return ""
        self.changes = changes
        return str(mine.get("url", ""))

    def _carriers(self, sid: str) -> dict[str, object]:
        url = f"{self.account.api_base_url}/2010-04-01/Accounts/{self.account.account_sid}/Calls/{sid}.json"
        try:
            answer = requests.get(url, auth=(self.account.account_sid, self.account.auth_token), timeout=5)
            return dict(answer.json()) if answer.status_code == 200 else {}
        except (requests.RequestException, ValueError):
            return {}

    def _tell_carrier(self) -> None:
        """The carrier knows when a line is free again, whether or not its callback arrives anywhere."""
        url = f"{self.account.api_base_url}/2010-04-01/Accounts/{self.account.account_sid}/Calls/{self.call_sid}.json"
        with suppress(requests.RequestException):
            credentials = (self.account.account_sid, self.account.auth_token)
            requests.post(url, data={"Status": "completed"}, auth=credentials, timeout=5)

    def _leg(self, callback: str | None, leg: str, status: str) -> None:
        if callback:
            fields = {
                "CallSid": leg,
                "ParentCallSid": self.call_sid,
                "CallStatus": status,
                "Direction": "outbound-dial",
            }
            self._post(callback, fields)

    def _post(self, url: str, fields: dict[str, str]) -> SimulatedAnswer:
        return post_signed(self.account, url, self._whole(fields))

    def _whole(self, fields: dict[str, str]) -> dict[str, str]:
        source, target = self.caller.number, self.caller.to
        if self.report_to:
            source, target = target, source
        base = {
            "CallSid": self.call_sid,
            "From": source,
            "Caller": source,
            "To": target,
            "Called": target,
            "CallStatus": "in-progress",
            "Direction": "outbound-api" if self.report_to else "inbound",
            "ApiVersion": "2010-04-01",
        }
        return {**base, **fields}

    def _listen(self, heard: list[str]) -> None:
        """To the reference, said by the voice or put together of recorded digits."""
        for words in heard:
            if found := _REFERENCE.search(words):
                self.reference = "".join(c for c in found.group(0) if c.isdecimal())
        digits = "".join(digit[1] if (digit := _DIGIT.search(words)) else "," for words in heard)
        if found := _TEN_DIGITS.search(digits):
            self.reference = found[0]

    def _lengths(self) -> dict[str, str]:
        return {"CallDuration": str(int(time.monotonic() - self.began))}


def text(
    account: ProviderAccount, base_url: str, *, number: str, to: str, words: str, pictures: Sequence[str] = ()
) -> tuple[str, SimulatedAnswer]:
    """Send one text to the hotline, with pictures that its carrier keeps: its id, and how it was taken."""
    sid = "SM" + secrets.token_hex(16)
    fields = {"MessageSid": sid, "SmsSid": sid, "From": number, "To": to, "Body": words, "NumMedia": str(len(pictures))}
    for place, picture in enumerate(pictures):
        media = f"{account.api_base_url}/2010-04-01/Accounts/{account.account_sid}/Messages/{sid}/Media/{picture}"
        fields[f"MediaUrl{place}"] = media
    return sid, post_signed(account, f"{base_url}/webhooks/{account.name}/sms", fields)


def said_back(answer: SimulatedAnswer) -> list[str]:
    """What the answer itself says to whoever texted, the way they wrote."""
    document = _parsed(answer.text)
    return [] if document is None else [words.text or "" for words in document.iter("Message")]


def received(account: ProviderAccount, number: str) -> list[dict[str, str]]:
    """The messages this number was sent, oldest first, as the carrier has them."""
    url = f"{account.api_base_url}/2010-04-01/Accounts/{account.account_sid}/Messages.json"
    answer = requests.get(url, params={"To": number}, auth=(account.account_sid, account.auth_token), timeout=5)
    answer.raise_for_status()
    return list(answer.json()["messages"])


def new_messages(
    account: ProviderAccount,
    number: str,
    *,
    known: set[str],
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[dict[str, str]]:
    """What arrives within so many seconds that was not there before."""
    waited = 0.0
    while True:
        for message in received(account, number):
            if message["sid"] not in known:
                known.add(message["sid"])
                yield message
        if waited >= seconds:
            return
        sleep(0.5)
        waited += 0.5


def wav_seconds(sound: bytes) -> float:
    """How long a WAV plays, by its own head; 0 for what is none."""
    if sound[:4] != b"RIFF" or sound[12:16] != b"fmt ":
        return 0.0
    a_second = int.from_bytes(sound[28:32], "little")
    data = sound.find(b"data")
    return int.from_bytes(sound[data + 4 : data + 8], "little") / a_second if data > 0 and a_second else 0.0


def _heard(document: Element) -> Iterator[str]:
    for verb in document.iter():
        words = (verb.text or "").strip()
        if verb.tag == "Say":
            yield words
        elif verb.tag == "Play" and (path := urlsplit(words).path).startswith("/sounds/"):
            yield path


def _parsed(text: str) -> Element | None:
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - our own web process wrote it
    except ElementTree.ParseError:
        return None


def _state_of(action: str, present: str) -> str:
    name = urlsplit(action).path.rstrip("/").rsplit("/", 1)[-1]
    return STATE_OF_STEP.get(name, name) or present
