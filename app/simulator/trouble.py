"""How the built-in carrier misbehaves on demand: failing or slow REST; callbacks late, repeated, reordered, lost."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

FILE = "trouble.json"
ANSWERS = ("fine", "lost")
# Longer than we wait for any answer of a carrier.
LOST_SECONDS = 20.0
CALLBACKS = ("fine", "late", "repeated", "reordered", "lost")
# What whoever is called by the hotline does; whose telephone is off does none of it, and gets no text.
CALLED = ("hears", "presses", "hangs-up", "machine", "busy", "no-answer")
KEYS = "0123456789*#"


@dataclass(frozen=True, slots=True)
class StagedTrouble:
    """`rest_status` answers every REST request with that error; `rest_seconds` makes it wait first.

    With `answers` lost it takes what it is given, and says so only after everybody has stopped waiting. `called` is
    what people do whom the hotline calls, who press `keys` one after the other if they press any; the telephones of
    `switched_off` ring in vain and take no texts.
    """

    rest_status: int = 0
    rest_seconds: float = 0.0
    callbacks: str = "fine"
    answers: str = "fine"
    called: str = "hears"
    switched_off: tuple[str, ...] = ()
    keys: tuple[str, ...] = ("1",)

    def call_to(self, phone: str) -> str:
        """What comes of a call to this telephone: one of CALLED."""
        return "no-answer" if phone in self.switched_off else self.called


def read_trouble(folder: Path) -> StagedTrouble:
    try:
        told = json.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return StagedTrouble()
    known = {field.name: told[field.name] for field in fields(StagedTrouble) if field.name in told}
    for several in ("switched_off", "keys"):
        if several in known:
            known[several] = tuple(known[several])
    return StagedTrouble(**known)


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
