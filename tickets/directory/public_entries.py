"""What public pages show of a unit: what was released last, as far as it still stands today."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from tickets.directory.entries_now import DirectoryEntry, entries_now
from tickets.directory.lines import DialledLine, published_lines
from tickets.directory.releases import are_kept, last_released
from tickets.schema.base import Json


@dataclass(frozen=True, slots=True)
class PublicOffice:
    id: int
    name: str
    name_en: str
    address: str
    opening_hours: str


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """`is_released` is false for a body that the City Office has never released; then there are no offices."""

    offices: tuple[PublicOffice, ...]
    lines: tuple[DialledLine, ...]
    is_released: bool
    released_at: datetime | None


def public_entry(session: Session, unit_id: int, *, on: date) -> PublicEntry:
    return public_entries(session, [unit_id], on=on)[unit_id]


def public_entries(session: Session, unit_ids: Collection[int], *, on: date) -> dict[int, PublicEntry]:
    """Of each of these bodies. A line that has ended is told to nobody, whatever was released."""
    running = {line.id: line for line in published_lines(session, on=on)}
    released = last_released(session, unit_ids)
    if not released and not are_kept(session):
        now = entries_now(session, unit_ids, on=on)
        return {one: _shown(now[one], running, None) for one in unit_ids}
    nothing = PublicEntry((), (), is_released=False, released_at=None)
    return {
        one: _shown(released[one].entry, running, released[one].at) if one in released else nothing for one in unit_ids
    }


def _shown(entry: DirectoryEntry, running: dict[int, DialledLine], at: datetime | None) -> PublicEntry:
    offices: list[Json] = entry.content["offices"]
    lines = [
        running[line["id"]]
        for office in offices
        for line in office["lines"]
        if line["id"] in running and running[line["id"]].phone == line["phone"]
    ]
    return PublicEntry(tuple(_office(one) for one in offices), tuple(lines), is_released=True, released_at=at)


def _office(office: Json) -> PublicOffice:
    return PublicOffice(office["id"], office["name"], office["name_en"], office["address"], office["hours"])
