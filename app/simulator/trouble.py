"""How the built-in carrier misbehaves on demand: failing or slow REST; callbacks late, repeated, reordered, lost."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

FILE = "trouble.json"
ANSWERS = ("fine", "lost")
# Longer than we wait for any answer of a carrier.
LOST_SECONDS = 20.0
CALLBACKS = ("fine", "late", "repeated", "reordered", "lost")


@dataclass(frozen=True, slots=True)
class StagedTrouble:
    """`rest_status` answers every REST request with that error; `rest_seconds` makes it wait first.

    With `answers` lost it takes what it is given, and says so only after everybody has stopped waiting.
    """

    rest_status: int = 0
    rest_seconds: float = 0.0
    callbacks: str = "fine"
    answers: str = "fine"


def read_trouble(folder: Path) -> StagedTrouble:
    try:
        told = json.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return StagedTrouble()
    return StagedTrouble(**{field.name: told[field.name] for field in fields(StagedTrouble) if field.name in told})


def write_trouble(folder: Path, trouble: StagedTrouble) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"{FILE}.draft"
    draft.write_text(json.dumps(asdict(trouble)), "utf-8")
    draft.replace(folder / FILE)


def in_this_order(statuses: list[str], trouble: StagedTrouble) -> list[str]:
    """The callbacks of one message or call as a carrier in this trouble sends them."""
    match trouble.callbacks:
        case "lost":
            return []
        case "repeated":
            return [status for status in statuses for _ in range(3)]
        case "reordered":
            return statuses[::-1]
        case _:
            return statuses
