"""Who would be told of a unit's matter that is late at an instant: a dry run of the chains that hold now (A4, R19)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from escalation.firing.methods import ways_in_turn
from tickets.directory.standing import Concern, ContactWay, Reachable, Standing
from tickets.directory.standing_rows import load_standing
from tickets.promises.calendar import WorkingCalendar, add
from tickets.promises.loading import LoadedChain, LoadedRow, PromiseRulebook, load_rulebook
from tickets.promises.plan import ChainLevel, offset_of
from tickets.states import Channel, ClockKind, Level, Priority

# The promise that climbs highest is shown first; several promises of one chain are one staircase.
IN_ORDER = (ClockKind.RESOLVE, ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.NEXT, ClockKind.UPDATE)
NOBODY = "nobody"
ABOVE = "told_above"
NO_WAY = "no_way"


@dataclass(frozen=True, slots=True)
class WouldBeTold:
    """Somebody who stands on a level then, and the way that would be tried first; None: there is none."""

    name: str
    post: str
    post_en: str
    way: ContactWay | None


@dataclass(frozen=True, slots=True)
class LevelTonight:
    """A level of a chain; `why` says what is wrong with it: nobody stands there, or no way leads to them."""

    chain: str
    level: int
    at: datetime
    people: tuple[WouldBeTold, ...]
    why: str

    @property
    def is_reached(self) -> bool:
        return any(one.way is not None for one in self.people)


def levels_tonight(
    session: Session, unit_id: int, level: Level, *, priority: Priority = Priority.NORMAL, at: datetime
) -> list[LevelTonight]:
    """Of every chain that holds for a matter of this unit, as if its promise broke at `at`."""
    book = load_rulebook(session)
    rows = book.rows_for(category_id=None, level=level, unit_id=unit_id, channel=Channel.VOICE, priority=priority)
    chains = _chains(rows, book)
    steps = [step for chain, _ in chains.values() for step in chain.chain.steps]
    posts = {post for step in steps for post in (*step.posts, *step.procedure_posts)}
    standing = load_standing(session, posts=posts, unit_ids=[unit_id], now=at)
    concern = Concern(unit_id, "", None, priority is Priority.EMERGENCY)
    found = []
    for chain, row in chains.values():
        reached_at = _instants(chain.chain.steps, row, book, at=at)
        found += [_level(chain, step, standing, concern, at=reached_at[step.level]) for step in chain.chain.steps]
    return found


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


def _level(chain: LoadedChain, step: ChainLevel, standing: Standing, concern: Concern, *, at: datetime) -> LevelTonight:
    found = standing.on_level(step, concern)
    why = ""
    if not found:
        above, _ = standing.first_from(chain.chain.steps, step.level, concern)
        found, why = ([above], ABOVE) if above is not None else ([], NOBODY)
    people = tuple(_would_be_told(one, step, concern, at=at) for one in found)
    if people and all(one.way is None for one in people):
        why = NO_WAY
    return LevelTonight(chain.chain.name, step.level, at, people, why)


def _would_be_told(one: Reachable, step: ChainLevel, concern: Concern, *, at: datetime) -> WouldBeTold:
    ways = ways_in_turn(one.person, step.channels, is_emergency=concern.is_emergency, at=at)
    return WouldBeTold(one.person.name, one.post, one.post_en, ways[0] if ways else None)
