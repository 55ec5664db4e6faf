"""The sound of one side of a call: frames of 20 ms out and in (RFC 3550), and keys as events (RFC 4733)."""

import random
import socket
import struct
import threading
import time
from contextlib import suppress

from tests.exchange.sound import FRAME, SILENCE

A_LAW, KEYS = 8, 101
_NAMES = "0123456789*#"
_FRAME_SECONDS = 0.02
# How long a key is held, in frames; its end is said three times, as one may be lost.
_HELD = 6
# Of a call that nobody listens to, no more is kept than this.
_MOST_HEARD = 60 * 8000


class Sound:
    """Sends whatever stands in line, else the microphone's sound over and over, else silence; keeps what it hears."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port: int = self.socket.getsockname()[1]
        self.far: tuple[str, int] | None = None
        self.microphone = b""
        self.joined: Sound | None = None
        self.heard, self.keys, self.received = bytearray(), "", 0
        self._line, self._passed, self._at, self._pressing = bytearray(), bytearray(), 0, list[str]()
        self._sequence, self._stamp = random.randrange(2**15), random.randrange(2**31)
        self._source, self._event_stamp = random.randrange(2**32), -1
        self._lock, self._over = threading.Lock(), threading.Event()
        for work in (self._send_all, self._hear_all):
            threading.Thread(target=work, daemon=True).start()

    def say(self, sound: bytes) -> None:
        with self._lock:
            self._line += sound

    def hush(self) -> None:
        with self._lock:
            self._line.clear()

    @property
    def is_saying(self) -> bool:
        return bool(self._line)

    def press(self, keys: str) -> None:
        with self._lock:
            self._pressing += keys

    def take_heard(self) -> bytes:
        with self._lock:
            heard = bytes(self.heard)
            self.heard.clear()
        return heard

    def take_keys(self) -> str:
        with self._lock:
            keys, self.keys = self.keys, ""
        return keys

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            self.socket.close()

    # Out ------------------------------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        begun, sent = time.monotonic(), 0
        while not self._over.is_set():
            pause = begun + sent * _FRAME_SECONDS - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            elif pause < -1:
                # Whoever was not let run for so long does not make up for it with a second of noise.
                begun, sent = time.monotonic(), 0
            with suppress(OSError):
                sent += self._press_one() if self._pressing else self._send(A_LAW, self._next_frame())

    def _next_frame(self) -> bytes:
        with self._lock:
            for line in (self._line, self._passed):
                if line:
                    frame = bytes(line[:FRAME])
                    del line[:FRAME]
                    return frame.ljust(FRAME, b"\xd5")
        if not self.microphone or self.joined is not None:
            return SILENCE
        self._at = (self._at + FRAME) % len(self.microphone)
        return self.microphone[self._at : self._at + FRAME].ljust(FRAME, b"\xd5")

    def _send(self, kind: int, content: bytes, *, marked: bool = False, stamp: int | None = None) -> int:
        self._sequence = (self._sequence + 1) % 2**16
        self._stamp = (self._stamp + FRAME) % 2**32
        head = struct.pack(
            ">BBHII", 0x80, kind | (0x80 if marked else 0), self._sequence,
            self._stamp if stamp is None else stamp, self._source,
        )  # fmt: skip
        if self.far:
            self.socket.sendto(head + content, self.far)
        return 1

    def _press_one(self) -> int:
        with self._lock:
            key = self._pressing.pop(0)
        begun = self._stamp
        for number in range(_HELD + 3):
            held = min(number + 1, _HELD) * FRAME
            told = struct.pack(">BBH", _NAMES.index(key), 10 | (0x80 if number >= _HELD else 0), held)
            self._send(KEYS, told, marked=number == 0, stamp=begun)
            time.sleep(_FRAME_SECONDS)
        return _HELD + 3

    # In -------------------------------------------------------------------------------------------------------------

    def _hear_all(self) -> None:
        while not self._over.is_set():
            try:
                packet = self.socket.recv(2048)
            except TimeoutError:
                continue
            except OSError:
                return
            if len(packet) > 12:
                self._take(packet[1] & 0x7F, struct.unpack(">I", packet[4:8])[0], packet[12:])

    def _take(self, kind: int, stamp: int, content: bytes) -> None:
        other = self.joined
        if kind == A_LAW:
            with self._lock:
                self.received += 1
                self.heard += content
                del self.heard[:-_MOST_HEARD]
            if other is not None:
                other.pass_on(content)
        elif kind == KEYS and content[1] & 0x80 and stamp != self._event_stamp and content[0] < len(_NAMES):
            self._event_stamp = stamp
            with self._lock:
                self.keys += _NAMES[content[0]]

    def pass_on(self, content: bytes) -> None:
        with self._lock:
            self._passed += content
            # Late is worse than a gap.
            del self._passed[: -10 * FRAME]
