"""What a file did, or would do."""

from dataclasses import dataclass

from tickets.sheets.table import ReadAs


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """The names of what was added, changed and closed, how many rows were the same already, and how it was read."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: int = 0
    closed: tuple[str, ...] = ()
    read: ReadAs | None = None
