"""What becomes of a ticket in the demonstration: answered in time or late, asked back, passed on, left lying."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.demonstration.pace import Pace, pace_of
from app.seeding.demonstration.stage import Stage
from app.seeding.demonstration.words import ScriptedMatter, answer
from tickets.directory.queues import queue_of
from tickets.directory.units import unit_named
from tickets.intake.cleaning import Opened
from tickets.people.actor import Actor, citizen_actor, staff_actor
from tickets.schema import Ticket, TicketAccess
from tickets.states import UNFINISHED, Channel, Disposition, TicketStatus
from tickets.work import assignment, conversation, resolution
from tickets.work.owing_unit import acts_alone

# Categories in which people ask rather than report.
QUESTIONS = frozenset(
    {
        "building_permit", "certification", "citizen_reception", "civil_status", "company_registration",
        "driving_licence", "enrolment", "health_insurance", "household_business", "identity_card", "land_registration",
        "late_dossier", "planning_information", "poor_household", "procedure_guidance", "residence",
        "social_allowance", "social_housing",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Running:
    """A ticket of the play with what its story goes by."""

    id: int
    said: ScriptedMatter
    pace: Pace

    @property
    def is_question(self) -> bool:
        return self.said.category in QUESTIONS


Story = Callable[[Stage, Running], None]


def begin(stage: Stage, opened: Opened, said: ScriptedMatter, *, story: Story | None = None) -> None:
    """Choose how this one goes, unless `story` says, and put its first steps on the clock."""
    working = stage.desk.rules.promises.newest_calendars["working"]
    ticket = Running(opened.ticket_id, said, pace_of(opened, working=working))
    if story is not None:
        story(stage, ticket)
        return
    if said.spam:
        stage.at(
            ticket.pace.opened_at + timedelta(minutes=stage.rng.randint(20, 300)),
            lambda stage, session, now: _set_aside(stage, session, ticket, now),
        )
        return
    stories, weights = zip(*_STORIES, strict=True)
    stage.rng.choices(stories, weights)[0](stage, ticket)
    if stage.chance(0.1):
        stage.at(ticket.pace.resolving(stage.rng.uniform(0.3, 0.9)), lambda *moment: _asks_again(ticket, *moment))


def answer_soon(stage: Stage, ticket: Running, when: datetime, *, hours: tuple[float, float]) -> None:
    """Somebody sees to it now: told by a leader, or after the citizen came back."""
    at = ticket.pace.after(when, stage.rng.uniform(*hours) * 60)
    stage.at(at, lambda *moment: _resolve(ticket, *moment))


def actor_for(stage: Stage, session: Session, ticket: Ticket) -> Actor:
    """Whoever has it; else somebody of its unit; for a restricted one, somebody who is named."""
    if ticket.assignee_id is not None:
        return staff_actor(ticket.assignee_id)
    if ticket.is_restricted:
        named = select(TicketAccess.staff_id).where(TicketAccess.ticket_id == ticket.id).order_by(TicketAccess.staff_id)
        staff_id = session.scalars(named).first()
        return staff_actor(staff_id or stage.cast.agent_for(stage.cast.office_id, stage.rng))
    return staff_actor(stage.cast.agent_for(ticket.unit_id, stage.rng))


def _promptly(stage: Stage, ticket: Running) -> None:
    taken = claim(stage, ticket, ticket.pace.accepting(stage.rng.uniform(0.04, 0.48)))
    _answer_between(stage, ticket, taken, stage.rng.triangular(0.03, 0.5, 0.08))


def _at_once(stage: Stage, ticket: Running) -> None:
    taken = claim(stage, ticket, ticket.pace.accepting(stage.rng.uniform(0.02, 0.3)))
    stage.at(ticket.pace.after(taken, stage.rng.uniform(3, 30)), lambda *moment: _resolve(ticket, *moment))


def _late(stage: Stage, ticket: Running) -> None:
    """Taken after the promise, answered after the promise: the chain runs meanwhile."""
    taken = claim(stage, ticket, ticket.pace.accepting(stage.rng.uniform(0.9, 1.9)))
    _answer_between(stage, ticket, taken, stage.rng.uniform(1.05, 2.1))


def leave_lying(stage: Stage, ticket: Running) -> None:
    """Taken, or not even that; only a leader's word moves it."""
    stage.when_instructed[ticket.id] = lambda now: answer_soon(stage, ticket, now, hours=(1, 9))
    stage.moves_at[ticket.id] = stage.rng.choices((2, 3, 4, 5), (15, 35, 35, 15))[0]
    if stage.chance(0.6):
        taken = claim(stage, ticket, ticket.pace.accepting(stage.rng.uniform(0.3, 1.3)))
        stage.at(
            ticket.pace.after(taken, stage.rng.uniform(5, 90)), lambda *moment: _reply(ticket, "greeting", *moment)
        )


def _asked_back(stage: Stage, ticket: Running) -> None:
    claim(stage, ticket, ticket.pace.accepting(stage.rng.uniform(0.1, 0.48)))
    asked = ticket.pace.resolving(stage.rng.uniform(0.12, 0.3))
    stage.at(asked, lambda *moment: _ask(ticket, *moment))
    if stage.chance(0.65):
        stage.at(
            asked + timedelta(hours=stage.rng.uniform(6, 80)),
            lambda *moment: _citizen_says(ticket, "citizen_answer", *moment),
        )
    stage.at(ticket.pace.resolving(stage.rng.uniform(0.35, 0.9)), lambda *moment: _resolve(ticket, *moment))


def _waits_for_others(stage: Stage, ticket: Running) -> None:
    claim(stage, ticket, ticket.pace.accepting(stage.rng.uniform(0.1, 0.7)))
    stage.at(ticket.pace.resolving(stage.rng.uniform(0.1, 0.3)), lambda *moment: _wait(ticket, *moment))
    stage.at(ticket.pace.resolving(stage.rng.uniform(0.4, 1.1)), lambda *moment: _resolve(ticket, *moment))


def _passed_on(stage: Stage, ticket: Running) -> None:
    claim(stage, ticket, ticket.pace.accepting(stage.rng.uniform(0.1, 0.48)))
    passed = ticket.pace.resolving(stage.rng.uniform(0.1, 0.25))
    stage.at(passed, lambda *moment: _transfer(ticket, *moment))
    claim(stage, ticket, ticket.pace.after(passed, ticket.pace.accept_seconds / 60 * stage.rng.uniform(0.1, 0.5)))
    if stage.chance(0.25):
        stage.at(ticket.pace.after(passed, stage.rng.uniform(220, 300)), lambda *moment: _return(ticket, *moment))
    stage.at(ticket.pace.resolving(stage.rng.uniform(0.3, 0.85)), lambda *moment: _resolve(ticket, *moment))


def _taken_back(stage: Stage, ticket: Running) -> None:
    at = ticket.pace.opened_at + timedelta(hours=stage.rng.uniform(1, 20))
    stage.at(at, lambda *moment: _withdraw(ticket, *moment))


_STORIES: tuple[tuple[Story, int], ...] = (
    (_promptly, 50),
    (_at_once, 16),
    (_late, 7),
    (leave_lying, 4),
    (_asked_back, 8),
    (_waits_for_others, 4),
    (_passed_on, 6),
    (_taken_back, 2),
)


def claim(stage: Stage, ticket: Running, when: datetime) -> datetime:
    """Somebody of its unit takes it then."""
    stage.at(when, lambda *moment: _claim(ticket, *moment))
    return when


def _answer_between(stage: Stage, ticket: Running, taken: datetime, share: float) -> None:
    """A first word after taking it, perhaps another, then the answer."""
    if share > 0.12 or not ticket.is_question:
        first = ticket.pace.after(taken, stage.rng.uniform(2, 70))
        stage.at(first, lambda *moment: _reply(ticket, "greeting", *moment))
    if stage.chance(0.2):
        stage.at(ticket.pace.after(taken, stage.rng.uniform(10, 300)), lambda *moment: _note(ticket, *moment))
    if share > 0.25 and stage.chance(0.8):
        stage.at(ticket.pace.resolving(share * 0.5), lambda *moment: _reply(ticket, "progress", *moment))
    stage.at(ticket.pace.resolving(share), lambda *moment: _resolve(ticket, *moment))


def _claim(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    row = _fresh(session, ticket)
    if row.status in UNFINISHED and row.assignee_id is None:
        assignment.claim(session, ticket.id, actor=actor_for(stage, session, row), now=now)


def _reply(ticket: Running, kind: str, stage: Stage, session: Session, now: datetime) -> None:
    row = _fresh(session, ticket)
    if row.status is TicketStatus.OPEN:
        actor = actor_for(stage, session, row)
        conversation.reply(session, ticket.id, body=answer(kind, stage.rng), actor=actor, now=now)


def _note(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    row = _fresh(session, ticket)
    if row.status in UNFINISHED:
        actor = actor_for(stage, session, row)
        conversation.note(session, ticket.id, body=answer("note", stage.rng), actor=actor, now=now)


def _ask(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    put_on_hold(stage, session, ticket, until=_wake_at(stage, ticket, now), now=now)


def put_on_hold(stage: Stage, session: Session, ticket: Running, *, until: datetime, now: datetime) -> None:
    """Ask the citizen something; a ticket that is not being worked on is left alone.

    Once a warning is out the unit's question is an answer like any other, and the time goes on (A7).
    """
    row = _fresh(session, ticket)
    if row.status is TicketStatus.OPEN:
        question, actor = answer("question", stage.rng), actor_for(stage, session, row)
        if acts_alone(session, row, actor=actor, now=now):
            conversation.reply(session, ticket.id, body=question, actor=actor, now=now)
        else:
            resolution.hold(session, ticket.id, question=question, wake_at=until, actor=actor, now=now)


def _wake_at(stage: Stage, ticket: Running, now: datetime) -> datetime:
    """A day or two, but never longer than a short promise may pause."""
    return min(now + timedelta(hours=stage.rng.randint(20, 90)), longest_hold(ticket, now))


def longest_hold(ticket: Running, now: datetime) -> datetime:
    """Well within the pause that policies allow: twice the target, of which some may be used up."""
    return now + timedelta(seconds=ticket.pace.resolve_seconds * 1.4)


def _wait(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    row = _fresh(session, ticket)
    if row.status is TicketStatus.OPEN:
        resolution.hold_for_third_party(
            session,
            ticket.id,
            reason=answer("waiting_for", stage.rng),
            wake_at=_wake_at(stage, ticket, now),
            actor=actor_for(stage, session, row),
            now=now,
        )


def _transfer(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    """To the department that keeps the field, or from there to the ward of the place."""
    row = _fresh(session, ticket)
    department = unit_named(session, "SXD", on=now.date())
    to = row.place_unit_id if row.unit_id == department.id else department.id
    if row.status not in UNFINISHED or row.is_restricted or to is None or to == row.unit_id:
        return
    actor, queue = actor_for(stage, session, row), queue_of(session, to)
    assignment.transfer(
        session, ticket.id, queue_id=queue.id, reason=answer("transfer_reason", stage.rng), actor=actor, now=now
    )


def _return(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    row = _fresh(session, ticket)
    if row.status in UNFINISHED and row.hop_count == 2:
        actor = actor_for(stage, session, row)
        assignment.return_ticket(session, ticket.id, reason=answer("transfer_reason", stage.rng), actor=actor, now=now)


def _resolve(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    row = _fresh(session, ticket)
    if row.status not in UNFINISHED:
        return
    actor = actor_for(stage, session, row)
    if row.status is TicketStatus.NEW:
        assignment.claim(session, ticket.id, actor=actor, now=now)
    disposition = _disposition(stage, ticket)
    resolution.resolve(
        session,
        ticket.id,
        disposition=disposition,
        answer=answer(disposition.value, stage.rng),
        actor=actor,
        now=now,
    )
    if stage.chance(0.07):
        stage.at(now + timedelta(hours=stage.rng.uniform(3, 60)), lambda *moment: _not_solved(ticket, *moment))
    elif stage.chance(0.3):
        stage.at(now + timedelta(hours=stage.rng.uniform(1, 70)), lambda *moment: _rate(ticket, *moment))


def _disposition(stage: Stage, ticket: Running) -> Disposition:
    if ticket.said.category == "citizen_reception":
        return Disposition.OTHER_LAW
    if ticket.is_question:
        return Disposition.ANSWERED
    return Disposition.REFUSED if stage.chance(0.06) else Disposition.FIXED


def _not_solved(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    if _fresh(session, ticket).status is TicketStatus.RESOLVED:
        resolution.not_solved(
            session, ticket.id, reason=answer("not_solved", stage.rng), actor=citizen_actor(), now=now
        )
        answer_soon(stage, ticket, now, hours=(2, 20))


def _rate(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    if _fresh(session, ticket).status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        rating = stage.rng.choices((1, 2, 3, 4, 5), (5, 5, 12, 33, 45))[0]
        resolution.rate(session, ticket.id, rating=rating, actor=citizen_actor(), now=now)


def _asks_again(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    _citizen_says(ticket, "citizen_again", stage, session, now)
    if stage.chance(0.8):
        at = ticket.pace.after(now, stage.rng.uniform(10, 200))
        stage.at(at, lambda *moment: _reply(ticket, "progress", *moment))


def _citizen_says(ticket: Running, kind: str, stage: Stage, session: Session, now: datetime) -> None:
    row = _fresh(session, ticket)
    if row.status in UNFINISHED:
        channel = row.channel if row.channel in (Channel.SMS, Channel.WEB) else Channel.SMS
        conversation.citizen_message(
            session, ticket.id, body=answer(kind, stage.rng), channel=channel, actor=citizen_actor(), now=now
        )


def _withdraw(ticket: Running, stage: Stage, session: Session, now: datetime) -> None:
    if _fresh(session, ticket).status in UNFINISHED:
        reason = "Người dân báo đã tự thu xếp được."
        resolution.withdraw(session, ticket.id, reason=reason, actor=citizen_actor(), now=now)


def _set_aside(stage: Stage, session: Session, ticket: Running, now: datetime) -> None:
    row = _fresh(session, ticket)
    actor = actor_for(stage, session, row)
    if row.status in UNFINISHED and not acts_alone(session, row, actor=actor, now=now):
        resolution.mark_spam(session, ticket.id, reason="Tin nhắn quảng cáo.", actor=actor, now=now)


def _fresh(session: Session, ticket: Running) -> Ticket:
    # Whatever changes a status goes through the row that this session holds.
    return session.get_one(Ticket, ticket.id)
