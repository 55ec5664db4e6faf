"""What a unit, and the city, still lacks before anybody should rely on it: facts in, lacks out; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from tickets.queries.readiness_facts import CityFacts, WorkingUnit
from tickets.states import Role


class Shortfall(StrEnum):
    """A thing that is missing; the names are those of the API and stay."""

    OFFICE = "office_missing"
    ADDRESS = "address_missing"
    HOURS = "hours_missing"
    LINE = "line_missing"
    LINE_SILENT = "line_not_answered"
    AGENTS = "agents_missing"
    AGENT_PHONES = "agent_phone_unproved"
    DUTY = "duty_gap"
    LEVEL_NOBODY = "level_reaches_nobody"
    LEVEL_ABOVE = "level_told_above"
    LEVEL_UNPROVED = "level_unproved"
    PROCEDURES = "procedures_missing"
    CITY_LINE = "city_line_missing"
    CATEGORIES = "category_without_department"
    CALENDARS = "calendar_ends"
    PROVIDER = "provider_missing"
    MAIL = "mail_missing"
    BACKUP = "backup_missing"


# How much harm each does: what loses a citizen's matter in silence weighs most. By whom it is mended.
WEIGHTS: Mapping[Shortfall, tuple[int, Role]] = {
    Shortfall.PROVIDER: (100, Role.ADMINISTRATOR),
    Shortfall.CITY_LINE: (90, Role.ADMINISTRATOR),
    Shortfall.LEVEL_NOBODY: (80, Role.ADMINISTRATOR),
    Shortfall.AGENTS: (60, Role.ADMINISTRATOR),
    Shortfall.BACKUP: (60, Role.ADMINISTRATOR),
    Shortfall.LINE: (50, Role.ADMINISTRATOR),
    Shortfall.CALENDARS: (50, Role.ADMINISTRATOR),
    Shortfall.DUTY: (40, Role.SUPERVISOR),
    Shortfall.LEVEL_ABOVE: (40, Role.ADMINISTRATOR),
    Shortfall.LINE_SILENT: (30, Role.SUPERVISOR),
    Shortfall.MAIL: (30, Role.ADMINISTRATOR),
    Shortfall.CATEGORIES: (30, Role.ADMINISTRATOR),
    Shortfall.AGENT_PHONES: (20, Role.SUPERVISOR),
    Shortfall.LEVEL_UNPROVED: (20, Role.SUPERVISOR),
    Shortfall.OFFICE: (20, Role.CITY_OFFICE),
    Shortfall.ADDRESS: (10, Role.CITY_OFFICE),
    Shortfall.HOURS: (10, Role.CITY_OFFICE),
    Shortfall.PROCEDURES: (10, Role.CITY_OFFICE),
}
# From this weight on something is lost in silence.
GRAVE = 60
CALENDARS_AHEAD = timedelta(days=396)
OLDEST_BACKUP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Missing:
    """One lack with what its sentence names."""

    code: Shortfall
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        return WEIGHTS[self.code][0]

    @property
    def mended_by(self) -> Role:
        return WEIGHTS[self.code][1]


@dataclass(frozen=True, slots=True)
class LevelFact:
    """A level of a chain of the unit as it would be tonight: why nobody of its own is told, or whether it is proved.

    `fields`: it is so of matters of these fields; empty: of all.
    """

    chain: str
    level: int
    why: str
    is_reached: bool
    is_proved: bool
    is_told_above: bool
    is_of_leaders: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DutyFact:
    """How many stretches of the next week nobody is on duty, and when the first begins."""

    gaps: int
    first_at: datetime
    post: str
    post_en: str


def lacks_of_unit(facts: WorkingUnit, levels: Sequence[LevelFact], duty: DutyFact | None) -> list[Missing]:
    """The worst first."""
    found = [*_reception(facts), *_people(facts), *_levels(levels)]
    if duty is not None:
        params = {"count": duty.gaps, "first_at": duty.first_at, "post": duty.post, "post_en": duty.post_en}
        found.append(Missing(Shortfall.DUTY, params))
    return _worst_first(found)


def lacks_of_city(facts: CityFacts, *, today: date, now: datetime) -> list[Missing]:
    """What no unit can mend for itself; the worst first."""
    found = []
    if not facts.has_provider:
        found.append(Missing(Shortfall.PROVIDER))
    if not facts.has_city_line:
        found.append(Missing(Shortfall.CITY_LINE))
    if not facts.has_mail:
        found.append(Missing(Shortfall.MAIL))
    if facts.last_backup_at is None or now - facts.last_backup_at > OLDEST_BACKUP:
        found.append(Missing(Shortfall.BACKUP, {"since": facts.last_backup_at}))
    if unplanned := _years_without_days(facts, today):
        found.append(Missing(Shortfall.CALENDARS, {"years": unplanned}))
    if facts.categories:
        found.append(Missing(Shortfall.CATEGORIES, {"count": len(facts.categories), "categories": facts.categories}))
    return _worst_first(found)


def harm(lacks: Sequence[Missing], *, is_live: bool) -> int:
    """For sorting: what is missing at a unit that is live hurts somebody tonight."""
    return sum(one.weight for one in lacks) * (10 if is_live else 1)


def _reception(facts: WorkingUnit) -> Iterator[Missing]:
    if facts.wants_office:
        if not facts.offices:
            yield Missing(Shortfall.OFFICE)
        else:
            if not facts.has_address:
                yield Missing(Shortfall.ADDRESS)
            if not facts.has_hours:
                yield Missing(Shortfall.HOURS)
        if not facts.lines:
            yield Missing(Shortfall.LINE)
        if not facts.has_procedures:
            yield Missing(Shortfall.PROCEDURES)
    silent = [line for line in facts.lines if not line.is_answered]
    if silent:
        yield Missing(Shortfall.LINE_SILENT, {"lines": [line.phone for line in silent]})


def _people(facts: WorkingUnit) -> Iterator[Missing]:
    if not facts.agents:
        yield Missing(Shortfall.AGENTS)
    elif facts.agents_with_phone < facts.agents:
        yield Missing(Shortfall.AGENT_PHONES, {"count": facts.agents - facts.agents_with_phone, "agents": facts.agents})


def _levels(levels: Sequence[LevelFact]) -> Iterator[Missing]:
    """Each level under the worst that is true of it, those of the city's leaders apart.

    A leader is given by a decision about a field or an area, not at a post of the unit.
    """
    told: set[int] = set()
    for code, found in (
        (Shortfall.LEVEL_NOBODY, [one for one in levels if not one.is_reached]),
        (Shortfall.LEVEL_ABOVE, [one for one in levels if one.is_reached and one.is_told_above]),
    ):
        new = [one for one in found if one.level not in told]
        own, leaders = [one for one in new if not one.is_of_leaders], [one for one in new if one.is_of_leaders]
        if own:
            yield Missing(code, {"levels": _numbers(own)})
        if leaders:
            yield Missing(code, {"levels": _numbers(leaders), "of_leaders": True, "fields": _fields(leaders)})
        told |= {one.level for one in new}
    if unproved := [one for one in levels if not one.is_proved and one.level not in told]:
        yield Missing(Shortfall.LEVEL_UNPROVED, {"levels": _numbers(unproved)})


def _numbers(levels: Sequence[LevelFact]) -> list[int]:
    return sorted({one.level for one in levels})


def _fields(levels: Sequence[LevelFact]) -> list[str]:
    """For which fields it is so; none are named where it is so for all."""
    if any(not one.fields for one in levels):
        return []
    return sorted({field for one in levels for field in one.fields})


def _years_without_days(facts: CityFacts, today: date) -> list[int]:
    """Years that promises made within 13 months reach into, and of which nobody has entered a day off."""
    if not facts.has_calendar:
        return [today.year]
    return [year for year in range(today.year, (today + CALENDARS_AHEAD).year + 1) if year not in facts.years_planned]


def _worst_first(found: Sequence[Missing]) -> list[Missing]:
    return sorted(found, key=lambda one: (-one.weight, one.code))
