"""Whoever answers today for a level that was told to somebody else is written down as told (A4)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.codes import new_codes
from escalation.firing.recipients import add_recipients
from tickets.audit import entries
from tickets.directory.standing import Reachable
from tickets.people.actor import SYSTEM
from tickets.promises import standing_levels
from tickets.schema import PlannedStep, Ticket
from tickets.work.named_people import name_people


def write_down_heirs(session: Session, heirs: Sequence[tuple[int, Reachable]], *, now: datetime) -> None:
    """Each level with somebody who gets a code, a line on their desk and, of a restricted matter, sight of it.

    They were not told of that level yet.
    The caller holds the tickets' locks, or nothing else writes them.
    """
    if not heirs:
        return
    tickets = {
        step_id: (ticket_id, is_restricted)
        for step_id, ticket_id, is_restricted in session.execute(
            select(PlannedStep.id, Ticket.id, Ticket.is_restricted)
            .join(Ticket, Ticket.id == PlannedStep.ticket_id)
            .where(PlannedStep.id.in_([step_id for step_id, _ in heirs]))
        )
    }
    codes = new_codes(session, [(step_id, heir.person.staff_id) for step_id, heir in heirs])
    rows = [
        {
            "step_id": step_id,
            "staff_id": heir.person.staff_id,
            "post_id": heir.post_id,
            "capacity": heir.capacity,
            "told_at": now,
            "reply_code": codes[(step_id, heir.person.staff_id)],
        }
        for step_id, heir in heirs
    ]
    add_recipients(session, rows)
    restricted = [(tickets[one][0], heir.person.staff_id) for one, heir in heirs if tickets[one][1]]
    name_people(session, restricted, reason="escalation", now=now)
    written = [_inherited(one, heir, ticket_id=tickets[one][0]) for one, heir in heirs]
    entries.record_all(session, written, actor=SYSTEM, now=now)
    standing_levels.refresh(session, {ticket_id for ticket_id, _ in tickets.values()})


def _inherited(step_id: int, heir: Reachable, *, ticket_id: int) -> dict[str, object]:
    return {
        "action": "escalation.inherited",
        "subject_kind": "planned_step",
        "subject_id": step_id,
        "ticket_id": ticket_id,
        "params": {"told": [heir.person.staff_id]},
    }
