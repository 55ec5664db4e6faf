"""A telephone of a person: speaks with a tone of its own, so that whoever hears it can tell who speaks."""

import time

from tests.exchange.sip import Address, Leg, UserAgent
from tests.exchange.sound import RATE, linear, share_of, tone

# A tone is heard when most of the last half second is that tone.
_MOST, _SECONDS = 0.6, 0.5


class Telephone:
    """`picks_up` answers whoever calls, at once; `presses` then these keys."""

    def __init__(self, number: str, proxy: Address, *, hertz: int, picks_up: bool = False, presses: str = "") -> None:
        self.number, self.hertz, self.picks_up, self.presses = number, hertz, picks_up, presses
        self.agent = UserAgent(number, proxy, on_call=self._rings)
        self.leg: Leg | None = None
        self.rang = 0

    def register(self) -> "Telephone":
        assert self.agent.register(), "the exchange takes no registration"
        return self

    def dial(self, number: str) -> "Telephone":
        self.leg = self.agent.call(number)
        self.leg.sound.microphone = tone(self.hertz, 1.0)
        assert self.leg.is_answered.wait(20), f"nobody answers: {self.leg.status}"
        return self

    def press(self, keys: str) -> None:
        assert self.leg is not None
        self.leg.sound.press(keys)

    def hears(self, hertz: int, *, seconds: float = 30.0) -> bool:
        """Whether this tone is heard within so long."""
        assert self.leg is not None
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self.leg.sound._lock:
                last = bytes(self.leg.sound.heard[-int(_SECONDS * RATE) :])
            if len(last) == int(_SECONDS * RATE) and share_of(hertz, last) > _MOST:
                return True
            time.sleep(0.05)
        return False

    def hears_something(self, *, seconds: float = 30.0) -> bool:
        """Whether there is any sound at all within so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.leg is not None and any(abs(sample) > 500 for sample in linear(self.leg.sound.take_heard())):
                return True
            time.sleep(0.1)
        return False

    @property
    def is_on_the_line(self) -> bool:
        return self.leg is not None and self.leg.is_answered.is_set() and not self.leg.is_over.is_set()

    def hang_up(self) -> None:
        if self.leg is not None:
            self.leg.hang_up()

    def close(self) -> None:
        self.agent.close()

    def _rings(self, leg: Leg) -> None:
        self.rang += 1
        leg.ring()
        if not self.picks_up:
            return
        self.leg = leg
        leg.sound.microphone = tone(self.hertz, 1.0)
        leg.accept()
        time.sleep(0.5)
        if self.presses:
            leg.sound.press(self.presses)
