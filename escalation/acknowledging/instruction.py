"""What a leader's answer leads to: entries in timeline and audit, and word to those who work the ticket."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.audit import entries
from tickets.directory.standing import UNIT_LEAD, Person
from tickets.directory.standing_rows import load_standing
from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.people.actor import Actor
from tickets.schema import PlannedStep, Ticket, TimelineEntry
from tickets.states import ClockKind, OutboundChannel, Priority, TimelineKind

INSTRUCTION_TEMPLATE = "instruction"
_FINGERPRINT = 32


@dataclass(frozen=True, slots=True)
class LevelAnswer:
    """What was answered to a level: an instruction, a new date, that it goes up, or none of these (seen)."""

    step_id: int
    level: int
    clock: ClockKind
    words: str
    new_due_at: datetime | None
    via: str
    # The level that comes now because this one was passed up.
    passed_to: int | None = None

    @property
    def new_due_text(self) -> str | None:
        return self.new_due_at.isoformat() if self.new_due_at else None

    @property
    def asks_something(self) -> bool:
        """Of the unit, so that it should not wait until somebody looks at a screen."""
        return self.passed_to is None and (bool(self.words) or self.new_due_at is not None)


def write_down(session: Session, ticket: Ticket, answer: LevelAnswer, *, actor: Actor, now: datetime) -> None:
    """The words stand in the timeline alone: the audit trail holds no texts, but by what they are known again."""
    params = {
        "step_id": answer.step_id,
        "level": answer.level,
        "clock": answer.clock.value,
        "via": answer.via,
        "new_due_at": answer.new_due_text,
    }
    if answer.passed_to is not None:
        params["passed_to"] = answer.passed_to
    kind = TimelineKind.ACKNOWLEDGED
    timeline.add(session, ticket.id, kind, actor=actor, is_public=False, body=answer.words, params=params, now=now)
    entries.record(
        session,
        actor=actor,
        action="escalation.acknowledged",
        subject_kind="planned_step",
        subject_id=answer.step_id,
        ticket_id=ticket.id,
        params={**params, "fingerprint": sha256(answer.words.encode()).hexdigest()[:_FINGERPRINT]},
        now=now,
    )


def already_said(session: Session, step: PlannedStep) -> list[tuple[int | None, str, str | None]]:
    """Every answer to a level so far, oldest first: by whom, the words, the new date."""
    entries_of = (
        select(TimelineEntry.staff_id, TimelineEntry.body, TimelineEntry.params["new_due_at"].astext)
        .where(
            TimelineEntry.ticket_id == step.ticket_id,
            TimelineEntry.kind == TimelineKind.ACKNOWLEDGED,
            TimelineEntry.params["step_id"].as_integer() == step.id,
        )
        .order_by(TimelineEntry.id)
    )
    return [(by, words or "", due_at) for by, words, due_at in session.execute(entries_of)]


def tell_the_unit(
    session: Session, ticket: Ticket, answer: LevelAnswer, *, by: int, answer_by: datetime | None, now: datetime
) -> None:
    """Who works the ticket and who leads there hear of it: on their screens, an instruction or a date by SMS too.

    `answer_by`: when the unit owes an answer, if it owes one.
    """
    assignees = [ticket.assignee_id] if ticket.assignee_id else []
    units = [unit_id for unit_id in (ticket.unit_id, ticket.coordinating_unit_id) if unit_id is not None]
    standing = load_standing(session, posts=(UNIT_LEAD,), unit_ids=units, staff_ids=assignees, now=now)
    leads = standing.leads(unit_id=ticket.unit_id, coordinating_unit_id=ticket.coordinating_unit_id)[:1]
    people = [standing.person(ticket.assignee_id), *(lead.person for lead in leads)]
    told = {person.staff_id: person for person in people if person is not None and person.staff_id != by}
    messages = [
        _message(ticket, answer, person, channel, answer_by=answer_by, now=now)
        for person in told.values()
        for channel in _channels(person, answer)
    ]
    posting.post_all(session, messages, now=now)


def _channels(person: Person, answer: LevelAnswer) -> tuple[OutboundChannel, ...]:
    if not answer.asks_something:
        return (OutboundChannel.SCREEN,)
    return OutboundChannel.SCREEN, (OutboundChannel.SMS if person.phone else OutboundChannel.EMAIL)


def _message(
    ticket: Ticket,
    answer: LevelAnswer,
    person: Person,
    channel: OutboundChannel,
    *,
    answer_by: datetime | None,
    now: datetime,
) -> Outgoing:
    addresses = {OutboundChannel.SCREEN: "", OutboundChannel.EMAIL: person.email}
    params: dict[str, Any] = {
        "reference": ticket.reference,
        "level": answer.level,
        "instruction": answer.words,
        "new_due_at": answer.new_due_text,
        "passed_to": answer.passed_to,
        "answer_by": answer_by.isoformat() if answer_by else None,
    }
    return Outgoing(
        channel=channel,
        address=addresses.get(channel, person.phone or ""),
        template=INSTRUCTION_TEMPLATE,
        params=params,
        locale=person.locale,
        # By the moment: each instruction is one of its own, and the same one comes here once.
        dedup_key=f"instruction:{answer.step_id}:{now.isoformat()}:{person.staff_id}:{channel}",
        ticket_id=ticket.id,
        staff_id=person.staff_id,
        is_urgent=ticket.priority is Priority.EMERGENCY,
    )
