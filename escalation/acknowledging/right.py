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


def rights_to_answer(
    session: Session, step_ids: Collection[int], *, viewer: Viewer, now: datetime
) -> dict[int, RightToAnswer]:
    """Those of the levels for which this person may answer now, in a fixed number of statements."""
    return rights_of(session, _told(session, step_ids, viewer.staff_id), viewer=viewer, now=now)


def rights_of(
    session: Session, told: Mapping[int, AskedLevel], *, viewer: Viewer, now: datetime
) -> dict[int, RightToAnswer]:
    """As `rights_to_answer`, of levels by their steps, of which it is known already what it depends on."""
    if not told:
        return {}
    staff_id = viewer.staff_id
    levels, standing = _standing_for(session, told.values(), now=now)
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


def _standing_for(
    session: Session, told: Collection[AskedLevel], *, now: datetime
) -> tuple[dict[int | None, Sequence[ChainLevel]], Standing]:
    """The levels of the chains of these, and who stands at their units for all posts of those."""
    chains = load_rulebook(session).chains
    levels = {one.chain_version_id: _levels(chains, one.chain_version_id) for one in told}
    posts = {code for steps in levels.values() for level in steps for code in (*level.posts, *level.procedure_posts)}
    return levels, load_standing(session, posts=posts, unit_ids={one.unit_id for one in told}, now=now)


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
    told = _told(session, step_ids, 0)
    if not told:
        return {}
    levels, standing = _standing_for(session, told.values(), now=now)
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
