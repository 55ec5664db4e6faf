"""A provider's switch over SIP: answers a caller, posts our signed webhooks and carries out our documents, with sound.

What would be read aloud is a tone (WORDS) here, and every wait but those for people is short; sounds that are fetched
are ours, and what is recorded is what came over the line.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urljoin, urlsplit
from xml.etree import ElementTree

import requests
from werkzeug.datastructures import MultiDict

from telephony.provider.signatures import sign
from tests.exchange.sip import Address, Leg, UserAgent
from tests.exchange.sound import RATE, from_wav, tone, wav

WORDS_HERTZ = 1800
WORDS = tone(WORDS_HERTZ, 0.6)
BEEP_HERTZ = 2400
BEEP = tone(BEEP_HERTZ, 0.8)
_MOST_PLAYED_SECONDS, _LONGEST_SOUND_SECONDS = 1.0, 60.0
_LOOK_SECONDS = 0.02


class HungUp(Exception):
    """Nobody is on the line any more."""


def user_of(address: str) -> str:
    """A number, or whoever is registered at the exchange under this address."""
    return address.strip().removeprefix("sip:").split("@")[0]


@dataclass
class Account:
    """As we know the provider, and as it knows us."""

    name: str
    sid: str
    token: str
    base_url: str


@dataclass
class SwitchCall:
    """A call that the switch carries out documents for."""

    switch: "Switch"
    leg: Leg
    sid: str = field(default_factory=lambda: str(uuid.uuid4()))
    direction: str = "inbound"
    number: str = ""
    to: str = ""
    parent: str = ""
    status: str = "ringing"
    is_over: bool = False
    documents: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def walk(self, url: str, more: dict[str, str]) -> None:
        """Until the documents or the call end."""
        try:
            while True:
                ended = self._do(self.switch.fetch(self, url, more), url)
                if ended is None:
                    break
                url, more = ended
        except HungUp:
            pass
        finally:
            self.leg.hang_up()
            self.status = "completed"
            self.switch.tell(self, "completed", CallDuration=str(self.leg.seconds))
            self.is_over = True

    # Verbs ----------------------------------------------------------------------------------------------------------

    def _do(self, document: str, base: str) -> tuple[str, dict[str, str]] | None:
        self.documents.append(document)
        for verb in ElementTree.fromstring(document):
            if verb.tag in ("Say", "Play"):
                self._sound(verb)
                self._wait(lambda: not self.leg.sound.is_saying, 30)
            elif verb.tag == "Gather":
                digits = self._gather(verb)
                if digits or verb.get("actionOnEmptyResult") == "true":
                    return urljoin(base, verb.get("action", "")), {"Digits": digits} if digits else {}
            elif verb.tag == "Record":
                return urljoin(base, verb.get("action", "")), self._record(verb)
            elif verb.tag == "Dial":
                return urljoin(base, verb.get("action", "")), self._dial(verb)
            elif verb.tag == "Redirect":
                time.sleep(0.05)
                return urljoin(base, verb.text or ""), {}
            elif verb.tag == "Hangup":
                return None
            else:
                # As Somleng: an element that it does not know ends the call.
                raise AssertionError(f"the switch has no {verb.tag}")
        return None

    def _sound(self, verb: ElementTree.Element) -> None:
        if verb.tag == "Say":
            self.said.append(verb.text or "")
            self.leg.sound.say(WORDS)
        else:
            self.leg.sound.say(self.switch.sound_at(verb.text or ""))

    def _gather(self, verb: ElementTree.Element) -> str:
        keys, most = "", int(verb.get("numDigits", "0"))
        ends = verb.get("finishOnKey", "#")
        for spoken in verb:
            self._sound(spoken)
        quiet_since, seconds = time.monotonic(), float(verb.get("timeout", "5"))
        while time.monotonic() - quiet_since < seconds:
            self._look()
            pressed = self.leg.sound.take_keys()
            if pressed:
                self.leg.sound.hush()
                keys += pressed
            if pressed or self.leg.sound.is_saying:
                quiet_since = time.monotonic()
            if ends and ends in keys:
                return keys[: keys.index(ends)]
            if most and len(keys) >= most:
                return keys[:most]
            time.sleep(_LOOK_SECONDS)
        return keys

    def _record(self, verb: ElementTree.Element) -> dict[str, str]:
        self.leg.sound.say(BEEP)
        self._wait(lambda: not self.leg.sound.is_saying, 5)
        self.leg.sound.take_heard()
        self.leg.sound.take_keys()
        ends, until = verb.get("finishOnKey", "#"), time.monotonic() + float(verb.get("maxLength", "3600"))
        try:
            self._wait(lambda: bool(set(self.leg.sound.keys) & set(ends)), until - time.monotonic())
        finally:
            kept = self.switch.keep(self, self.leg.sound.take_heard(), verb.get("recordingStatusCallback", ""))
        # As Somleng: told by its address alone.
        seconds = str(self.switch.recordings[kept][1])
        return {"RecordingUrl": f"{self.switch.url}/Recordings/{kept}", "RecordingDuration": seconds}

    def _dial(self, verb: ElementTree.Element) -> dict[str, str]:
        noun = verb[0] if len(verb) else verb
        number = user_of(noun.findtext("Identity") or noun.text or "")
        other = SwitchCall(
            self.switch, self.switch.agent.call(number, as_user=self.number), direction="outbound-dial",
            number=self.number, to=number, parent=self.sid,
        )  # fmt: skip
        self.switch.calls[other.sid] = other
        # As Somleng: nothing is told of this leg before the dial ends, and then only to the caller's next step.
        outcome = "no-answer"
        try:
            answered = self._answered(other, float(verb.get("timeout", "30")))
            if answered and noun.get("url"):
                answered = self._whispered(other, noun.get("url", ""))
            if answered:
                outcome = "completed"
                self._talk(other)
        finally:
            # Also when the caller is gone: the second leg ends with the bridge.
            self.leg.sound.joined = None
            other.leg.hang_up()
            other.status = outcome
        lasted = {"DialCallDuration": str(other.leg.seconds)} if outcome == "completed" else {}
        return {"DialCallStatus": outcome, "DialCallSid": other.sid, **lasted}

    def _answered(self, other: "SwitchCall", seconds: float) -> bool:
        self._wait(lambda: other.leg.is_answered.is_set() or other.leg.is_over.is_set(), seconds)
        return other.leg.is_answered.is_set() and not other.leg.is_over.is_set()

    def _whispered(self, other: "SwitchCall", url: str) -> bool:
        """Whether whoever picked up takes the call: a document that hangs up connects nobody."""
        more: dict[str, str] = {}
        while True:
            document = self.switch.fetch(other, url, more)
            try:
                ended = other._do(document, url)
            except HungUp:
                return False
            if ended is None:
                return "<Hangup" not in document
            url, more = ended

    def _talk(self, other: "SwitchCall") -> None:
        other.status = "in-progress"
        self.leg.sound.take_heard()
        self.leg.sound.joined, other.leg.sound.joined = other.leg.sound, self.leg.sound
        self._wait(lambda: other.leg.is_over.is_set() or other.status == "completed", 7200)

    # Waiting --------------------------------------------------------------------------------------------------------

    def _wait(self, holds: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not holds() and time.monotonic() < until:
            self._look()
            time.sleep(_LOOK_SECONDS)

    def _look(self) -> None:
        if self.leg.is_over.is_set() or self.status == "completed":
            raise HungUp


class Switch:
    """Has a SIP side, and a REST side on loopback."""

    def __init__(self, proxy: Address) -> None:
        self.agent = UserAgent("switch", proxy, on_call=self._called)
        self.account: Account | None = None
        self.calls: dict[str, SwitchCall] = {}
        # Sound, whole seconds, call.
        self.recordings: dict[str, tuple[bytes, int, str]] = {}
        self.deleted: list[str] = []
        self.texts: list[dict[str, str]] = []
        # Of a sound that is fetched; whoever measures how long somebody waits has all of it played.
        self.most_played_seconds = _MOST_PLAYED_SECONDS
        self._sounds: dict[str, bytes] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _rest_side(self))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.all_hung_up()
        self.agent.close()
        self.server.shutdown()
        self.server.server_close()

    def all_hung_up(self) -> None:
        """Everybody hangs up, and that is told, before nobody listens any more."""
        self.agent.hang_up_all()
        until = time.monotonic() + 10
        while time.monotonic() < until and not all(c.is_over for c in self.calls.values() if not c.parent):
            time.sleep(0.05)

    # What happens on the line ---------------------------------------------------------------------------------------

    def _called(self, leg: Leg) -> None:
        assert self.account is not None and leg.invite is not None
        to = leg.invite.first.split()[1].removeprefix("sip:").split("@")[0]
        call = SwitchCall(self, leg, number=leg.caller, to=to)
        self.calls[call.sid] = call
        leg.ring()
        leg.accept()
        call.status = "in-progress"
        call.walk(f"{self.account.base_url}/webhooks/{self.account.name}/voice", {"CallStatus": "ringing"})

    def place(self, to: str, sender: str, document: str, report: str) -> SwitchCall:
        call = SwitchCall(
            self, self.agent.call(user_of(to), as_user=sender), direction="outbound-api", number=sender, to=to,
            status="queued",
        )  # fmt: skip
        self.calls[call.sid] = call
        threading.Thread(target=self._ring, args=(call, document, report), daemon=True).start()
        return call

    def _ring(self, call: SwitchCall, document: str, report: str) -> None:
        self.tell(call, "ringing", to=report)
        if not call.leg.is_answered.wait(30):
            call.leg.hang_up()
            self.tell(call, "no-answer", to=report)
            call.is_over = True
            return
        call.status = "in-progress"
        self.tell(call, "in-progress", to=report)
        try:
            ended = call._do(document, report)
            if ended is not None:
                call.walk(*ended)
        except HungUp:
            pass
        call.leg.hang_up()
        self.tell(call, "completed", to=report, CallDuration=str(call.leg.seconds))
        call.is_over = True

    # What is said to us ---------------------------------------------------------------------------------------------

    def post(self, url: str, fields: dict[str, str]) -> str:
        assert self.account is not None
        bare = url.split("#", maxsplit=1)[0]
        form = {"AccountSid": self.account.sid, "ApiVersion": "2010-04-01", **fields}
        signed = {"X-Twilio-Signature": sign(self.account.token, bare, MultiDict(form))}
        answer = requests.post(bare, data=form, headers=signed, timeout=15)
        assert answer.status_code in (200, 204), (answer.status_code, bare)
        return answer.text

    def _fields(self, call: SwitchCall) -> dict[str, str]:
        about = {"CallSid": call.sid, "From": call.number, "To": call.to, "Direction": call.direction}
        return {**about, "CallStatus": "in-progress", **({"ParentCallSid": call.parent} if call.parent else {})}

    def fetch(self, call: SwitchCall, url: str, more: dict[str, str]) -> str:
        """Twice more if nothing comes, as a provider does."""
        for _ in range(2):
            with suppress(requests.RequestException):
                return self.post(url, {**self._fields(call), **more})
            time.sleep(0.5)
        return self.post(url, {**self._fields(call), **more})

    def tell(self, call: SwitchCall, status: str, *, to: str = "", **more: str) -> None:
        assert self.account is not None
        to = to or f"{self.account.base_url}/webhooks/{self.account.name}/status"
        with suppress(requests.RequestException, AssertionError):
            self.post(to, {**self._fields(call), "CallStatus": status, **more})

    def keep(self, call: SwitchCall, heard: bytes, report: str) -> str:
        sid, seconds = str(uuid.uuid4()), round(len(heard) / RATE)
        self.recordings[sid] = (wav(heard), seconds, call.sid)
        if report:
            told = {"RecordingSid": sid, "RecordingStatus": "completed", "RecordingDuration": str(seconds)}
            threading.Thread(target=self.tell, args=(call, ""), kwargs={"to": report, **told}, daemon=True).start()
        return sid

    def sound_at(self, url: str) -> bytes:
        if url not in self._sounds:
            self._sounds[url] = from_wav(requests.get(url, timeout=15).content, seconds=_LONGEST_SOUND_SECONDS)
        return self._sounds[url][: int(self.most_played_seconds * RATE)]

    # What we ask ----------------------------------------------------------------------------------------------------

    def asked(self, method: str, path: str, form: dict[str, str]) -> tuple[int, bytes | dict[str, object]]:
        _, kind, *rest = path.rsplit("/Accounts/", 1)[-1].split("/")
        sid = rest[0].rsplit(".", 1)[0] if rest else ""
        if kind == "Recordings" and sid in self.recordings:
            if method == "DELETE":
                self.deleted.append(sid)
                return 204, b""
            return 200, self.recordings[sid][0]
        if method == "POST" and kind == "Messages.json":
            self.texts.append(form)
            return 201, {"sid": str(uuid.uuid4()), "status": "queued"}
        if method == "POST" and kind == "Calls.json":
            call = self.place(form["To"], form["From"], form["Twiml"], form["StatusCallback"])
            return 201, {"sid": call.sid, "status": "queued"}
        call = self.calls.get(sid)
        if kind != "Calls" or call is None:
            return 404, {"code": 20404, "status": 404, "message": "not found"}
        if form.get("Status") == "completed":
            call.status = "completed"
            call.leg.hang_up()
        # As Somleng: an address is kept, and nobody who hears our words or talks is led to it.
        return 200, {"sid": sid, "status": call.status}


def _rest_side(switch: Switch) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
            status, told = switch.asked(self.command, urlsplit(self.path).path, form)
            answer = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "audio/wav" if isinstance(told, bytes) else "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = _take

        def log_message(self, *_: object) -> None:
            return

    return Handler
