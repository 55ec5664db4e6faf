"""Not recording for a moment, while somebody reads out what proves who they are.

It is paused once the provider has said so: until then the agent is asked to wait, and told when it could not be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.schema import Call

# Longer, nobody needs for a number and a date; the bar then asks for the recording to go on.
REMIND_AFTER = timedelta(seconds=60)
_KEPT = "recording_pause"


@dataclass(frozen=True, slots=True)
class RecordingPause:
    """`is_sure`: the provider has confirmed it. `failed`: it would not, and the recording stands as it was before."""

    at: datetime
    is_sure: bool = False
    failed: bool = False

    @property
    def remind_at(self) -> datetime:
        return self.at + REMIND_AFTER


def pause_of(detail: Mapping[str, object]) -> RecordingPause | None:
    """What is kept with the call; None while it is recorded as usual."""
    kept = detail.get(_KEPT)
    if not isinstance(kept, dict):
        return None
    return RecordingPause(datetime.fromisoformat(str(kept["at"])), bool(kept.get("is_sure")), bool(kept.get("failed")))


def ask_for_pause(call: Call, *, now: datetime) -> None:
    call.detail = {**call.detail, _KEPT: {"at": now.isoformat(), "is_sure": False}}


def note_paused(call: Call, *, is_paused: bool, now: datetime) -> None:
    """What became of it at the provider; of a talk that was left meanwhile nothing is kept."""
    kept = pause_of(call.detail)
    if kept is not None:
        call.detail = {
            **call.detail,
            _KEPT: {"at": (kept.at if is_paused else now).isoformat(), "is_sure": is_paused, "failed": not is_paused},
        }


def forget_pause(call: Call) -> None:
    """Recorded again: by the agent's word, or because the next bridge makes a recording of its own."""
    if _KEPT in call.detail:
        call.detail = {name: kept for name, kept in call.detail.items() if name != _KEPT}
