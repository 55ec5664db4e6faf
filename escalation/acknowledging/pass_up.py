"""A leader passes a level up before its time: the next one comes now, and not when it was planned (R20)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from escalation.acknowledging.first_answer import FirstAnswer, write_first_answer
from escalation.acknowledging.instruction import LevelAnswer, tell_the_unit, write_down
from escalation.acknowledging.levels_above import come_above, levels_above
from escalation.acknowledging.links import open_link, use_link
from escalation.acknowledging.locked_level import LONGEST_INSTRUCTION, locked_level
from escalation.acknowledging.moved_levels import bring_forward
from escalation.acknowledging.right import right_to_answer
from escalation.firing.recipients import mark_read
from tickets.audit import entries
from tickets.errors import HotlineError
from tickets.people.actor import staff_actor
from tickets.promises import standing_levels
from tickets.states import ClockStatus
from tickets.work.judged_at import judged_at


class NothingAbove(HotlineError):
    """No level of this chain is left above that would tell anybody else, or its promise has ended."""

    def __init__(self, step_id: int) -> None:
        super().__init__(step_id)
        self.step_id = step_id


@dataclass(frozen=True, slots=True)
class PassedUp:
    """The level that is told now; `is_repeat` where it had come already, so that a double click is harmless."""

    reference: str
    level: int
    is_repeat: bool


def pass_up(session: Session, step_id: int, *, staff_id: int, reason: str = "", via: str, now: datetime) -> PassedUp:
    """The next level of this chain that tells anybody else is due now, whatever held it; those above keep their time.

    It counts as this person's answer, which eases nothing. Raises NotFound and NotAllowed as acknowledging does,
    NothingAbove at the end of a chain or of its promise.
    """
    ticket, step, clock = locked_level(session, step_id)
    now = judged_at(session, ticket, now=now)
    right_to_answer(session, step.id, staff_id=staff_id, now=now)
    if clock.status is not ClockStatus.RUNNING:
        raise NothingAbove(step_id)
    come = come_above(session, [step_id])
    if come:
        return PassedUp(ticket.reference, come[step_id], is_repeat=True)
    above = levels_above(session, [step_id], staff_id=staff_id, now=now).get(step_id)
    if above is None:
        raise NothingAbove(step_id)
    words = reason.strip()[:LONGEST_INSTRUCTION]
    for one in above:
        bring_forward(session, one.step_id, by=step, now=now)
    ahead = above[-1]
    # Where nobody had answered for the level; it holds nothing.
    write_first_answer(session, step, FirstAnswer(staff_id, via, words, None, now, ahead.level), now=now)
    mark_read(session, staff_id, step_ids=[step.id], now=now)
    answer = LevelAnswer(step.id, step.rank, clock.kind, words, None, via, passed_to=ahead.level)
    write_down(session, ticket, answer, actor=staff_actor(staff_id), now=now)
    tell_the_unit(session, ticket, answer, by=staff_id, answer_by=None, now=now)
    _audit(session, ahead.step_id, ticket_id=ticket.id, staff_id=staff_id, level=ahead.level, via=via, now=now)
    standing_levels.refresh(session, [ticket.id])
    return PassedUp(ticket.reference, ahead.level, is_repeat=False)


def pass_up_by_link(session: Session, token: str, *, reason: str = "", now: datetime) -> PassedUp:
    """As `pass_up`, for whoever holds the secret of the message, which it uses up."""
    link = open_link(session, token, now=now)
    done = pass_up(session, link.step_id, staff_id=link.staff_id, reason=reason, via="link", now=now)
    use_link(session, link, now=now)
    return done


def _audit(
    session: Session, step_id: int, *, ticket_id: int, staff_id: int, level: int, via: str, now: datetime
) -> None:
    entries.record(
        session,
        actor=staff_actor(staff_id),
        action="escalation.passed_up",
        subject_kind="planned_step",
        subject_id=step_id,
        ticket_id=ticket_id,
        params={"level": level, "via": via},
        now=now,
    )
