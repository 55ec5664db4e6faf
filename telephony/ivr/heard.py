"""What the caller's phone did since we last spoke: keys, words, a recording, the end of a dial, or nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    keys: str = ""
    speech: str = ""
    recording_sid: str = ""
    recording_seconds: int = 0
    dial_status: str = ""
    dial_bridged: bool | None = None

    @property
    def is_silence(self) -> bool:
        return not (self.keys or self.speech.strip() or self.recording_sid or self.dial_status)

    @property
    def was_connected(self) -> bool:
        """Whether a dial reached somebody. Providers that do not say `bridged` say it by the status alone."""
        if self.dial_status not in ("completed", "answered"):
            return False
        return self.dial_bridged is not False
