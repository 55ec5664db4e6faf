"""A leader's answer to a level that was raised: acknowledge, instruct, set a new date; once per level (R20)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from escalation.acknowledging.instruction import LevelAnswer, already_said, tell_the_unit, write_down
from escalation.acknowledging.links import VALID_FOR, open_link, use_link
from escalation.acknowledging.right import right_to_answer
from escalation.firing.recipients import mark_read
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.people.actor import Actor, staff_actor
from tickets.promises import ledger, standing_levels
from tickets.promises.calendar import add
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import hold_until
from tickets.schema import Acknowledgement, Clock, PlannedStep, Staff, StepRecipient, Ticket
from tickets.states import ClockStatus, StepKind, StepResult

LONGEST_INSTRUCTION = 2000
# What the people of a level may answer for; a superseded level told nobody, a void one never was.
_ANSWERABLE = (StepResult.NOTIFIED, StepResult.MERGED, StepResult.NOBODY, StepResult.SUPERSEDED)


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
    ticket, step, clock = _locked(session, step_id)
    right = right_to_answer(session, step.id, staff_id=staff_id, now=now)
    words = instruction.strip()[:LONGEST_INSTRUCTION]
    _require_possible(clock, new_due_at, now)
    is_from_above = new_due_at is not None and not right.for_own_unit
    is_broken = clock.first_breach_at is not None or (clock.due_at is not None and clock.due_at < now)
    stands_beside = is_from_above and is_broken
    holds_until = _holds_until(session, step, clock, new_due_at=new_due_at, stands_beside=stands_beside, now=now)
    written = session.execute(
        insert(Acknowledgement)
        .values(
            step_id=step.id,
            ticket_id=ticket.id,
            staff_id=staff_id,
            at=now,
            via=via,
            instruction=words,
            new_due_at=new_due_at,
            holds_until=holds_until,
        )
        .on_conflict_do_nothing(index_elements=["step_id"])
        .returning(Acknowledgement.step_id)
    ).scalar_one_or_none()
    answer = LevelAnswer(
        step_id=step.id, level=step.rank, clock=clock.kind, words=words, new_due_at=new_due_at, via=via
    )
    known = None if written is not None else _known(session, ticket, step, answer, staff_id)
    if known is not None and known.is_repeat:
        return known
    actor = staff_actor(staff_id)
    mark_read(session, staff_id, step_ids=[step.id], now=now)
    if new_due_at is not None and is_from_above and not is_broken:
        _set_due(session, ticket, clock, new_due_at, reason=words, actor=actor, now=now)
    elif known is None or stands_beside:
        _hold_next_levels(session, step, until=holds_until)
    write_down(session, ticket, answer, actor=actor, now=now)
    tell_the_unit(session, ticket, answer, by=staff_id, now=now)
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


def acknowledge_by_code(
    session: Session, *, phone: str, code: str, instruction: str = "", via: str, now: datetime
) -> Acknowledged:
    """As `acknowledge`, for an SMS or a keypad: the code counts only from the phone of the person it was sent to.

    Raises NotFound alike for a wrong code, for one of more than a week ago, and for a phone we do not know.
    """
    found = session.execute(
        select(StepRecipient.step_id, StepRecipient.staff_id)
        .join(Staff, Staff.id == StepRecipient.staff_id)
        .where(Staff.phone == phone, StepRecipient.reply_code == code, StepRecipient.told_at > now - VALID_FOR)
        .order_by(StepRecipient.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NotFound("code")
    return acknowledge(session, found.step_id, staff_id=found.staff_id, instruction=instruction, via=via, now=now)


def _locked(session: Session, step_id: int) -> tuple[Ticket, PlannedStep, Clock]:
    """The ticket is locked before its step is looked at, as everywhere."""
    ticket_id = session.scalar(select(PlannedStep.ticket_id).where(PlannedStep.id == step_id))
    if ticket_id is None:
        raise NotFound("step", step_id)
    ticket = session.execute(
        select(Ticket).where(Ticket.id == ticket_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()
    found = session.execute(
        select(PlannedStep, Clock)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(PlannedStep.id == step_id, PlannedStep.kind == StepKind.LEVEL, PlannedStep.result.in_(_ANSWERABLE))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("step", step_id)
    return ticket, found[0], found[1]


def _require_possible(clock: Clock, new_due_at: datetime | None, now: datetime) -> None:
    if new_due_at is not None and new_due_at <= now:
        raise InvalidInput("new_due_at", "past")
    if new_due_at is not None and clock.status is not ClockStatus.RUNNING:
        raise InvalidInput("new_due_at", "clock_stopped")


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


def _hold_next_levels(session: Session, step: PlannedStep, *, until: datetime) -> None:
    """The next level waits until then, and those above keep their distance from it."""
    ahead = session.scalars(
        select(PlannedStep)
        .where(
            PlannedStep.clock_id == step.clock_id,
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.rank > step.rank,
            PlannedStep.fired_at.is_(None),
        )
        .order_by(PlannedStep.rank)
    ).all()
    if not ahead or ahead[0].planned_at >= until:
        return
    delay = until - ahead[0].planned_at
    for later in ahead:
        later.detail = {**later.detail, "held_from": later.planned_at.isoformat(), "held_by_step": step.id}
        later.planned_at += delay


def _set_due(
    session: Session, ticket: Ticket, clock: Clock, due_at: datetime, *, reason: str, actor: Actor, now: datetime
) -> None:
    """A leader's date needs no further approval (R7); it re-plans every level from there."""
    date = ledger.NewDate(due_at, reason, clock.kind, is_from_above=True)
    ledger.set_manual_due(session, ticket, date, actor=actor, now=now)
