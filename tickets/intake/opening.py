"""Opening a ticket: from a matter at any door to a routed ticket with running promises, in three statements."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.city import day_of
from tickets.directory.places import PlaceIndex, Resolution, resolve_whole
from tickets.intake import contacts
from tickets.intake.acknowledgement import acknowledgement, sms_number
from tickets.intake.arriving import arrive
from tickets.intake.cleaning import Matter, Named, Opened, cleaned, named
from tickets.intake.rows import Parts, Prepared, first_entries, first_hop, search_words, ticket_row
from tickets.keys import Keys
from tickets.outbox import posting, praise_news
from tickets.people import citizens
from tickets.people.actor import Actor
from tickets.people.pins import pin_of
from tickets.people.references import reference_of, reference_year
from tickets.promises.loading import LoadedRow
from tickets.promises.opening import Opening, OpeningClock, kinds_at_opening, opening, promised_to
from tickets.promises.plan import TRIAL_PRIORITY
from tickets.routing.decision import Decision, PlaceFact, RoutingFacts, RoutingReason, route
from tickets.routing.receiving import while_not_live
from tickets.routing.review import reviewed_at
from tickets.routing.rules import Rules
from tickets.schema import (
    AuditEntry,
    Clock,
    ClockInterval,
    OutboundMessage,
    PlannedStep,
    QueueHop,
    Ticket,
    TicketSearch,
    TimelineEntry,
)
from tickets.schema.rows import Change, as_inserted, columns_of, insert_rows
from tickets.states import Channel, ClockKind, Level, PlaceOutcome, QueueKind, TicketStatus
from tickets.work import named_people

# One statement: waits for another contact of the same person, and draws every number the new rows need.
_PREPARE = """
    select pg_advisory_xact_lock(hashtextextended(:key, 1)), nextval('ticket_number_{year}'), nextval('ticket_id_seq'),
        array(select nextval('clock_id_seq') from generate_series(1, :clocks)),
        exists (
            select from presence p join role_assignment r on r.staff_id = p.staff_id
            where r.unit_id = :unit_id and r.role in ('agent', 'supervisor') and r.valid_from <= :now
              and coalesce(r.valid_to, 'infinity') > :now and p.state <> 'offline'
        ),
        exists (select from phone_preference where phone = :sms_number
            and case when :is_texted then sms_silent_at else sms_opted_out_at end is not null)
"""


def open_ticket(
    session: Session, matter: Matter, *, actor: Actor, keys: Keys, places: PlaceIndex, rules: Rules, now: datetime
) -> Opened:
    """Open a ticket for a matter, or give back the one that the same request opened before.

    Raises InvalidInput for unknown codes and empty or too long texts.
    """
    matter = cleaned(matter)
    names = named(matter, rules)
    place = _place(matter, names, places)
    decision = _decision(matter, route(_facts(matter, names, place), rules.routing))
    decision = while_not_live(decision, rules.routing)
    prepared = _prepare(session, matter, decision, keys=keys, now=now)
    source_key = matter.contact_source_key or f"{matter.channel.value}:{secrets.token_hex(16)}"
    arrived = arrive(session, matter, source_key=source_key, now=now)
    if arrived.contact.ticket_id is not None:
        return opened_before(session, arrived.contact.ticket_id, keys=keys)
    decision = _with_overflow(decision, prepared, rules)
    return _write(
        session,
        matter,
        Parts(names, place, decision, prepared, arrived.citizen, arrived.contact),
        actor=actor,
        keys=keys,
        rules=rules,
        now=now,
    )


def opened_before(session: Session, ticket_id: int, *, keys: Keys) -> Opened:
    """What the sender of a repeated request was told the first time, as it stands now."""
    ticket = session.get_one(Ticket, ticket_id)
    clocks = session.execute(
        select(Clock.kind, Clock.status, Clock.due_at, Clock.stopped_at)
        .where(Clock.ticket_id == ticket_id)
        .order_by(Clock.id)
    )
    return Opened(
        ticket_id=ticket.id,
        reference=ticket.reference,
        pin=pin_of(keys, ticket.pin_salt, ticket.reference),
        status=ticket.status,
        unit_id=ticket.unit_id,
        queue_id=ticket.queue_id,
        level=ticket.level,
        priority=ticket.priority,
        opened_at=ticket.opened_at,
        reasons=tuple(RoutingReason(r["code"], r["params"]) for r in ticket.routing_reasons),
        clocks=tuple(OpeningClock(*clock) for clock in clocks),
        citizen_id=ticket.citizen_id,
        row=columns_of(ticket),
        is_new=False,
    )


def _decision(matter: Matter, decision: Decision) -> Decision:
    """An appeal goes to the body that reviews it; what accuses officials goes to the City Office all the same."""
    if matter.is_canary:
        return replace(decision, priority=TRIAL_PRIORITY)
    return decision if matter.review is None or decision.is_restricted else reviewed_at(matter.review, decision)


def _place(matter: Matter, names: Named, places: PlaceIndex) -> Resolution | None:
    """What the words say about the place; not asked when the citizen chose the unit."""
    if names.unit_id is not None and not matter.place_text:
        return None
    if matter.place_text and matter.place is not None:
        return matter.place
    said = matter.place_text or f"{matter.subject}\n{matter.body}"
    if not said.strip():
        return None
    return resolve_whole(places, said, on=day_of(matter.arrived_at))


def _facts(matter: Matter, names: Named, place: Resolution | None) -> RoutingFacts:
    fact = PlaceFact()
    if place is not None:
        ids = tuple(dict.fromkeys(candidate.unit_id for candidate in place.candidates))
        fact = PlaceFact(PlaceOutcome(place.outcome), ids, place.said or matter.place_text)
    return RoutingFacts(
        said=f"{matter.subject}\n{matter.body}",
        emergency=matter.emergency,
        category_id=names.category_id,
        procedure_id=names.procedure_id,
        chosen_unit_id=names.unit_id,
        place=fact,
        line_id=matter.line_id,
    )


def _prepare(session: Session, matter: Matter, decision: Decision, *, keys: Keys, now: datetime) -> Prepared:
    year = reference_year(now)
    known_by = citizens.lock_key(matter.phone, matter.email) if matter.citizen_id is None else ""
    _, number, ticket_id, clock_ids, unit_answers, is_opted_out = session.execute(
        _prepare_statement(year),
        {
            "key": known_by or f"contact:{matter.contact_source_key or secrets.token_hex(8)}",
            "clocks": len(kinds_at_opening(answered=matter.live_call, is_appeal=matter.review is not None)),
            "unit_id": decision.unit_id,
            "sms_number": sms_number(matter),
            # A text that is not answered was not received.
            "is_texted": matter.channel is Channel.SMS,
            "now": now,
        },
    ).one()
    reference = reference_of(number, year=year, keys=keys)
    return Prepared(ticket_id, reference, list(clock_ids), unit_answers, is_opted_out)


@lru_cache(maxsize=4)
def _prepare_statement(year: int) -> TextClause:
    return text(_PREPARE.format(year=int(year)))


def _with_overflow(decision: Decision, prepared: Prepared, rules: Rules) -> Decision:
    """A ward without an agent on call is answered for by the city; the ticket stays the ward's."""
    unit = rules.routing.units.get(decision.unit_id)
    if prepared.unit_answers or decision.level is not Level.WARD or decision.is_restricted or unit is None:
        return decision
    if decision.unit_id == rules.routing.operations_unit_id:
        return decision
    params = {"unit_id": unit.id, "unit": unit.name, "unit_en": unit.name_en}
    return replace(decision, reasons=(*decision.reasons, RoutingReason("city_answers", params)))


def _write(
    session: Session, matter: Matter, parts: Parts, *, actor: Actor, keys: Keys, rules: Rules, now: datetime
) -> Opened:
    ticket_id, decision = parts.prepared.ticket_id, parts.decision
    arrived_at = min(parts.contact.arrived_at, now)
    clocks = opening(
        rules.promises,
        _promised(matter, decision, rules),
        ticket_id=ticket_id,
        clock_ids=parts.prepared.clock_ids,
        priority=decision.priority,
        arrived_at=arrived_at,
        answered=matter.live_call,
        now=now,
    )
    row = ticket_row(matter, parts, clocks, arrived_at=arrived_at, now=now)
    opened = _opened(row, decision, clocks, keys=keys)
    leads = _leads_to_tell(session, matter, decision, rules, now=now)
    letters = _letters(matter, opened, rules, is_restricted=decision.is_restricted, reaches_lead=bool(leads))
    silent = {letter.address for letter in letters if letter.is_sms and parts.prepared.is_opted_out}
    insert_rows(
        session,
        (Ticket, [row]),
        (TicketSearch, [{"ticket_id": ticket_id, "words": " ".join(search_words(matter))}]),
        (QueueHop, [first_hop(ticket_id, decision, arrived_at)]),
        (TimelineEntry, first_entries(ticket_id, matter, parts, actor=actor, now=now)),
        (Clock, clocks.clocks),
        (ClockInterval, clocks.intervals),
        (PlannedStep, clocks.steps),
        (AuditEntry, [_audit_entry(matter, opened, actor=actor, now=now)]),
        (OutboundMessage, posting.rows_of(letters, silent=silent, now=now)),
        changes=_links(parts, row),
    )
    if letters:
        session.info[posting.POSTED] = True
    if decision.is_restricted:
        office_id = rules.routing.judge_of(decision.about_unit_id)
        named_people.name_heads(session, ticket_id, unit_id=decision.head_of_unit_id, office_id=office_id, now=now)
    if leads:
        unit = rules.routing.units[decision.unit_id]
        told = {"reference": opened.reference, "unit": {"vi": unit.name, "en": unit.name_en}}
        praise_news.tell(session, leads, told, ticket_id=ticket_id, unit_id=unit.id, now=now)
    return opened


def _leads_to_tell(session: Session, matter: Matter, decision: Decision, rules: Rules, *, now: datetime) -> list[int]:
    """Whom praise is told beside its unit; nobody while it waits to be placed, or for anything else."""
    is_placed = decision.queue_id == rules.routing.queues.get((decision.unit_id, QueueKind.WORK))
    if not decision.is_praise or not is_placed or decision.is_restricted or matter.is_canary:
        return []
    return praise_news.leads_of(session, decision.unit_id, now=now)


def _promised(matter: Matter, decision: Decision, rules: Rules) -> Mapping[ClockKind, LoadedRow]:
    if matter.is_canary:
        return rules.promises.trial
    chosen = rules.promises.rows_for(
        category_id=decision.category_id,
        level=decision.level,
        unit_id=decision.unit_id,
        channel=matter.channel,
        priority=decision.priority,
        is_doubted=decision.is_doubted,
        is_praise=decision.is_praise,
    )
    return promised_to(chosen, is_appeal=matter.review is not None)


def _links(parts: Parts, row: Mapping[str, Any]) -> list[Change]:
    """The contact learns its ticket and its person, and the person the ward whose matter they told last."""
    decision, citizen_id = parts.decision, row["citizen_id"]
    at_home = decision.level is Level.WARD and not decision.needs_question and citizen_id is not None
    home = citizens.settled_at(decision.unit_id, citizen_id if at_home else None)
    return [home, contacts.linked(parts.contact.id, ticket_id=row["id"], citizen_id=citizen_id)]


def _letters(
    matter: Matter, opened: Opened, rules: Rules, *, is_restricted: bool, reaches_lead: bool
) -> list[posting.Outgoing]:
    if not matter.acknowledge or matter.is_canary:
        return []
    return acknowledgement(matter, opened, rules, is_restricted=is_restricted, reaches_lead=reaches_lead)


def _opened(row: Mapping[str, Any], decision: Decision, clocks: Opening, *, keys: Keys) -> Opened:
    return Opened(
        ticket_id=row["id"],
        reference=row["reference"],
        pin=pin_of(keys, row["pin_salt"], row["reference"]),
        status=TicketStatus.NEW,
        unit_id=decision.unit_id,
        queue_id=decision.queue_id,
        level=decision.level,
        priority=decision.priority,
        opened_at=row["opened_at"],
        reasons=decision.reasons,
        clocks=clocks.told,
        citizen_id=row["citizen_id"],
        row=as_inserted(Ticket, row),
    )


def _audit_entry(matter: Matter, opened: Opened, *, actor: Actor, now: datetime) -> dict[str, Any]:
    return entries.entry(
        actor=actor,
        action="ticket.opened",
        subject_kind="ticket",
        subject_id=opened.ticket_id,
        ticket_id=opened.ticket_id,
        params={
            "channel": matter.channel.value,
            "queue_id": opened.queue_id,
            "priority": opened.priority.value,
            # What is promised is sealed with the ticket: `tickets/schema/sealed_due.py` follows it.
            "due": {clock.kind.value: clock.due_at.isoformat() for clock in opened.clocks if clock.due_at is not None},
        },
        now=now,
    )
