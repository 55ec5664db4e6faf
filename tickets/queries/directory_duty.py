"""How each unit stands with its duty to publish: what is complete, released, confirmed this month, late."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.directory.confirmations import CONFIRM_BY_DAY, Confirmed, last_confirmed, month_of
from tickets.directory.entries_now import DirectoryEntry, entries_now
from tickets.directory.releases import Decided, are_kept, first_released, last_decided, last_released
from tickets.queries.readiness_facts import WorkingUnit, unit_facts


class Facet(StrEnum):
    """What the decree wants published of each body."""

    ADDRESS = "address"
    HOURS = "hours"
    LINE = "line"
    PROCEDURES = "procedures"


class EntryState(StrEnum):
    """How what is entered stands to what the public reads."""

    RELEASED = "released"
    # Other than what the public reads, and the unit has not said yet that it is right.
    CHANGED = "changed"
    # The unit has confirmed it: the City Office decides.
    WAITING = "waiting"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class UnitDuty:
    facts: WorkingUnit
    wanted: tuple[Facet, ...]
    given: frozenset[Facet]
    state: EntryState
    entry: DirectoryEntry
    released: Decided | None
    decided: Decided | None
    confirmed: Confirmed | None
    is_confirmed: bool
    is_late: bool

    @property
    def missing(self) -> tuple[Facet, ...]:
        return tuple(one for one in self.wanted if one not in self.given)


def directory_duty(session: Session, *, unit_ids: Collection[int] | None = None, now: datetime) -> list[UnitDuty]:
    """Of every body that has anything to publish, or of these, by name; a fixed number of statements."""
    units = unit_facts(session, unit_ids=unit_ids, now=now)
    ids = [one.unit_id for one in units]
    today = day_of(now)
    entries = entries_now(session, ids, on=today)
    released, decided = last_released(session, ids), last_decided(session, ids)
    confirmed, since = last_confirmed(session, ids), first_released(session, ids)
    counts = are_kept(session)
    found = []
    for one in units:
        number, entry = one.unit_id, entries[one.unit_id]
        wanted = _wanted(one, entry)
        if not wanted:
            continue
        said, last = confirmed.get(number), decided.get(number)
        is_confirmed = said is not None and said.month == month_of(today)
        found.append(
            UnitDuty(
                one, wanted, _given(one),
                _state(entry, released.get(number), last, said, counts=counts),
                entry, released.get(number), last, said, is_confirmed,
                not is_confirmed and _is_past(since.get(number), today),
            )
        )  # fmt: skip
    return found


def _wanted(one: WorkingUnit, entry: DirectoryEntry) -> tuple[Facet, ...]:
    """Nothing of a body that receives nobody and keeps no procedure."""
    of_an_office = (Facet.ADDRESS, Facet.HOURS, Facet.LINE) if one.wants_office or one.offices else ()
    return (*of_an_office, Facet.PROCEDURES) if one.wants_office or entry.content["procedures"] else of_an_office


def _given(one: WorkingUnit) -> frozenset[Facet]:
    there = {
        Facet.ADDRESS: one.has_address,
        Facet.HOURS: one.has_hours,
        Facet.LINE: bool(one.lines),
        Facet.PROCEDURES: one.has_procedures,
    }
    return frozenset(facet for facet, is_there in there.items() if is_there)


def _state(
    entry: DirectoryEntry, released: Decided | None, decided: Decided | None, said: Confirmed | None, *, counts: bool
) -> EntryState:
    if not counts or (released is not None and released.content == entry.content):
        return EntryState.RELEASED
    if decided is not None and not decided.is_released and (said is None or said.at <= decided.at):
        return EntryState.RETURNED
    is_said = said is not None and said.fingerprint == entry.fingerprint
    return EntryState.WAITING if is_said else EntryState.CHANGED


def _is_past(since: datetime | None, today: date) -> bool:
    """Who was not public yet when the month began is asked from the next one."""
    return since is not None and day_of(since) < month_of(today) and today.day > CONFIRM_BY_DAY
