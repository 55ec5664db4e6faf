"""An exchange as small as it can be: SIP over WebSocket for browsers, on sockets of the standard library.

It registers whoever proves a password that ends by itself, as docs/operate/exchange.md describes it, rings them, takes
their answers, and forgets what it is told to. It carries no voice: that is proved against a real one.
"""

import base64
import hashlib
import hmac
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SECRET = "shared-with-the-exchange-0123456789"
DOMAIN = "exchange.test"
_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# An offer as an exchange with DTLS makes it; nobody listens at that address.
_OFFER = "\r\n".join(
    (
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0 101", "c=IN IP4 127.0.0.1", "a=mid:0", "a=rtcp-mux", "a=sendrecv",
        "a=setup:actpass", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdef0123456789", "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "",
    )
)  # fmt: skip


@dataclass
class SipMessage:
    """`first` is the request or status line; headers by their small names, the first of each."""

    first: str
    headers: dict[str, str]
    vias: list[str]
    body: str

    @classmethod
    def read(cls, text: str) -> "SipMessage":
        head, _, body = text.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers: dict[str, str] = {}
        vias = []
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip().lower() == "via":
                vias.append(value.strip())
            headers.setdefault(name.strip().lower(), value.strip())
        return cls(first, headers, vias, body)

    @property
    def method(self) -> str:
        return self.first.split(" ")[0]


@dataclass
class Peer:
    """One browser's connection."""

    line: socket.socket
    contact: str = ""
    user: str = ""
    writing: threading.Lock = field(default_factory=threading.Lock)

    def send(self, text: str) -> None:
        data = text.encode()
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        with self.writing:
            self.line.sendall(b"\x81" + size + data)

    def receive(self) -> str | None:
        """None when the line is closed."""
        whole = b""
        while True:
            head = self._exactly(2)
            if head is None:
                return None
            size = head[1] & 0x7F
            if size == 126:
                size = struct.unpack(">H", self._exactly(2) or b"\0\0")[0]
            mask, data = self._exactly(4), self._exactly(size)
            if mask is None or data is None or head[0] & 0x0F == 8:
                return None
            whole += bytes(one ^ mask[i % 4] for i, one in enumerate(data))
            if head[0] & 0x80:
                return whole.decode()

    def _exactly(self, size: int) -> bytes | None:
        found = b""
        while len(found) < size:
            part = self.line.recv(size - len(found))
            if not part:
                return None
            found += part
        return found


class SipExchange:
    """`registered` is who can be rung now; `seen` is every request and answer that came."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.registered: dict[str, Peer] = {}
        self.seen: list[SipMessage] = []
        self.users: list[str] = []
        self._nonce = secrets.token_hex(8)
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        # Whoever waits for the next line wakes up.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.drop_lines()

    def drop_lines(self) -> None:
        """The network is gone for a moment: every line breaks, and nobody said goodbye."""
        for peer in list(self.peers):
            # Whoever waits for a byte on it wakes up.
            peer.line.shutdown(socket.SHUT_RDWR)
        self.registered.clear()

    def wait(self, what: Callable[[], Any], *, seconds: float = 15) -> Any:
        until = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < until, [one.first for one in self.seen]
            time.sleep(0.05)
        return found

    def ring(self, name: str) -> "Ringing":
        """As the trunk does once the agent has taken the call on the bar."""
        peer = self.wait(lambda: self.registered.get(name))
        call = Ringing(self, peer, name)
        call.invite()
        return call

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        peer = Peer(line)
        try:
            self._shake_hands(line)
            self.peers.append(peer)
            while (text := peer.receive()) is not None:
                if text.strip():
                    self._take(peer, SipMessage.read(text))
        except OSError:
            pass
        finally:
            if peer in self.peers:
                self.peers.remove(peer)
            if self.registered.get(peer.user) is peer:
                del self.registered[peer.user]
            line.close()

    def _shake_hands(self, line: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += line.recv(4096)
        found = re.search(rb"(?i)sec-websocket-key: *(\S+)", asked)
        key = found[1].decode() if found else ""
        accepted = base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()
        line.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\nSec-WebSocket-Protocol: sip\r\n\r\n".encode()
        )

    def _take(self, peer: Peer, message: SipMessage) -> None:
        self.seen.append(message)
        match message.method:
            case "REGISTER":
                self._register(peer, message)
            case "BYE" | "CANCEL" | "INFO" | "OPTIONS":
                peer.send(answer_to(message, "200 OK"))

    def _register(self, peer: Peer, message: SipMessage) -> None:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', message.headers.get("authorization", "")))
        if not given:
            challenge = f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="{self._nonce}", algorithm=MD5, qop="auth"'
            peer.send(answer_to(message, "401 Unauthorized", challenge))
            return
        if not self._is_genuine(given):
            peer.send(answer_to(message, "403 Forbidden"))
            return
        peer.user = given["username"].partition(":")[2]
        [peer.contact] = re.findall(r"<([^>]+)>", message.headers["contact"])[:1]
        self.users.append(given["username"])
        if message.headers.get("expires") == "0" or "expires=0" in message.headers["contact"]:
            self.registered.pop(peer.user, None)
        else:
            self.registered[peer.user] = peer
        peer.send(answer_to(message, "200 OK", f"Contact: {message.headers['contact']}", "Expires: 120"))

    @staticmethod
    def _is_genuine(given: dict[str, str]) -> bool:
        ends, _, _name = given["username"].partition(":")
        password = base64.b64encode(hmac.new(SECRET.encode(), given["username"].encode(), hashlib.sha1).digest())
        first = _md5(f"{given['username']}:{DOMAIN}:{password.decode()}")
        second = _md5(f"REGISTER:{given['uri']}")
        whole = _md5(f"{first}:{given['nonce']}:{given['nc']}:{given['cnonce']}:auth:{second}")
        return int(ends) > time.time() and whole == given["response"]


class Ringing:
    """One call to a browser: `invite`, then see what it answers; `hang_up` or `cancel` it."""

    def __init__(self, exchange: SipExchange, peer: Peer, name: str) -> None:
        self.exchange, self.peer, self.name = exchange, peer, name
        self.call_id = secrets.token_hex(8)
        self._tag = secrets.token_hex(4)
        self._branch = "z9hG4bK" + secrets.token_hex(6)

    def invite(self) -> None:
        self.peer.send(self._request("INVITE", 1, _OFFER))

    def answered(self, *, seconds: float = 15) -> SipMessage:
        """The answer of the browser, acknowledged."""
        found: SipMessage = self.exchange.wait(lambda: self._answer("SIP/2.0 200", "INVITE"), seconds=seconds)
        self.peer.send(self._request("ACK", 1, to=found.headers["to"]))
        return found

    def hang_up(self) -> None:
        answered = self._answer("SIP/2.0 200", "INVITE")
        assert answered is not None
        self._branch = "z9hG4bK" + secrets.token_hex(6)
        self.peer.send(self._request("BYE", 2, to=answered.headers["to"]))

    def _answer(self, status: str, method: str) -> SipMessage | None:
        return next(
            (
                one
                for one in list(self.exchange.seen)
                if one.first.startswith(status)
                and one.headers["call-id"] == self.call_id
                and one.headers["cseq"].endswith(method)
            ),
            None,
        )

    def _request(self, method: str, number: int, body: str = "", *, to: str = "") -> str:
        lines = [
            f"{method} {self.peer.contact} SIP/2.0",
            f"Via: SIP/2.0/WS 127.0.0.1;branch={self._branch}",
            "Max-Forwards: 70",
            f"From: <sip:+84901112233@{DOMAIN}>;tag={self._tag}",
            f"To: {to or f'<sip:{self.name}@{DOMAIN}>'}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:trunk@{DOMAIN};transport=ws>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body


def answer_to(message: SipMessage, status: str, *more: str) -> str:
    lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in message.vias)]
    to = message.headers["to"]
    lines += [
        f"From: {message.headers['from']}",
        f"To: {to if 'tag=' in to else to + ';tag=' + secrets.token_hex(4)}",
        f"Call-ID: {message.headers['call-id']}",
        f"CSeq: {message.headers['cseq']}",
        *more,
        "Content-Length: 0",
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
