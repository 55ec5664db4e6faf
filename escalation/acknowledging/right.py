"""Whether a person may answer for a level: judged when the answer comes, whatever link, code, key or page brought it.

Who was told stays history; who may answer is whoever stands there today, for the unit that has the ticket today.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, select
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


def rights_to_answer(
    session: Session, step_ids: Collection[int], *, viewer: Viewer, now: datetime
) -> dict[int, RightToAnswer]:
    """Those of the levels for which this person may answer now, in a fixed number of statements."""
    staff_id = viewer.staff_id
    rows = _rows(session, step_ids, staff_id)
    if not rows:
        return {}
    chains = load_rulebook(session).chains
    levels = {row["id"]: _levels(chains, row["chain_version_id"]) for row in rows}
    posts = {code for steps in levels.values() for level in steps for code in (*level.posts, *level.procedure_posts)}
    standing = load_standing(session, posts=posts, unit_ids={row["unit_id"] for row in rows}, now=now)
    on_turn = any(row["capacity"] == "shift" for row in rows)
    turns = _turns(session, staff_id, now=now) if on_turn else set()
    city = {h.unit_id for h in viewer.held if h.covers_city and h.role in CITY_ROLES}
    found: dict[int, RightToAnswer] = {}
    # Hundreds of levels on one desk ask a few dozen different questions.
    asked: dict[tuple[object, ...], set[int | None]] = {}
    for row in rows:
        question = tuple(value for name, value in row.items() if name != "id")
        if question not in asked:
            asked[question] = _stands_at(row, levels[row["id"]], standing, staff_id)
        units = asked[question] | (turns if row["capacity"] == "shift" else set())
        if units or city:
            found[row["id"]] = RightToAnswer(units | city == {row["unit_id"]}, stands_there=bool(units))
    asked_for = [row["id"] for row in rows if row["capacity"] == "delegate" and row["id"] not in found]
    return found | _by_delegation(session, asked_for, staff_id, now=now)


def _by_delegation(
    session: Session, step_ids: Collection[int], staff_id: int, *, now: datetime
) -> dict[int, RightToAnswer]:
    """For as long as whoever asked them stands there, and both work beside each other."""
    if not step_ids:
        return {}
    asked = select(Delegation.step_id, Delegation.from_id).where(Delegation.to_id == staff_id)
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
    rows = _rows(session, step_ids, 0)
    if not rows:
        return {}
    chains = load_rulebook(session).chains
    levels = {row["id"]: _levels(chains, row["chain_version_id"]) for row in rows}
    posts = {code for steps in levels.values() for level in steps for code in (*level.posts, *level.procedure_posts)}
    standing = load_standing(session, posts=posts, unit_ids={row["unit_id"] for row in rows}, now=now)
    found = {row["id"]: standing.told_together(levels[row["id"]], row["rank"], _concern(row))[0] for row in rows}
    return {step_id: people for step_id, people in found.items() if people}


def _concern(row: RowMapping) -> Concern:
    return Concern(row["unit_id"], row["field"] or "", row["procedure_id"], row["priority"] is Priority.EMERGENCY)


def _rows(session: Session, step_ids: Collection[int], staff_id: int) -> Sequence[RowMapping]:
    told = (StepRecipient.step_id == PlannedStep.id) & (StepRecipient.staff_id == staff_id)
    return (
        session.execute(
            select(
                PlannedStep.id,
                PlannedStep.rank,
                Ticket.unit_id,
                Ticket.procedure_id,
                Ticket.priority,
                Category.field,
                ChainStep.chain_version_id,
                StepRecipient.capacity,
            )
            .join(Ticket, Ticket.id == PlannedStep.ticket_id)
            .outerjoin(Category, Category.id == Ticket.category_id)
            .outerjoin(ChainStep, ChainStep.id == PlannedStep.chain_step_id)
            .outerjoin(StepRecipient, told)
            .where(PlannedStep.id.in_(step_ids))
        )
        .mappings()
        .all()
    )


def _levels(chains: Any, chain_version_id: int | None) -> Sequence[ChainLevel]:
    loaded = chains.get(chain_version_id or 0)
    return loaded.chain.steps if loaded is not None else ()


def _stands_at(row: RowMapping, levels: Sequence[ChainLevel], standing: Standing, staff_id: int) -> set[int | None]:
    """The units whose posts the person answers for on this level today; of who was told for want of others, on any."""
    concern = _concern(row)
    was_told = row["capacity"] is not None
    asked = [level for level in levels if was_told or level.level == row["rank"]]
    people: list[Reachable] = [one for level in asked for one in standing.on_level(level, concern)]
    return {one.unit_id for one in people if one.person.staff_id == staff_id}


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
