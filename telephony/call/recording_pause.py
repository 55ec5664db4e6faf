"""Not recording for a moment, while somebody reads out what proves who they are.

It is paused once the provider has said so: until then the agent is asked to wait, and told when it could not be. It
goes on by itself after two minutes: what is forgotten must not leave a talk unrecorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import Call
from tickets.states import CallState

# Longer, nobody needs for a number and a date; the bar then asks for the recording to go on.
REMIND_AFTER = timedelta(seconds=60)
PAUSED_AT_MOST = timedelta(minutes=2)
# The round that lets recordings go on comes by in the meantime; later, the provider did not take it.
_RESUMED_WITHIN = timedelta(seconds=12)
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

    @property
    def ends_at(self) -> datetime:
        """From then on it goes on by itself."""
        return self.at + PAUSED_AT_MOST

    def is_stuck(self, now: datetime) -> bool:
        """It should have gone on by now, and has not."""
        return self.is_sure and now > self.ends_at + _RESUMED_WITHIN

    def seconds_until_seen(self, now: datetime) -> int:
        """After which the bar looks whether it has gone on."""
        return max(int((self.ends_at + _RESUMED_WITHIN / 2 - now).total_seconds()), 5)


def pause_of(detail: Mapping[str, object]) -> RecordingPause | None:
    """What is kept with the call; None while it is recorded as usual."""
    kept = detail.get(_KEPT)
    if not isinstance(kept, dict):
        return None
    return RecordingPause(datetime.fromisoformat(str(kept["at"])), bool(kept.get("is_sure")), bool(kept.get("failed")))


def is_paused(detail: Mapping[str, object]) -> bool:
    kept = pause_of(detail)
    return kept is not None and not kept.failed


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


def paused_too_long(session: Session, *, now: datetime) -> list[tuple[Call, RecordingPause]]:
    """Talks whose recording is to go on. One of which the provider's answer never came counts as paused."""
    talks = select(Call).where(Call.state == CallState.TALKING, Call.detail.has_key(_KEPT))
    paused = [(call, pause_of(call.detail)) for call in session.scalars(talks)]
    return [(call, pause) for call, pause in paused if pause and not pause.failed and pause.ends_at <= now]
