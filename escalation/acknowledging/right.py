"""Whether a person may answer for a level: judged when the answer comes, whatever link, code, key or page brought it.

Who was told stays history; who may answer is whoever stands there today, for the unit that has the ticket today.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.directory.colleagues import colleagues_of
from tickets.directory.standing import Concern, Reachable, Standing
from tickets.directory.standing_rows import load_standing
from tickets.errors import NotAllowed
from tickets.people.roles import Viewer, load_viewer
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import ChainLevel
from tickets.schema import Category, ChainStep, Delegation, PlannedStep, Post, Shift, Staff, StepRecipient, Ticket
from tickets.states import Priority, Role

# For the whole city its leaders and its office, who may answer for one another.
CITY_ROLES = (Role.LEADER, Role.CITY_OFFICE)
# Whoever was told on their turn may still answer while the next shift reads in.
_AFTER_THE_TURN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class RightToAnswer:
    """`for_own_unit`: this person is of the very unit that owes the promise, whose date eases nothing (A7).

    `stands_there`: by a post, a turn or a responsibility; who answers for the whole city unasked does not.
    `is_delegated`: a colleague who stands there has asked them to.
    """

    for_own_unit: bool
    stands_there: bool
    is_delegated: bool = False


def right_to_answer(session: Session, step_id: int, *, staff_id: int, now: datetime) -> RightToAnswer:
    """The person's right to answer for this level now. Raises NotAllowed."""
    viewer = load_viewer(session, staff_id, now=now)
    found = rights_to_answer(session, [step_id], viewer=viewer, now=now).get(step_id) if viewer is not None else None
    if found is None:
        raise NotAllowed("acknowledge")
    return found


@dataclass(frozen=True, slots=True)
class AskedLevel:
    """What the right to answer for a level depends on: of its ticket, its chain, and how this person was told of it."""

    rank: int
    unit_id: int
    procedure_id: int | None
    is_emergency: bool
    field: str
    chain_version_id: int | None
    # None: somebody else was told.
    capacity: str | None

    @property
    def concern(self) -> Concern:
        return Concern(self.unit_id, self.field, self.procedure_id, self.is_emergency)


class KnownStanding:
    """Who stands where at one instant, read once for all that a page asks of it."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self._levels: dict[int | None, Sequence[ChainLevel]] = {}
        self._unit_ids: set[int] = set()
        self._standing: Standing | None = None

    def of(
        self, session: Session, told: Collection[AskedLevel]
    ) -> tuple[Mapping[int | None, Sequence[ChainLevel]], Standing]:
        """The levels of the chains of these, and who stands at their units for all posts of those."""
        versions, unit_ids = {one.chain_version_id for one in told}, {one.unit_id for one in told}
        if self._standing is not None and versions <= self._levels.keys() and unit_ids <= self._unit_ids:
            return self._levels, self._standing
        chains = load_rulebook(session).chains
        self._levels |= {version: _levels(chains, version) for version in versions}
        self._unit_ids |= unit_ids
        steps = [level for chain in self._levels.values() for level in chain]
        posts = {code for level in steps for code in (*level.posts, *level.procedure_posts)}
        self._standing = load_standing(session, posts=posts, unit_ids=self._unit_ids, now=self.now)
        return self._levels, self._standing


def rights_to_answer(
    session: Session, step_ids: Collection[int], *, viewer: Viewer, known: KnownStanding | None = None, now: datetime
) -> dict[int, RightToAnswer]:
    """Those of the levels for which this person may answer now, in a fixed number of statements."""
    return rights_of(session, _told(session, step_ids, viewer.staff_id), viewer=viewer, known=known, now=now)


def rights_of(
    session: Session,
    told: Mapping[int, AskedLevel],
    *,
    viewer: Viewer,
    now: datetime,
    known: KnownStanding | None = None,
) -> dict[int, RightToAnswer]:
    """As `rights_to_answer`, of levels by their steps, of which it is known already what it depends on."""
    if not told:
        return {}
    staff_id = viewer.staff_id
    levels, standing = (known or KnownStanding(now=now)).of(session, told.values())
    on_turn = any(one.capacity == "shift" for one in told.values())
    turns = _turns(session, staff_id, now=now) if on_turn else set()
    city = {h.unit_id for h in viewer.held if h.covers_city and h.role in CITY_ROLES}
    found: dict[int, RightToAnswer] = {}
    # Hundreds of levels on one desk ask a few dozen different questions.
    stands_at = {one: _stands_at(one, levels[one.chain_version_id], standing, staff_id) for one in set(told.values())}
    for step_id, one in told.items():
        units = stands_at[one] | (turns if one.capacity == "shift" else set())
        if units or city:
            found[step_id] = RightToAnswer(units | city == {one.unit_id}, stands_there=bool(units))
    asked_for = [step_id for step_id, one in told.items() if one.capacity == "delegate" and step_id not in found]
    return found | _by_delegation(session, asked_for, staff_id, now=now)


def _by_delegation(
    session: Session, step_ids: Collection[int], staff_id: int, *, now: datetime
) -> dict[int, RightToAnswer]:
    """For as long as whoever asked them stands there, both work beside each other, and they have not given it back."""
    if not step_ids:
        return {}
    asked = select(Delegation.step_id, Delegation.from_id).where(
        Delegation.to_id == staff_id, Delegation.declined_at.is_(None)
    )
    by_asker: dict[int, list[int]] = {}
    for step_id, from_id in session.execute(asked.where(Delegation.step_id.in_(step_ids))):
        by_asker.setdefault(from_id, []).append(step_id)
    found: dict[int, RightToAnswer] = {}
    for from_id, ids in by_asker.items():
        asker = load_viewer(session, from_id, now=now)
        if asker is None or staff_id not in {one.staff_id for one in colleagues_of(session, from_id, now=now)}:
            continue
        theirs = rights_to_answer(session, ids, viewer=asker, now=now)
        found |= {
            step_id: RightToAnswer(right.for_own_unit, stands_there=False, is_delegated=True)
            for step_id, right in theirs.items()
            if not right.is_delegated
        }
    return found


def stands_there_now(session: Session, step_ids: Collection[int], *, now: datetime) -> dict[int, Reachable]:
    """Who would be told of each of these levels today, by the same rule by which the first were; nobody: not in it."""
    return {step_id: people[0] for step_id, people in told_together_now(session, step_ids, now=now).items()}


def told_together_now(session: Session, step_ids: Collection[int], *, now: datetime) -> dict[int, list[Reachable]]:
    """As `stands_there_now`, with all who share the first one's shift."""
    return told_together(session, _told(session, step_ids, 0), now=now)


def told_together(
    session: Session, told: Mapping[int, AskedLevel], *, now: datetime, known: KnownStanding | None = None
) -> dict[int, list[Reachable]]:
    """As `told_together_now`, of levels of which it is known already what it depends on."""
    if not told:
        return {}
    levels, standing = (known or KnownStanding(now=now)).of(session, told.values())
    found = {
        step_id: standing.told_together(levels[one.chain_version_id], one.rank, one.concern)[0]
        for step_id, one in told.items()
    }
    return {step_id: people for step_id, people in found.items() if people}


def _told(session: Session, step_ids: Collection[int], staff_id: int) -> dict[int, AskedLevel]:
    if not step_ids:
        return {}
    told = (StepRecipient.step_id == PlannedStep.id) & (StepRecipient.staff_id == staff_id)
    rows = session.execute(
        select(
            PlannedStep.id,
            PlannedStep.rank,
            Ticket.unit_id,
            Ticket.procedure_id,
            Ticket.priority == Priority.EMERGENCY,
            func.coalesce(Category.field, ""),
            ChainStep.chain_version_id,
            StepRecipient.capacity,
        )
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(ChainStep, ChainStep.id == PlannedStep.chain_step_id)
        .outerjoin(StepRecipient, told)
        .where(PlannedStep.id.in_(step_ids))
    )
    return {
        step_id: AskedLevel(rank, unit_id, procedure_id, is_emergency, field, chain_version_id, capacity)
        for step_id, rank, unit_id, procedure_id, is_emergency, field, chain_version_id, capacity in rows
    }


def _levels(chains: Any, chain_version_id: int | None) -> Sequence[ChainLevel]:
    loaded = chains.get(chain_version_id or 0)
    return loaded.chain.steps if loaded is not None else ()


def _stands_at(one: AskedLevel, levels: Sequence[ChainLevel], standing: Standing, staff_id: int) -> set[int | None]:
    """The units whose posts the person answers for on this level today; of who was told for want of others, on any."""
    was_told = one.capacity is not None
    asked = [level for level in levels if was_told or level.level == one.rank]
    people: list[Reachable] = [found for level in asked for found in standing.on_level(level, one.concern)]
    return {found.unit_id for found in people if found.person.staff_id == staff_id}


def _turns(session: Session, staff_id: int, *, now: datetime) -> set[int | None]:
    """The units for whose posts this person had a turn that has just ended."""
    return set(
        session.scalars(
            select(Post.unit_id)
            .join(Shift, Shift.post_id == Post.id)
            .join(Staff, Staff.id == Shift.staff_id)
            .where(Shift.staff_id == staff_id, Shift.starts_at <= now, Shift.ends_at > now - _AFTER_THE_TURN)
        )
    )
