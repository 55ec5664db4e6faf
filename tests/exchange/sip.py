"""A SIP user agent over UDP (RFC 3261), as much of it as a telephone and a provider's switch need on loopback."""

import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.exchange.rtp import A_LAW, KEYS, Sound

Address = tuple[str, int]
_AGAIN_SECONDS, _TIMES = 0.5, 12


@dataclass
class Message:
    first: str
    headers: list[tuple[str, str]]
    body: str = ""

    @classmethod
    def read(cls, data: bytes) -> "Message":
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        pairs = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        short = {"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length"}
        return cls(first, [(short.get(name.lower(), name), value) for name, value in pairs], body)

    def all(self, name: str) -> list[str]:
        return [value for one, value in self.headers if one.lower() == name.lower()]

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def is_answer(self) -> bool:
        return self.first.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        return int(self.first.split()[1]) if self.is_answer else 0

    @property
    def method(self) -> str:
        return self.one("CSeq").split()[-1] if self.is_answer else self.first.split()[0]

    def data(self) -> bytes:
        kind = [("Content-Type", "application/sdp")] if self.body else []
        lines = [*self.headers, *kind, ("Content-Length", str(len(self.body)))]
        return "\r\n".join([self.first, *(f"{n}: {v}" for n, v in lines), "", self.body]).encode()


def uri_in(value: str) -> str:
    found = re.search(r"<([^>]+)>", value)
    return found[1] if found else value.split(";", maxsplit=1)[0].strip()


def user_of(value: str) -> str:
    found = re.search(r"sips?:([^@>;]+)@", value)
    return found[1] if found else ""


def place_of(uri: str) -> Address:
    found = re.search(r"sips?:(?:[^@]*@)?([^:;>]+)(?::(\d+))?", uri)
    assert found, uri
    return found[1], int(found[2] or 5060)


def _tag_of(value: str) -> str:
    found = re.search(r";tag=([^;>\s]+)", value)
    return found[1] if found else ""


@dataclass
class Leg:
    """One call of an agent: its dialog and its sound."""

    agent: "UserAgent"
    call_id: str
    near: str
    far: str
    target: str
    routes: list[str] = field(default_factory=list)
    sequence: int = 1
    status: int = 0
    sound: Sound = field(default_factory=Sound)
    invite: Message | None = None
    answer: bytes = b""
    is_over: threading.Event = field(default_factory=threading.Event)
    is_answered: threading.Event = field(default_factory=threading.Event)
    answered_at: float = 0.0

    @property
    def caller(self) -> str:
        return user_of(self.far)

    def ring(self) -> None:
        self.agent.reply(self, 180, "Ringing")

    def accept(self) -> None:
        self.agent.reply(self, 200, "OK", self.agent.offer(self))
        self.begun()

    def refuse(self, status: int = 486) -> None:
        self.agent.reply(self, status, "Busy Here")
        self.end()

    def begun(self) -> None:
        self.answered_at = time.monotonic()
        self.is_answered.set()

    def hang_up(self) -> None:
        if self.is_over.is_set():
            return
        if self.is_answered.is_set():
            self.agent.bye(self)
        elif self.invite is not None and self.agent.is_calling(self):
            self.agent.cancel(self)
        else:
            self.refuse(480)
        self.end()

    def end(self) -> None:
        self.is_over.set()
        self.sound.close()

    @property
    def seconds(self) -> int:
        return round(time.monotonic() - self.answered_at) if self.answered_at else 0


class UserAgent:
    """Registers, calls, is called (`on_call`)."""

    def __init__(self, user: str, proxy: Address, *, on_call: Callable[[Leg], None] | None = None) -> None:
        self.user, self.proxy, self.on_call = user, proxy, on_call
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.legs: dict[str, Leg] = {}
        self.answers: dict[tuple[str, str], Message] = {}
        self.contact = f"<sip:{user}@127.0.0.1:{self.port}>"
        self._calling: set[str] = set()
        self._over = False
        threading.Thread(target=self._listen, daemon=True).start()

    def hang_up_all(self) -> None:
        for leg in list(self.legs.values()):
            leg.hang_up()

    def close(self) -> None:
        self.hang_up_all()
        self._over = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    # What we ask ----------------------------------------------------------------------------------------------------

    def register(self) -> bool:
        me = f"<sip:{self.user}@{self.proxy[0]}:{self.proxy[1]}>"
        request = self._request(
            "REGISTER", f"sip:{self.proxy[0]}:{self.proxy[1]}", call_id=uuid.uuid4().hex, near=f"{me};tag=r", far=me,
            sequence=1,
        )  # fmt: skip
        request.headers.append(("Expires", "600"))
        answer = self._ask(request, self.proxy)
        return answer is not None and answer.status == 200

    def call(self, user: str, *, as_user: str = "") -> Leg:
        host = f"{self.proxy[0]}:{self.proxy[1]}"
        near = f"<sip:{as_user or self.user}@{host}>;tag={uuid.uuid4().hex[:10]}"
        leg = Leg(self, uuid.uuid4().hex, near, f"<sip:{user}@{host}>", f"sip:{user}@{host}")
        leg.invite = self._request(
            "INVITE", leg.target, call_id=leg.call_id, near=leg.near, far=leg.far, sequence=leg.sequence
        )
        leg.invite.body = self.offer(leg)
        self.legs[leg.call_id] = leg
        self._calling.add(leg.call_id)
        threading.Thread(target=self._ask, args=(leg.invite, self.proxy), daemon=True).start()
        return leg

    def is_calling(self, leg: Leg) -> bool:
        return leg.call_id in self._calling

    def cancel(self, leg: Leg) -> None:
        assert leg.invite is not None
        again = Message(leg.invite.first.replace("INVITE", "CANCEL", 1), list(leg.invite.headers))
        again.headers = [(n, v.replace("INVITE", "CANCEL") if n == "CSeq" else v) for n, v in again.headers]
        self._send(again, self.proxy)

    def bye(self, leg: Leg) -> None:
        leg.sequence += 1
        to = place_of(uri_in(leg.routes[0])) if leg.routes else place_of(leg.target)
        request = self._request(
            "BYE", leg.target, call_id=leg.call_id, near=leg.near, far=leg.far, sequence=leg.sequence, routes=leg.routes
        )
        threading.Thread(target=self._ask, args=(request, to), daemon=True).start()

    def offer(self, leg: Leg) -> str:
        lines = [
            "v=0", f"o=- {leg.sound.port} 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
            f"m=audio {leg.sound.port} RTP/AVP {A_LAW} {KEYS}", f"a=rtpmap:{A_LAW} PCMA/8000",
            f"a=rtpmap:{KEYS} telephone-event/8000", f"a=fmtp:{KEYS} 0-15", "a=ptime:20", "a=sendrecv", "",
        ]  # fmt: skip
        return "\r\n".join(lines)

    def reply(self, leg: Leg, status: int, words: str, body: str = "") -> None:
        assert leg.invite is not None
        answer = self._answer_to(leg.invite, status, words, near=leg.near, body=body)
        leg.answer = answer.data()
        self._send(answer, place_of(_via_place(leg.invite)))

    def _request(
        self,
        method: str,
        uri: str,
        *,
        call_id: str,
        near: str,
        far: str,
        sequence: int,
        routes: Sequence[str] = (),
    ) -> Message:
        headers = [
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{uuid.uuid4().hex[:16]};rport"),
            ("Max-Forwards", "70"), *(("Route", route) for route in routes), ("From", near), ("To", far),
            ("Call-ID", call_id), ("CSeq", f"{sequence} {method}"), ("Contact", self.contact),
        ]  # fmt: skip
        return Message(f"{method} {uri} SIP/2.0", headers)

    def _ask(self, request: Message, to: Address) -> Message | None:
        """Sent until it is answered; the answer that is not only on the way, if one comes in time."""
        key = (request.one("Call-ID"), request.one("CSeq"))
        for _ in range(_TIMES):
            self._send(request, to)
            until = time.monotonic() + _AGAIN_SECONDS
            while time.monotonic() < until:
                if key in self.answers:
                    return self.answers[key]
                time.sleep(0.01)
        return None

    def _send(self, message: Message, to: Address) -> None:
        with suppress(OSError):
            self.socket.sendto(message.data(), to)

    # What we are told -----------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        while not self._over:
            try:
                data = self.socket.recv(65535)
            except OSError:
                return
            if len(data) < 20:
                continue
            message = Message.read(data)
            with suppress(Exception):
                (self._take_answer if message.is_answer else self._take_request)(message)

    def _take_answer(self, message: Message) -> None:
        self.answers[message.one("Call-ID"), message.one("CSeq")] = message
        leg = self.legs.get(message.one("Call-ID"))
        if leg is None or message.method != "INVITE":
            return
        leg.status = message.status
        if 200 <= message.status < 300:
            self._connected(leg, message)
        elif message.status >= 300:
            self._acknowledge(leg, message, to=self.proxy, target=leg.target, is_refusal=True)
            self._calling.discard(leg.call_id)
            leg.end()

    def _connected(self, leg: Leg, message: Message) -> None:
        leg.far, leg.target = message.one("To"), uri_in(message.one("Contact"))
        leg.routes = [part.strip() for one in message.all("Record-Route") for part in one.split(",")][::-1]
        to = place_of(uri_in(leg.routes[0])) if leg.routes else place_of(leg.target)
        self._acknowledge(leg, message, to=to, target=leg.target)
        _hear(leg, message.body)
        self._calling.discard(leg.call_id)
        if leg.is_over.is_set():
            self.bye(leg)
        elif not leg.is_answered.is_set():
            leg.begun()

    def _acknowledge(self, leg: Leg, message: Message, *, to: Address, target: str, is_refusal: bool = False) -> None:
        ack = self._request(
            "ACK", target, call_id=leg.call_id, near=leg.near, far=message.one("To"), sequence=leg.sequence,
            routes=[] if is_refusal else leg.routes,
        )  # fmt: skip
        if is_refusal:
            # It belongs to the transaction that was refused.
            ack.headers[0] = ("Via", message.one("Via"))
        self._send(ack, to)

    def _take_request(self, message: Message) -> None:
        leg = self.legs.get(message.one("Call-ID"))
        method = message.method
        if method == "INVITE" and leg is not None:
            self._send_raw(leg.answer, message)
        elif method == "INVITE":
            self._called(message)
        elif method in ("BYE", "CANCEL"):
            self._send(self._answer_to(message, 200, "OK", near=message.one("To")), place_of(_via_place(message)))
            if leg is not None and method == "CANCEL" and not leg.is_answered.is_set():
                self.reply(leg, 487, "Request Terminated")
            if leg is not None:
                leg.end()
        elif method == "OPTIONS":
            self._send(self._answer_to(message, 200, "OK", near=message.one("To")), place_of(_via_place(message)))

    def _called(self, message: Message) -> None:
        near = f"{message.one('To')};tag={uuid.uuid4().hex[:10]}"
        routes = [part.strip() for one in message.all("Record-Route") for part in one.split(",")]
        leg = Leg(self, message.one("Call-ID"), near, message.one("From"), uri_in(message.one("Contact")), routes)
        leg.invite = message
        self.legs[leg.call_id] = leg
        _hear(leg, message.body)
        self._send(self._answer_to(message, 100, "Trying", near=message.one("To")), place_of(_via_place(message)))
        if self.on_call is None:
            leg.refuse()
        else:
            threading.Thread(target=self.on_call, args=(leg,), daemon=True).start()

    def _send_raw(self, answer: bytes, request: Message) -> None:
        if answer:
            with suppress(OSError):
                self.socket.sendto(answer, place_of(_via_place(request)))

    def _answer_to(self, request: Message, status: int, words: str, *, near: str, body: str = "") -> Message:
        kept = [(n, v) for n, v in request.headers if n.lower() in ("via", "from", "call-id", "cseq", "record-route")]
        headers = [*kept, ("To", near), ("Contact", self.contact)]
        return Message(f"SIP/2.0 {status} {words}", headers, body)


def _via_place(request: Message) -> str:
    sent_by = request.one("Via").split()[1].split(";")[0]
    return f"sip:{sent_by}"


def _hear(leg: Leg, description: str) -> None:
    host = re.search(r"^c=IN IP4 (\S+)", description, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", description, re.MULTILINE)
    if host and port:
        leg.sound.far = (host[1], int(port[1]))
