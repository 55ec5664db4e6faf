"""A leader's answer to a level that was raised: acknowledge, instruct, set a new date; once per level (R20)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.first_answer import FirstAnswer, write_first_answer
from escalation.acknowledging.instruction import LevelAnswer, already_said, tell_the_unit, write_down
from escalation.acknowledging.instruction_tasks import give
from escalation.acknowledging.links import open_link, use_link
from escalation.acknowledging.locked_level import LONGEST_INSTRUCTION, locked_level
from escalation.acknowledging.moved_levels import hold_next_levels
from escalation.acknowledging.right import right_to_answer
from escalation.firing.recipients import mark_read
from tickets.errors import InvalidInput, NotAllowed
from tickets.people.actor import Actor, staff_actor
from tickets.promises import given_dates, standing_levels
from tickets.promises.calendar import add
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import hold_until
from tickets.schema import Acknowledgement, Clock, PlannedStep, Staff, Ticket
from tickets.states import ClockStatus
from tickets.work.judged_at import judged_at


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What stands now; `is_repeat` when the same was said before, so that a double click is harmless.

    `is_further`: the level had been answered, and this is one more instruction or date.
    """

    step_id: int
    ticket_id: int
    reference: str
    at: datetime
    holds_until: datetime
    is_repeat: bool
    is_further: bool = False


class AlreadyAcknowledged(NotAllowed):
    """Somebody else has answered for this level."""

    def __init__(self, step_id: int, by: str, at: datetime) -> None:
        super().__init__("acknowledge")
        self.step_id, self.by, self.at = step_id, by, at


def acknowledge(
    session: Session,
    step_id: int,
    *,
    staff_id: int,
    instruction: str = "",
    new_due_at: datetime | None = None,
    via: str,
    now: datetime,
) -> Acknowledged:
    """Answer for a fired level; holds the next one once, for a quarter of the target or four open hours.

    `via` is web, link, sms, keypad or api. A date moves a promise that is not broken yet; afterwards it stands beside
    the breach, and the chain goes on from the level it had when that date has passed as well (A1, A5). One given by
    the unit that owes the promise eases nothing (A7). Words or a date after the first answer are a further
    instruction, from whoever may answer: told like the first, and a date counts, but nothing else is held again.
    Raises NotFound for a step that was not fired, NotAllowed for somebody who does not stand on the level now and
    does not lead the city, AlreadyAcknowledged for one who only acknowledges what another has, and InvalidInput
    for a date that is past.
    """
    ticket, step, clock = locked_level(session, step_id)
    now = judged_at(session, ticket, now=now)
    right = right_to_answer(session, step.id, staff_id=staff_id, now=now)
    words = instruction.strip()[:LONGEST_INSTRUCTION]
    _require_possible(clock, new_due_at, now)
    is_from_above = new_due_at is not None and not right.for_own_unit
    is_broken = clock.first_breach_at is not None or (clock.due_at is not None and clock.due_at < now)
    stands_beside = is_from_above and is_broken
    holds_until = _holds_until(session, step, clock, new_due_at=new_due_at, stands_beside=stands_beside, now=now)
    given = FirstAnswer(staff_id, via, words, new_due_at, holds_until)
    is_first = write_first_answer(session, step, given, now=now)
    answer = LevelAnswer(
        step_id=step.id, level=step.rank, clock=clock.kind, words=words, new_due_at=new_due_at, via=via
    )
    known = None if is_first else _known(session, ticket, step, answer, staff_id)
    if known is not None and known.is_repeat:
        return known
    actor = staff_actor(staff_id)
    mark_read(session, staff_id, step_ids=[step.id], now=now)
    if new_due_at is not None and is_from_above and not is_broken:
        _set_due(session, ticket, clock, new_due_at, reason=words, actor=actor, now=now)
    elif known is None or stands_beside:
        hold_next_levels(session, step, until=holds_until, is_date=stands_beside)
    write_down(session, ticket, answer, actor=actor, now=now)
    due_at = _answer_due(session, clock, new_due_at, now=now)
    holds = holds_until if stands_beside else None
    is_task = give(session, ticket, answer, by=staff_id, due_at=due_at, holds_until=holds, now=now) is not None
    tell_the_unit(session, ticket, answer, by=staff_id, answer_by=due_at if is_task else None, now=now)
    standing_levels.refresh(session, [ticket.id])
    return known or Acknowledged(step.id, ticket.id, ticket.reference, now, holds_until, is_repeat=False)


def acknowledge_by_link(
    session: Session, token: str, *, instruction: str = "", new_due_at: datetime | None = None, now: datetime
) -> Acknowledged:
    """As `acknowledge`, for whoever holds the secret of the message; it acknowledges once."""
    link = open_link(session, token, now=now)
    done = acknowledge(
        session,
        link.step_id,
        staff_id=link.staff_id,
        instruction=instruction,
        new_due_at=new_due_at,
        via="link",
        now=now,
    )
    use_link(session, link, now=now)
    return done


def _require_possible(clock: Clock, new_due_at: datetime | None, now: datetime) -> None:
    if new_due_at is not None and new_due_at <= now:
        raise InvalidInput("new_due_at", "past")
    if new_due_at is not None and clock.status is not ClockStatus.RUNNING:
        raise InvalidInput("new_due_at", "clock_stopped")


def _answer_due(session: Session, clock: Clock, new_due_at: datetime | None, *, now: datetime) -> datetime:
    """By when the unit should have answered: the date that was given, else as long as an answer holds (A5)."""
    calendar = load_rulebook(session).calendars[clock.calendar_version_id]
    return new_due_at or hold_until(calendar, target_seconds=clock.target_seconds, new_due_at=None, now=now)


def _holds_until(
    session: Session,
    step: PlannedStep,
    clock: Clock,
    *,
    new_due_at: datetime | None,
    stands_beside: bool,
    now: datetime,
) -> datetime:
    """Until when the next level waits: a date from above beside a breach has a time of its own (A5).

    A level that comes a while after the one before it, if that one is silent, comes as long after its answer's end.
    """
    book = load_rulebook(session)
    calendar = book.calendars[clock.calendar_version_id]
    until = hold_until(calendar, target_seconds=clock.target_seconds, new_due_at=new_due_at, now=now)
    if stands_beside and new_due_at is not None:
        until = new_due_at
    chain = book.chain_of(clock.chain_version_id)
    following = next((level for level in chain.chain.steps if level.level > step.rank), None) if chain else None
    if following is None or following.after_level_seconds is None:
        return until
    counted_in = (
        book.step_calendars(clock.chain_version_id)[following.calendar_key] if following.calendar_key else calendar
    )
    return add(counted_in, until, following.after_level_seconds)


def _known(session: Session, ticket: Ticket, step: PlannedStep, answer: LevelAnswer, staff_id: int) -> Acknowledged:
    """The level's first answer, and whether this one adds something to whatever was said since."""
    known, by = session.execute(
        select(Acknowledgement, Staff.name)
        .join(Staff, Staff.id == Acknowledgement.staff_id)
        .where(Acknowledgement.step_id == step.id)
    ).one()
    says_nothing = not answer.words and answer.new_due_at is None
    if says_nothing and known.staff_id != staff_id:
        raise AlreadyAcknowledged(step.id, by, known.at)
    said = (staff_id, answer.words, answer.new_due_text)
    is_repeat = says_nothing or said in already_said(session, step)
    return Acknowledged(step.id, ticket.id, ticket.reference, known.at, known.holds_until, is_repeat, not is_repeat)


def _set_due(
    session: Session, ticket: Ticket, clock: Clock, due_at: datetime, *, reason: str, actor: Actor, now: datetime
) -> None:
    """A leader's date needs no further approval (R7); it re-plans every level from there."""
    date = given_dates.NewDate(due_at, reason, clock.kind, is_from_above=True)
    given_dates.set_manual_due(session, ticket, date, actor=actor, now=now)
