"""A ticket's chain as a staircase: each level with who was told, or who would be told if it were reached now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.queries.ledger import of_ticket
from escalation.queries.raised import Raised, load_raised
from tickets.directory.standing import Concern, Reachable
from tickets.directory.standing_rows import load_standing
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import ChainLevel, posts_to_ask
from tickets.schema import Category, Clock, PlannedStep, Post, Ticket
from tickets.states import ClockKind, Priority


@dataclass(frozen=True, slots=True)
class Stair:
    """`state` is planned, acknowledged, or the result of the level; `at` when it fired or will."""

    level: int
    step_id: int
    post: str
    post_en: str
    person: str | None
    state: str
    at: datetime
    note: str
    current: bool


def staircase(session: Session, ticket: Ticket, *, kind: ClockKind = ClockKind.RESOLVE, now: datetime) -> list[Stair]:
    """The levels of the ticket's newest clock of this kind, lowest first; empty when it has none."""
    clock = session.scalars(
        select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == kind).order_by(Clock.cycle.desc()).limit(1)
    ).first()
    chain = load_rulebook(session).chain_of(clock.chain_version_id) if clock is not None else None
    if clock is None or chain is None:
        return []
    # Of a level climbed twice (a new date) only the newest plan is a stair.
    steps = {step.rank: (step, answer) for step, answer in of_ticket(session, ticket.id) if step.clock_id == clock.id}
    names = _level_names(session, ticket, chain.chain.steps)
    raised = {one.step_id: one for one in load_raised(session, [s.id for s, _ in steps.values() if s.fired_at])}
    standing = _would_be_told(session, ticket, chain.chain.steps, [s for s, _ in steps.values()], now=now)
    highest = max((step.rank for step, _ in steps.values() if step.fired_at), default=0)
    stairs = []
    for level in sorted(steps):
        step, answer = steps[level]
        person, post, post_en = _who(step, raised.get(step.id), standing.get(level))
        stairs.append(
            Stair(
                level=level,
                step_id=step.id,
                post=post or names.get(level, ("", ""))[0],
                post_en=post_en or names.get(level, ("", ""))[1],
                person=person,
                state=_state(step, is_answered=answer is not None),
                at=step.fired_at or step.planned_at,
                note=answer.instruction if answer else "",
                current=level == highest,
            )
        )
    return stairs


def _who(step: PlannedStep, raised: Raised | None, standing: Reachable | None) -> tuple[str | None, str, str]:
    """Person and post: whoever was told; of a level to come whoever would be; of one that told nobody, nobody."""
    if raised is not None and raised.told:
        told = raised.told[0]
        return told.name, told.post, told.post_en
    if step.fired_at is None and standing is not None:
        return standing.person.name, standing.post, standing.post_en
    return None, "", ""


def _would_be_told(
    session: Session, ticket: Ticket, levels: Sequence[ChainLevel], steps: Sequence[PlannedStep], *, now: datetime
) -> dict[int, Reachable]:
    """By level to come, whom firing would tell now."""
    ahead = [step.rank for step in steps if step.fired_at is None]
    if not ahead:
        return {}
    posts = {code for level in levels for code in (*level.posts, *level.procedure_posts)}
    standing = load_standing(session, posts=posts, unit_ids=[ticket.unit_id], now=now)
    field = session.scalar(select(Category.field).where(Category.id == ticket.category_id)) or ""
    concern = Concern(ticket.unit_id, field, ticket.procedure_id, ticket.priority is Priority.EMERGENCY)
    found = {rank: standing.first_from(levels, rank, concern)[0] for rank in ahead}
    return {rank: who for rank, who in found.items() if who is not None}


def _level_names(session: Session, ticket: Ticket, levels: Sequence[ChainLevel]) -> dict[int, tuple[str, str]]:
    """What the first post of each level is called, whether anybody holds it or not."""
    known = _post_names(session)
    asked = {level.level: posts_to_ask(level, procedure_id=ticket.procedure_id) for level in levels}
    return {level: known[codes[0]] for level, codes in asked.items() if codes and codes[0] in known}


def _state(step: PlannedStep, *, is_answered: bool) -> str:
    if is_answered:
        return "acknowledged"
    return step.result.value if step.result is not None else "planned"


def _post_names(session: Session) -> dict[str, tuple[str, str]]:
    rows = session.execute(select(Post.code, Post.name, Post.name_en).distinct())
    return {code: (name, name_en) for code, name, name_en in rows}
