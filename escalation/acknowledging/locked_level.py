"""A level that somebody answers, under the lock of its ticket."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.errors import InvalidInput, NotFound
from tickets.promises.recompute import UNENDED
from tickets.promises.taken_up_again import ended_since
from tickets.schema import Clock, PlannedStep, Ticket
from tickets.states import StepKind, StepResult
from tickets.work.ticket import lock_ticket

LONGEST_INSTRUCTION = 2000
# What the people of a level may answer for; a superseded level told nobody, a void one never was.
_ANSWERABLE = (StepResult.NOTIFIED, StepResult.MERGED, StepResult.NOBODY, StepResult.SUPERSEDED)


class LevelOver(InvalidInput):
    """The matter had ended after this level was raised and was taken up again: whoever stands there is told anew."""

    def __init__(self) -> None:
        super().__init__("", "level_over")


def is_settled(session: Session, step_id: int) -> bool:
    """Whether the promise of a level has ended, so that there is nothing left to answer."""
    status = session.scalar(
        select(Clock.status).join(PlannedStep, PlannedStep.clock_id == Clock.id).where(PlannedStep.id == step_id)
    )
    return status not in UNENDED


def is_over(clock: Clock) -> bool:
    """Whether nothing of this promise is left to answer; one that only stands still is not over."""
    return clock.status not in UNENDED


def locked_level(session: Session, step_id: int) -> tuple[Ticket, PlannedStep, Clock]:
    """The ticket is locked before its step is looked at, as everywhere.

    Raises NotFound for what was not fired, LevelOver for what was raised before the matter ended once.
    """
    ticket_id = session.scalar(select(PlannedStep.ticket_id).where(PlannedStep.id == step_id))
    if ticket_id is None:
        raise NotFound("step", step_id)
    ticket = lock_ticket(session, ticket_id)
    found = session.execute(
        select(PlannedStep, Clock)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(PlannedStep.id == step_id, PlannedStep.kind == StepKind.LEVEL, PlannedStep.result.in_(_ANSWERABLE))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("step", step_id)
    step, clock = found
    if ended_since(clock.history, step.fired_at):
        raise LevelOver
    return ticket, step, clock
