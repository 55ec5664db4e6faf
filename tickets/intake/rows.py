"""The rows a new ticket begins with, made from a matter, what was understood of it and what was decided."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from tickets import timeline
from tickets.directory.places import Candidate, Question, Resolution, SpotHint
from tickets.folding import folded_words
from tickets.intake import contacts
from tickets.intake.cleaning import Matter, Named
from tickets.people.actor import SYSTEM, Actor
from tickets.people.citizens import KnownCitizen
from tickets.promises.opening import Opening
from tickets.routing.decision import Decision
from tickets.schema import Ticket
from tickets.states import PlaceOutcome, TicketStatus, TimelineKind

# The words of a long text beyond this are not searched.
_SEARCHED = 20_000
# As many as a text message lists: of a long street nobody is helped by the first few wards.
_MOST_HINTED = 6
# What a ticket keeps of its matter as it was brought: a field that bears the name of a column is that column.
_CARRIED = tuple(field.name for field in fields(Matter) if field.name in Ticket.__table__.columns)


@dataclass(frozen=True, slots=True)
class Prepared:
    ticket_id: int
    reference: str
    clock_ids: list[int]
    unit_answers: bool
    is_opted_out: bool


@dataclass(frozen=True, slots=True)
class Parts:
    names: Named
    place: Resolution | None
    decision: Decision
    prepared: Prepared
    citizen: KnownCitizen | None
    contact: contacts.Registered


def ticket_row(matter: Matter, parts: Parts, clocks: Opening, *, arrived_at: datetime, now: datetime) -> dict[str, Any]:
    decision, place = parts.decision, parts.place
    return {
        **{name: getattr(matter, name) for name in _CARRIED},
        "id": parts.prepared.ticket_id,
        "reference": parts.prepared.reference,
        "pin_salt": secrets.token_bytes(16),
        "status": TicketStatus.NEW,
        "priority": decision.priority,
        "level": decision.level,
        "unit_id": decision.unit_id,
        "queue_id": decision.queue_id,
        "first_queue_id": decision.queue_id,
        "coordinating_unit_id": decision.coordinating_unit_id,
        "citizen_id": parts.citizen.id if parts.citizen else (matter.citizen_id or parts.contact.citizen_id),
        "reply_phone": matter.phone,
        "reply_email": (matter.email or "").strip().lower() or None,
        "category_id": decision.category_id,
        "procedure_id": parts.names.procedure_id,
        "place_text": matter.place_text or (place.said if place else ""),
        "place_unit_id": decision.place_unit_id or parts.names.unit_id,
        "place_outcome": _outcome(parts),
        "place_detail": _place_detail(parts),
        "routing_reasons": [reason.as_json() for reason in decision.reasons],
        "read_by": decision.read_by,
        "is_doubted": decision.is_doubted,
        "is_praise": decision.is_praise,
        "is_restricted": decision.is_restricted,
        "about_unit_id": decision.about_unit_id,
        "opened_at": arrived_at,
        "updated_at": now,
        "first_answered_at": now if matter.live_call else None,
        "next_due_at": clocks.next_due_at,
        "next_due_kind": clocks.next_due_kind,
    }


def _outcome(parts: Parts) -> PlaceOutcome:
    if parts.names.unit_id is not None:
        return PlaceOutcome.UNIQUE
    return PlaceOutcome(parts.place.outcome) if parts.place is not None else PlaceOutcome.NONE


def _place_detail(parts: Parts) -> dict[str, Any]:
    """What was said, how it was read and by whom, and the question that decides: kept for the agent who asks it."""
    if parts.names.unit_id is not None:
        return {"by": "citizen"}
    place = parts.place
    if place is None or place.outcome == "none":
        return _hinted(place.hint) if place is not None and place.hint is not None else {}
    detail: dict[str, Any] = {
        "by": "resolver",
        "said": place.said,
        "generation": place.generation,
        "candidates": _candidates(place.candidates[:20]),
    }
    if place.question is not None:
        detail["question"] = _question(place.question)
    return detail


def _hinted(hint: SpotHint) -> dict[str, Any]:
    """A point on the map, a crossing, a landmark: no place, but whom to ask about, where they are few enough."""
    if len(hint.candidates) > _MOST_HINTED:
        return {}
    return {
        "by": "hint",
        "said": hint.said,
        "generation": None,
        "candidates": _candidates(hint.candidates),
        "question": _question(hint.question),
    }


def _candidates(found: Sequence[Candidate]) -> list[dict[str, Any]]:
    return [
        {
            "unit_id": c.unit_id,
            "code": c.unit_code,
            "name": c.unit_name,
            "why": c.why.code,
            "params": dict(c.why.params),
        }
        for c in found
    ]


def _question(question: Question) -> dict[str, Any]:
    options = [{"code": o.code, "params": dict(o.params), "unit_ids": list(o.unit_ids)} for o in question.options]
    return {"id": question.id, "params": dict(question.params), "options": options}


def first_hop(ticket_id: int, decision: Decision, at: datetime) -> dict[str, Any]:
    return {"ticket_id": ticket_id, "number": 1, "queue_id": decision.queue_id, "entered_at": at, "cause": "intake"}


def first_entries(ticket_id: int, matter: Matter, parts: Parts, *, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    opened = {"channel": matter.channel.value, "contact_id": parts.contact.id}
    # The routing is told after what it was decided about, though both happened at once.
    return [
        timeline.entry(ticket_id, TimelineKind.OPENED, actor=actor, is_public=True, params=opened, now=now),
        timeline.entry(
            ticket_id,
            TimelineKind.ROUTED,
            actor=SYSTEM,
            # Whom a restricted matter is about is nobody else's business, its sender excepted, who knows.
            is_public=not parts.decision.is_restricted,
            params={"unit_id": parts.decision.unit_id, "reasons": [r.as_json() for r in parts.decision.reasons]},
            now=now,
        ),
    ]


def search_words(matter: Matter) -> list[str]:
    said = f"{matter.subject} {matter.body} {matter.name} {matter.place_text} {matter.dossier_number or ''}"
    return sorted(set(folded_words(said[:_SEARCHED])))
