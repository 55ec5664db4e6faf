"""Whether units and the city are ready: what there is, what the real chains would do tonight, and what is missing.

A fixed number of statements, however many units there are.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from escalation.queries.readiness_rules import DutyFact, LevelFact, Missing, harm, lacks_of_city, lacks_of_unit
from escalation.queries.rota_gaps import RotaGap, gaps_ahead
from escalation.queries.tonight import ABOVE, LateMatter, LevelTonight, levels_of, posts_of
from tickets.city import day_of, wall_clock
from tickets.directory.going_live import not_live
from tickets.directory.responsibilities import fields_at_units
from tickets.directory.standing_rows import load_standing
from tickets.directory.units import city
from tickets.promises.loading import load_rulebook
from tickets.queries.readiness_facts import Installation, WorkingUnit, city_facts, unit_facts

# When fewest people are awake: "a late ticket of this ward tonight would ring: …".
_AT_NIGHT = time(2)


@dataclass(frozen=True, slots=True)
class UnitReadiness:
    """A unit with what it lacks, the worst first, and whom its late ticket would ring tonight."""

    facts: WorkingUnit
    lacks: tuple[Missing, ...]
    tonight: tuple[LevelTonight, ...]

    @property
    def harm(self) -> int:
        return harm(self.lacks, is_live=self.facts.is_live)


@dataclass(frozen=True, slots=True)
class CityReadiness:
    """The city's own lacks, and every unit, the one whose lacks do most harm first."""

    unit_id: int
    code: str
    name: str
    name_en: str
    is_live: bool
    lacks: tuple[Missing, ...]
    units: tuple[UnitReadiness, ...]
    night: datetime

    @property
    def is_ready(self) -> bool:
        return not self.lacks and not any(one.lacks for one in self.units)


def city_readiness(session: Session, here: Installation, *, now: datetime) -> CityReadiness:
    """Everything, in one go."""
    own = city(session)
    lacks = lacks_of_city(city_facts(session, here, now=now), today=day_of(now), now=now)
    units = units_readiness(session, now=now)
    worst_first = tuple(sorted(units, key=lambda one: (-one.harm, one.facts.sort_key, one.facts.unit_id)))
    night = next_night(now)
    is_live = own.id not in not_live(session, on=day_of(now))
    return CityReadiness(own.id, own.code or "", own.name, own.name_en, is_live, tuple(lacks), worst_first, night)


def units_readiness(session: Session, *, unit_ids: Collection[int] | None = None, now: datetime) -> list[UnitReadiness]:
    """Of every unit, or of these, by name."""
    units = unit_facts(session, unit_ids=unit_ids, now=now)
    duty = _duty(gaps_ahead(session, unit_ids=unit_ids, now=now))
    tonight = _tonight(session, units, at=next_night(now))
    found = []
    for one in units:
        levels = tonight[one.unit_id]
        lacks = lacks_of_unit(one, [_fact(level) for level in levels], duty.get(one.unit_id))
        found.append(UnitReadiness(one, tuple(lacks), tuple(levels)))
    return found


def next_night(now: datetime) -> datetime:
    """The next two o'clock in the morning on the city's clocks."""
    here = wall_clock(now)
    tonight = datetime.combine(here.date(), _AT_NIGHT, here.tzinfo)
    return tonight if tonight > here else datetime.combine(here.date() + timedelta(days=1), _AT_NIGHT, here.tzinfo)


def _tonight(session: Session, units: Collection[WorkingUnit], *, at: datetime) -> dict[int, list[LevelTonight]]:
    """By the unit's own people, live or not: who prepares asks what would happen then."""
    book = load_rulebook(session)
    fields = fields_at_units(session)
    matters = [LateMatter(one.unit_id, one.level, fields=fields.at(one.unit_id, one.level)) for one in units]
    standing = load_standing(
        session, posts=posts_of(book, matters), unit_ids=[one.unit_id for one in units], now=at
    ).as_if_live()
    return {matter.unit_id: levels_of(book, matter, lambda _when: standing, at=at) for matter in matters}


def _fact(one: LevelTonight) -> LevelFact:
    proved = one.is_reached_by_a_proved_way
    return LevelFact(
        one.chain, one.level, one.why, one.is_reached, proved, one.why == ABOVE, one.is_of_leaders, one.fields
    )


def _duty(gaps: Collection[RotaGap]) -> Mapping[int, DutyFact]:
    by_unit = defaultdict[int, list[RotaGap]](list)
    for gap in gaps:
        by_unit[gap.unit_id].append(gap)
    found = {}
    for unit_id, some in by_unit.items():
        first = min(some, key=lambda gap: gap.from_at)
        found[unit_id] = DutyFact(len(some), first.from_at, first.post, first.post_en)
    return found
