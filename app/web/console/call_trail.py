"""What an agent does with a call, written into the audit trail."""

from flask import g

from tickets.audit import entries
from tickets.schema import Call


def note_call(action: str, call: Call) -> None:
    _note(action, "call", call.id, ticket_id=call.ticket_id)


def note_offer(action: str, offer_id: int) -> None:
    _note(action, "offer", offer_id, ticket_id=None)


def _note(action: str, kind: str, subject_id: int, *, ticket_id: int | None) -> None:
    entries.record(
        g.session,
        actor=g.actor,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        ticket_id=ticket_id,
        now=g.now,
    )
