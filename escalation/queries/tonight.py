"""Who would be told of a unit's matter that is late at an instant: a dry run of the chains that hold now (A4, R19)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from sqlalchemy.orm import Session

from escalation.firing.hours import send_at
from escalation.firing.methods import ways_in_turn
from escalation.firing.telling import duty_calendar
from tickets.directory.responsibilities import fields_at_units
from tickets.directory.standing import Concern, ContactWay, Reachable, Standing, sharing_the_shift
from tickets.directory.standing_rows import load_standing
from tickets.promises.calendar import WorkingCalendar, add
from tickets.promises.loading import LoadedChain, LoadedRow, PromiseRulebook, load_rulebook
from tickets.promises.plan import RESPONSIBLE_LEADER, ChainLevel, offset_of
from tickets.states import Channel, ClockKind, Level, Priority

# The promise that climbs highest is shown first; several promises of one chain are one staircase.
IN_ORDER = (ClockKind.RESOLVE, ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.NEXT, ClockKind.UPDATE)
NOBODY = "nobody"
ABOVE = "told_above"
NO_WAY = "no_way"
# The unit is not live: the city's desk hears of it.
BY_THE_CITY = "received_by_city"

# Who stands where at an instant.
StandingAt = Callable[[datetime], Standing]


@dataclass(frozen=True, slots=True)
class WouldBeTold:
    """Somebody who stands on a level then, and the way that would be tried first; None: there is none."""

    staff_id: int
    name: str
    post: str
    post_en: str
    way: ContactWay | None


@dataclass(frozen=True, slots=True)
class LevelTonight:
    """A level of a chain: when it comes, when its message leaves (R18), who stands there, the first to be told first.

    `why` says what is wrong with it: nobody stands there, no way leads to them, or others are told instead. `fields`:
    it is so of matters of these fields alone, and better of others; the city's leaders answer by field.
    """

    chain: str
    clock: ClockKind
    level: int
    at: datetime
    told_at: datetime
    people: tuple[WouldBeTold, ...]
    why: str
    is_of_leaders: bool = False
    fields: tuple[str, ...] = ()

    @property
    def is_reached(self) -> bool:
        return any(one.way is not None for one in self.people)

    @property
    def is_reached_by_a_proved_way(self) -> bool:
        return any(one.way is not None and one.way.is_verified for one in self.people)

    @property
    def goodness(self) -> int:
        """To compare the same level for matters of several fields: the worst of them decides."""
        if not self.is_reached:
            return 0
        return 1 if self.why == ABOVE else 2 if not self.is_reached_by_a_proved_way else 3


@dataclass(frozen=True, slots=True)
class LateMatter:
    """A matter of a unit as far as its chains depend on it; `fields` are those it may be of."""

    unit_id: int
    level: Level
    priority: Priority = Priority.NORMAL
    fields: tuple[str, ...] = ("",)

    def concern(self, field: str) -> Concern:
        return Concern(self.unit_id, field, None, self.priority is Priority.EMERGENCY)


def levels_tonight(
    session: Session, unit_id: int, level: Level, *, priority: Priority = Priority.NORMAL, at: datetime
) -> list[LevelTonight]:
    """Of every chain that holds for a matter of this unit, as if its promise broke at `at`."""
    fields = fields_at_units(session).at(unit_id, level)
    book, matter = load_rulebook(session), LateMatter(unit_id, level, priority, fields)
    posts = posts_of(book, [matter])

    @cache
    def standing_at(instant: datetime) -> Standing:
        # Between two levels a turn may end: each is asked of those who stand there when it comes.
        return load_standing(session, posts=posts, unit_ids=[unit_id], now=instant)

    return levels_of(book, matter, standing_at, at=at)


def levels_of(
    book: PromiseRulebook, matter: LateMatter, standing_at: StandingAt, *, at: datetime
) -> list[LevelTonight]:
    """As `levels_tonight`, of people who were loaded before."""
    found = []
    for chain, row in chains_of(book, matter):
        reached_at = _instants(chain.chain.steps, row, book, at=at)
        for step in chain.chain.steps:
            when = reached_at[step.level]
            found.append(_level(_Asked(book, chain, row, matter), step, standing_at(when), at=when))
    return found


def posts_of(book: PromiseRulebook, matters: Sequence[LateMatter]) -> set[str]:
    """Every post that a chain of these matters names."""
    steps = [step for matter in matters for chain, _row in chains_of(book, matter) for step in chain.chain.steps]
    return {post for step in steps for post in (*step.posts, *step.procedure_posts)}


def chains_of(book: PromiseRulebook, matter: LateMatter) -> list[tuple[LoadedChain, LoadedRow]]:
    """The chains that hold for such a matter, each once, with the promise that climbs it."""
    rows = book.rows_for(
        category_id=None, level=matter.level, unit_id=matter.unit_id, channel=Channel.VOICE, priority=matter.priority
    )
    return list(_chains(rows, book).values())


@dataclass(frozen=True, slots=True)
class _Asked:
    book: PromiseRulebook
    chain: LoadedChain
    row: LoadedRow
    matter: LateMatter


def promised_here(session: Session, matter: LateMatter) -> list[LoadedRow]:
    """What is promised of such a matter, the promise that climbs highest first."""
    rows = load_rulebook(session).rows_for(
        category_id=None, level=matter.level, unit_id=matter.unit_id, channel=Channel.VOICE, priority=matter.priority
    )
    return [rows[kind] for kind in IN_ORDER if kind in rows]


def _chains(rows: Mapping[ClockKind, LoadedRow], book: PromiseRulebook) -> dict[int, tuple[LoadedChain, LoadedRow]]:
    chains: dict[int, tuple[LoadedChain, LoadedRow]] = {}
    for kind in IN_ORDER:
        row = rows.get(kind)
        chain = book.chain_of(row.chain_version_id) if row is not None else None
        if row is not None and chain is not None and row.chain_version_id is not None:
            chains.setdefault(row.chain_version_id, (chain, row))
    return chains


def _instants(
    steps: Sequence[ChainLevel], row: LoadedRow, book: PromiseRulebook, *, at: datetime
) -> dict[int, datetime]:
    reached: dict[int, datetime] = {}
    before = at
    for step in steps:
        calendar: WorkingCalendar = book.calendars[row.calendar_version_id]
        if step.calendar_key is not None:
            calendar = book.step_calendars(row.chain_version_id)[step.calendar_key]
        offset = offset_of(step, target_seconds=row.row.target_seconds)
        since, seconds = (before, step.after_level_seconds) if step.after_level_seconds is not None else (at, offset)
        before = reached[step.level] = add(calendar, since, max(0, seconds))
    return reached


def _level(asked: _Asked, step: ChainLevel, standing: Standing, *, at: datetime) -> LevelTonight:
    """Of whichever fields it is worst, with everybody who would be told of a matter of one of these."""
    concern = asked.matter.concern
    if RESPONSIBLE_LEADER not in step.posts and asked.matter.priority is not Priority.EMERGENCY:
        return _of_field(asked, step, standing, concern(asked.matter.fields[0]), at=at)
    alike = standing.by_leaders(asked.matter.fields)
    found = [(fields, _of_field(asked, step, standing, concern(fields[0]), at=at)) for fields in alike]
    worst = min((one for _, one in found), key=lambda one: one.goodness)
    as_bad = [(fields, one) for fields, one in found if one.goodness == worst.goodness]
    people = dict.fromkeys(person for _, one in as_bad for person in one.people)
    fields = tuple(field for some, _ in as_bad for field in some) if len(as_bad) < len(found) else ()
    return replace(worst, people=tuple(people), fields=fields)


def _of_field(asked: _Asked, step: ChainLevel, standing: Standing, concern: Concern, *, at: datetime) -> LevelTonight:
    at_level, why = step.level, ""
    found = standing.on_level(step, concern)
    if not found:
        above, at_level = standing.first_from(asked.chain.chain.steps, step.level, concern)
        found, why = ([above], ABOVE) if above is not None else ([], NOBODY)
    elif standing.is_received_by_others(concern.unit_id):
        why = BY_THE_CITY
    first = sharing_the_shift(found)
    told_at = _told_at(asked, max(step.level, at_level), first, at=at)
    in_turn = [*first, *(one for one in found if one not in first)]
    people = tuple(_would_be_told(one, step, concern, at=told_at) for one in in_turn)
    if people and all(one.way is None for one in people):
        why = NO_WAY
    is_of_leaders = RESPONSIBLE_LEADER in step.posts
    chain, clock = asked.chain.chain.name, asked.row.row.clock
    return LevelTonight(chain, clock, step.level, at, told_at, people, why, is_of_leaders)


def _told_at(asked: _Asked, level: int, first: Sequence[Reachable], *, at: datetime) -> datetime:
    return send_at(
        clock=asked.row.row.clock,
        level=level,
        priority=asked.matter.priority,
        is_on_shift=bool(first) and first[0].capacity == "shift",
        duty_hours=duty_calendar(asked.book),
        now=at,
    )


def _would_be_told(one: Reachable, step: ChainLevel, concern: Concern, *, at: datetime) -> WouldBeTold:
    ways = ways_in_turn(one.person, step.channels, is_emergency=concern.is_emergency, at=at)
    return WouldBeTold(one.person.staff_id, one.person.name, one.post, one.post_en, ways[0] if ways else None)
