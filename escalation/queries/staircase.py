"""A ticket's chain as a staircase: each level with who was told, or who would be told if it were reached now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.reach import load_reach
from escalation.queries.ledger import of_ticket
from escalation.queries.raised import load_raised
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import posts_to_ask
from tickets.schema import Category, Clock, PlannedStep, Post, Ticket
from tickets.states import ClockKind


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
    raised = {one.step_id: one for one in load_raised(session, [s.id for s, _ in steps.values() if s.fired_at])}
    field = session.scalar(select(Category.field).where(Category.id == ticket.category_id)) or ""
    posts = {level.level: posts_to_ask(level, procedure_id=ticket.procedure_id) for level in chain.chain.steps}
    reach = load_reach(session, posts=[code for codes in posts.values() for code in codes], staff_ids=[], now=now)
    names = _post_names(session)
    highest = max((step.rank for step, _ in steps.values() if step.fired_at), default=0)
    stairs = []
    for level in sorted(steps):
        step, answer = steps[level]
        told = raised[step.id].told if step.id in raised else ()
        stands_there = reach.at(posts.get(level, ()), unit_id=ticket.unit_id, field=field)
        codes = posts.get(level, ())
        post, post_en = names.get(codes[0], ("", "")) if codes else ("", "")
        stairs.append(
            Stair(
                level=level,
                step_id=step.id,
                post=(told[0].post if told else "") or post,
                post_en=(told[0].post_en if told else "") or post_en,
                person=told[0].name if told else (stands_there[0].person.name if stands_there else None),
                state=_state(step, is_answered=answer is not None),
                at=step.fired_at or step.planned_at,
                note=answer.instruction if answer else "",
                current=level == highest,
            )
        )
    return stairs


def _state(step: PlannedStep, *, is_answered: bool) -> str:
    if is_answered:
        return "acknowledged"
    return step.result.value if step.result is not None else "planned"


def _post_names(session: Session) -> dict[str, tuple[str, str]]:
    rows = session.execute(select(Post.code, Post.name, Post.name_en).distinct())
    return {code: (name, name_en) for code, name, name_en in rows}
