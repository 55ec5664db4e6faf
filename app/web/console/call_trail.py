"""What an agent does with a call, written into the audit trail."""

from collections.abc import Mapping

from flask import g

from tickets.audit import entries
from tickets.schema import Call


def note_call(action: str, call: Call, **params: str | int) -> None:
    _note(action, "call", call.id, ticket_id=call.ticket_id, params=params)


def note_offer(action: str, offer_id: int) -> None:
    _note(action, "offer", offer_id, ticket_id=None, params={})


def _note(action: str, kind: str, subject_id: int, *, ticket_id: int | None, params: Mapping[str, str | int]) -> None:
    entries.record(
        g.session,
        actor=g.actor,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        ticket_id=ticket_id,
        params=params,
        now=g.now,
    )
