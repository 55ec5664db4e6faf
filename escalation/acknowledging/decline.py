"""Giving back what a colleague asked one to answer for: whoever asked is told why, and goes on owing it (A4)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.delegate import LONGEST_ASKING
from escalation.acknowledging.given_back import DECLINED_BY, was_given_back
from escalation.acknowledging.locked_level import locked_level
from escalation.acknowledging.right import right_to_answer
from tickets import timeline
from tickets.audit import entries
from tickets.errors import InvalidInput, NotAllowed
from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.people.actor import staff_actor
from tickets.schema import Delegation, PlannedStep, Staff, Ticket
from tickets.states import OutboundChannel, Priority, TimelineKind
from tickets.work.judged_at import judged_at

GIVEN_BACK_TEMPLATE = "delegation_declined"


def decline(session: Session, step_id: int, *, staff_id: int, reason: str, now: datetime) -> None:
    """Their right to answer for it because they were asked ends; nothing of the chain changes.

    Raises NotFound as acknowledging does, NotAllowed for whoever is not asked now, InvalidInput without a reason.
    """
    ticket, step, _clock = locked_level(session, step_id)
    now = judged_at(session, ticket, now=now)
    right_to_answer(session, step.id, staff_id=staff_id, now=now)
    askers = _askers(session, step.id, staff_id)
    if not askers:
        raise NotAllowed("decline")
    words = reason.strip()[:LONGEST_ASKING]
    if not words:
        raise InvalidInput("reason", "required")
    actor = staff_actor(staff_id)
    params = {"step_id": step.id, DECLINED_BY: staff_id}
    timeline.add(
        session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=words, params=params, now=now
    )
    entries.record(
        session,
        actor=actor,
        action="escalation.delegation_declined",
        subject_kind="planned_step",
        subject_id=step.id,
        ticket_id=ticket.id,
        params={"told": [one.id for one in askers]},
        now=now,
    )
    session.flush()
    _tell(session, ticket, step, askers, by=session.get_one(Staff, staff_id), words=words, now=now)


def _askers(session: Session, step_id: int, staff_id: int) -> Sequence[Staff]:
    asked = Delegation.step_id == step_id, Delegation.to_id == staff_id, ~was_given_back()
    return session.scalars(select(Staff).join(Delegation, Delegation.from_id == Staff.id).where(*asked)).all()


def _tell(
    session: Session,
    ticket: Ticket,
    step: PlannedStep,
    askers: Sequence[Staff],
    *,
    by: Staff,
    words: str,
    now: datetime,
) -> None:
    """On screen and in writing: they count on somebody who does not answer."""
    params = {"reference": ticket.reference, "step_id": step.id, "level": step.rank, "by": by.name, "reason": words}
    messages = [
        Outgoing(
            channel=channel,
            address=address,
            template=GIVEN_BACK_TEMPLATE,
            params=params,
            locale=to.locale,
            dedup_key=f"{GIVEN_BACK_TEMPLATE}:{step.id}:{by.id}:{to.id}:{channel}",
            ticket_id=ticket.id,
            staff_id=to.id,
            is_urgent=ticket.priority is Priority.EMERGENCY,
        )
        for to in askers
        for channel, address in (
            (OutboundChannel.SCREEN, ""),
            (OutboundChannel.SMS, to.phone) if to.phone else (OutboundChannel.EMAIL, to.email),
        )
    ]
    posting.post_all(session, messages, now=now)
