"""What a caller tells after the ticket was opened is added to it, and it is routed anew, which is no transfer.

A phone call opens its ticket with the first key, when nothing is known yet; who said what where comes a minute later.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.audit import entries
from tickets.city import day_of
from tickets.directory.places import PlaceIndex, Resolution, resolve_whole
from tickets.intake.cleaning import NO_WORDS
from tickets.outbox import praise_news
from tickets.people import citizens
from tickets.people.actor import Actor
from tickets.promises import retargeting
from tickets.routing.decision import Decision, PlaceFact, RoutingFacts
from tickets.routing.receiving import receive
from tickets.routing.rules import Rules
from tickets.schema import AuditEntry, Ticket, TimelineEntry
from tickets.schema.rows import Batch, Change, insert_rows
from tickets.states import Level, PlaceOutcome, Priority, TicketStatus, TimelineKind
from tickets.typed_text import MAX_BODY, clean_text
from tickets.work import named_people
from tickets.work.assignment import other_queue
from tickets.work.duplicate_links import RESTRICTED, leave_group
from tickets.work.judged_at import judged_at
from tickets.work.search_words import more_words
from tickets.work.suspicion import is_suspected
from tickets.work.ticket import lock_ticket

_SUBJECT_LENGTH = 90


@dataclass(frozen=True, slots=True)
class NewlyTold:
    """What came to light: the caller's words, or the unit they chose; `by` is line, last, speech, keypad or choice."""

    said: str = ""
    unit_id: int | None = None
    by: str = ""
    line_id: int | None = None


def reroute_at_intake(
    session: Session, ticket_id: int, told: NewlyTold, *, actor: Actor, places: PlaceIndex, rules: Rules, now: datetime
) -> Decision | None:
    """Add what was told and route again; None once somebody works on the ticket: then it is theirs to transfer (R8)."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    # Written at the end in one statement, not once before each of the others.
    with session.no_autoflush:
        return _reroute(session, ticket, told, actor=actor, places=places, rules=rules, now=now)


def _reroute(
    session: Session, ticket: Ticket, told: NewlyTold, *, actor: Actor, places: PlaceIndex, rules: Rules, now: datetime
) -> Decision | None:
    said = clean_text(told.said[:MAX_BODY], MAX_BODY, field="body")
    words = _add_words(ticket, said) if said else []
    if ticket.status is not TicketStatus.NEW or ticket.assignee_id is not None or ticket.hop_count > 1:
        insert_rows(session, changes=words)
        return None
    place = resolve_whole(places, said, on=day_of(now)) if said else None
    decision = receive(_facts(ticket, told, place), rules.routing)
    _settle_place(ticket, told, place, decision)
    promised_before, is_told_anew = _promised(ticket, rules), _is_told_anew(ticket, decision)
    if decision.is_restricted and not ticket.is_restricted:
        leave_group(session, ticket, cause=RESTRICTED, now=now)
    hop = _move(ticket, decision, now=now)
    news = _news(ticket, actor=actor, now=now) if is_told_anew else []
    insert_rows(session, *news, changes=[*words, *hop, *_settled(ticket, decision)])
    if decision.is_restricted:
        office_id = rules.routing.judge_of(decision.about_unit_id)
        unit_id = decision.head_of_unit_id
        named_people.name_heads(session, ticket.id, unit_id=unit_id, office_id=office_id, now=now)
    if ticket.is_praise:
        praise_news.pass_on(session, ticket, now=now)
    if _promised(ticket, rules) != promised_before:
        session.flush()
        retargeting.retarget(session, ticket, cause="intake", actor=actor, now=now)
    return decision


def _facts(ticket: Ticket, told: NewlyTold, place: Resolution | None) -> RoutingFacts:
    fact = PlaceFact()
    if place is not None:
        ids = tuple(dict.fromkeys(candidate.unit_id for candidate in place.candidates))
        fact = PlaceFact(PlaceOutcome(place.outcome), ids, place.said)
    elif ticket.place_unit_id is not None and told.unit_id is None:
        fact = PlaceFact(PlaceOutcome.UNIQUE, (ticket.place_unit_id,), ticket.place_text)
    return RoutingFacts(
        said=f"{ticket.subject}\n{ticket.body}",
        emergency=ticket.priority is Priority.EMERGENCY,
        # A category that suspicion alone gave is no word of the citizen's, and must not send it to the accused's head.
        category_id=None if is_suspected(ticket) else ticket.category_id,
        procedure_id=ticket.procedure_id,
        # The line's own unit speaks for itself in routing, as the weakest of the reasons.
        chosen_unit_id=told.unit_id if told.by not in ("line", "speech") else None,
        place=PlaceFact(PlaceOutcome.UNIQUE, (told.unit_id,), fact.said)
        if told.unit_id is not None and told.by == "speech"
        else fact,
        line_id=told.line_id,
    )


def _settle_place(ticket: Ticket, told: NewlyTold, place: Resolution | None, decision: Decision) -> None:
    if told.unit_id is not None:
        ticket.place_unit_id, ticket.place_outcome = told.unit_id, PlaceOutcome.UNIQUE
        ticket.place_detail = {**ticket.place_detail, "by": told.by}
    elif place is not None and place.outcome != "none":
        ticket.place_unit_id = decision.place_unit_id
        ticket.place_outcome = PlaceOutcome(place.outcome)
        candidates: list[dict[str, Any]] = [
            {"unit_id": c.unit_id, "code": c.unit_code, "name": c.unit_name} for c in place.candidates[:20]
        ]
        ticket.place_detail = {"by": "resolver", "said": place.said, "candidates": candidates}
    if place is not None and place.said:
        ticket.place_text = place.said


def note_asked(session: Session, ticket_id: int, unit_ids: list[int]) -> None:
    """Which units the question about the place was about, so that its answer can be read."""
    ticket = session.get_one(Ticket, ticket_id)
    ticket.place_detail = {**ticket.place_detail, "asked": unit_ids}


def _is_told_anew(ticket: Ticket, decision: Decision) -> bool:
    return [reason.as_json() for reason in decision.reasons] != ticket.routing_reasons


def _settled(ticket: Ticket, decision: Decision) -> list[Change]:
    """The place that a caller named is offered first when they call again; what is restricted leaves no mark."""
    if decision.level is not Level.WARD or decision.needs_question or decision.is_restricted:
        return []
    return [citizens.settled_at(decision.unit_id, ticket.citizen_id)] if ticket.citizen_id is not None else []


def _move(ticket: Ticket, decision: Decision, *, now: datetime) -> list[Change]:
    """Write the decision into the ticket's row; what else must change with it is returned."""
    changes: list[Change] = []
    if ticket.queue_id != decision.queue_id:
        # The first stay in a queue was only the minute in which the caller had not said where: it is not a hop.
        changes.append(other_queue(ticket, decision.queue_id))
        ticket.queue_id = ticket.first_queue_id = decision.queue_id
    ticket.unit_id, ticket.level, ticket.category_id = decision.unit_id, decision.level, decision.category_id
    ticket.coordinating_unit_id = decision.coordinating_unit_id
    ticket.is_restricted, ticket.about_unit_id = decision.is_restricted, decision.about_unit_id
    ticket.priority, ticket.updated_at = decision.priority, now
    ticket.routing_reasons = [reason.as_json() for reason in decision.reasons]
    ticket.read_by = decision.read_by
    ticket.is_doubted, ticket.is_praise = decision.is_doubted, decision.is_praise
    return changes


def _promised(ticket: Ticket, rules: Rules) -> tuple[Any, ...]:
    """What decides the ticket's due dates and steps: where it is the same, its clocks need not be touched."""
    rows = rules.promises.rows_for(
        category_id=ticket.category_id,
        level=ticket.level,
        unit_id=ticket.unit_id,
        channel=ticket.channel,
        priority=ticket.priority,
        is_doubted=ticket.is_doubted,
        is_praise=ticket.is_praise,
    )
    return (ticket.priority, *sorted((kind.value, row.id) for kind, row in rows.items()))


def _news(ticket: Ticket, *, actor: Actor, now: datetime) -> list[Batch]:
    """What timeline and audit say of it."""
    params = {"unit_id": ticket.unit_id, "reasons": ticket.routing_reasons}
    is_public = not ticket.is_restricted
    told = timeline.entry(ticket.id, TimelineKind.ROUTED, actor=actor, is_public=is_public, params=params, now=now)
    noted = entries.entry(
        actor=actor,
        action="ticket.routed",
        subject_kind="ticket",
        subject_id=ticket.id,
        ticket_id=ticket.id,
        params={"queue_id": ticket.queue_id, "priority": ticket.priority.value},
        now=now,
    )
    return [(TimelineEntry, [told]), (AuditEntry, [noted])]


def _add_words(ticket: Ticket, said: str) -> list[Change]:
    ticket.body = f"{'' if ticket.body == NO_WORDS else ticket.body}\n{said}".strip()[:MAX_BODY]
    if ticket.subject in ("", NO_WORDS):
        first = " ".join(said.split())
        ticket.subject = first if len(first) <= _SUBJECT_LENGTH else first[:_SUBJECT_LENGTH].rsplit(" ", 1)[0] + "…"
    return [more_words(ticket.id, said)]
