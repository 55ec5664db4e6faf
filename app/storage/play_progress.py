"""How far the demonstration has been played: a file of the data folder, because pages ask for it at every request."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

# How commands and benches say how far they are, line by line.
TellProgress = Callable[[str], None]
# "HotL": the advisory lock of whoever plays, by which others know that a long transaction is this one.
ONE_AT_A_TIME = 0x486F744C


@dataclass(frozen=True, slots=True)
class PlayProgress:
    """`percent` of the days that are played; `failed` when the play ended before its end."""

    percent: int
    failed: bool = False


def note(data_dir: Path, progress: PlayProgress) -> None:
    """Write it whole or not at all: somebody may be reading."""
    path = _path(data_dir)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(asdict(progress)))
    unfinished.replace(path)


def noted(data_dir: Path) -> PlayProgress | None:
    """None when nothing is being played: it is over, or was never asked for."""
    try:
        return PlayProgress(**json.loads(_path(data_dir).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def forget(data_dir: Path) -> None:
    with suppress(OSError):
        _path(data_dir).unlink()


def _path(data_dir: Path) -> Path:
    return data_dir / "demonstration.json"
