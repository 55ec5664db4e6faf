"""A chain as it would be climbed by a matter that comes at an instant: when each step comes, and who stands on it (A4).

Instants are those that planning gives, people those whom firing would ask: both are the very functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from escalation.firing.hours import send_at
from escalation.firing.methods import ways_in_turn
from escalation.firing.telling import duty_calendar
from escalation.queries.tonight import ABOVE, IN_ORDER, NO_WAY, NOBODY
from tickets.directory.responsibilities import fields_at_units
from tickets.directory.standing import Concern, ContactWay, Reachable, Standing, sharing_the_shift
from tickets.directory.standing_rows import load_standing
from tickets.promises.calendar import WorkingCalendar
from tickets.promises.loading import LoadedRow, PromiseRulebook, load_rulebook
from tickets.promises.plan import ChainLevel, EscalationChain, plan
from tickets.promises.policy import PolicyTarget
from tickets.promises.recompute import start
from tickets.states import Channel, ClockKind, Level, Priority

# Which of a category's procedures a matter is about changes nothing: only that it is about one.
SOME_PROCEDURE = 0


@dataclass(frozen=True, slots=True)
class KindOfMatter:
    """What decides which promises hold for a matter, and who answers for it."""

    unit_id: int
    level: Level
    priority: Priority = Priority.NORMAL
    category_id: int | None = None
    field: str = ""
    is_about_procedure: bool = False
    channel: Channel = Channel.VOICE


@dataclass(frozen=True, slots=True)
class StandsThere:
    """Somebody who answers for a step, in which capacity, and by which ways they would be tried; none: by none.

    `is_first`: told first, alone or with whoever shares their shift.
    """

    staff_id: int
    name: str
    post: str
    post_en: str
    capacity: str
    ways: tuple[ContactWay, ...]
    is_first: bool


@dataclass(frozen=True, slots=True)
class StepSeen:
    """A step: when it comes, when its message may be handed over, who stands there; `why`: what is wrong with it."""

    step: ChainLevel
    at: datetime
    told_at: datetime
    people: tuple[StandsThere, ...]
    why: str


@dataclass(frozen=True, slots=True)
class ChainSeen:
    """A promise of the matter with its chain; `steps` is empty where nobody is told when it breaks."""

    chain: str
    clock: ClockKind
    row: PolicyTarget
    due_at: datetime
    steps: tuple[StepSeen, ...]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all steps of a chain are asked with."""

    standing: Standing
    concern: Concern
    steps: Sequence[ChainLevel]
    clock: ClockKind
    priority: Priority
    duty_hours: WorkingCalendar


def promises_of(book: PromiseRulebook, matter: KindOfMatter) -> dict[ClockKind, LoadedRow]:
    """The promises of such a matter, the one that climbs highest first."""
    rows = book.rows_for(
        category_id=matter.category_id,
        level=matter.level,
        unit_id=matter.unit_id,
        channel=matter.channel,
        priority=matter.priority,
    )
    return {kind: rows[kind] for kind in IN_ORDER if kind in rows}


def chain_seen(
    session: Session, book: PromiseRulebook, matter: KindOfMatter, row: LoadedRow, *, at: datetime
) -> ChainSeen:
    """One promise of a matter that comes at `at`; who stands where is asked for that instant."""
    calendar = book.calendars[row.calendar_version_id]
    loaded = book.chain_of(row.chain_version_id)
    chain = loaded.chain if loaded is not None else EscalationChain("", ())
    state = start(calendar, kind=row.row.clock, target_seconds=row.row.target_seconds, now=at)
    planned = plan(
        state,
        calendar,
        chain=chain,
        warn=(),
        calendars=book.step_calendars(row.chain_version_id),
        priority=matter.priority,
        now=at,
    )
    posts = {post for step in chain.steps for post in (*step.posts, *step.procedure_posts)}
    procedure = SOME_PROCEDURE if matter.is_about_procedure else None
    scene = _Scene(
        standing=load_standing(session, posts=posts, unit_ids=[matter.unit_id], now=at),
        concern=Concern(matter.unit_id, matter.field, procedure, matter.priority is Priority.EMERGENCY),
        steps=chain.steps,
        clock=row.row.clock,
        priority=matter.priority,
        duty_hours=duty_calendar(book),
    )
    steps = tuple(_step(scene, one.step, one.planned_at) for one in planned if one.step is not None)
    return ChainSeen(chain.name, row.row.clock, row.row, state.due_at or at, steps)


def as_if_it_climbed(book: PromiseRulebook, row: LoadedRow, name: str) -> LoadedRow | None:
    """The same promise with the newest version of another chain, for a look at a chain that no such matter climbs."""
    versions = [version for version, loaded in book.chains.items() if loaded.chain.name == name]
    return replace(row, chain_version_id=max(versions)) if versions else None


def who_stands_on(
    session: Session, steps: Sequence[ChainLevel], matter: KindOfMatter, *, at: datetime
) -> list[StepSeen]:
    """Of a chain that is only being written: who stands on each step at an instant, as if it were reached then.

    For a matter of whichever field of the unit the step reaches nobody; the city's leaders answer by field.
    """
    posts = {post for step in steps for post in (*step.posts, *step.procedure_posts)}
    standing = load_standing(session, posts=posts, unit_ids=[matter.unit_id], now=at)
    scene = _Scene(
        standing=standing,
        concern=Concern(matter.unit_id, matter.field, None, matter.priority is Priority.EMERGENCY),
        steps=steps,
        clock=ClockKind.RESOLVE,
        priority=matter.priority,
        duty_hours=duty_calendar(load_rulebook(session)),
    )
    fields = fields_at_units(session).at(matter.unit_id, matter.level)
    scenes = [replace(scene, concern=replace(scene.concern, field=alike[0])) for alike in standing.by_leaders(fields)]
    return [min((_step(one, step, at) for one in scenes), key=_is_reached) for step in steps]


def _is_reached(seen: StepSeen) -> bool:
    return any(one.ways for one in seen.people)


def _step(scene: _Scene, step: ChainLevel, planned_at: datetime) -> StepSeen:
    found, at_level, why = scene.standing.on_level(step, scene.concern), step.level, ""
    if not found:
        above, at_level = scene.standing.first_from(scene.steps, step.level, scene.concern)
        found, why = ([above], ABOVE) if above is not None else ([], NOBODY)
    told_at = send_at(
        clock=scene.clock,
        level=max(step.level, at_level),
        priority=scene.priority,
        is_on_shift=bool(found) and found[0].capacity == "shift",
        duty_hours=scene.duty_hours,
        now=planned_at,
    )
    first = sharing_the_shift(found)
    people = tuple(_stands(one, step, scene.concern, is_first=one in first, at=told_at) for one in found)
    if people and not any(one.ways for one in people):
        why = NO_WAY
    return StepSeen(step, planned_at, told_at, people, why)


def _stands(one: Reachable, step: ChainLevel, concern: Concern, *, is_first: bool, at: datetime) -> StandsThere:
    ways = ways_in_turn(one.person, step.channels, is_emergency=concern.is_emergency, at=at)
    return StandsThere(one.person.staff_id, one.person.name, one.post, one.post_en, one.capacity, ways, is_first)
