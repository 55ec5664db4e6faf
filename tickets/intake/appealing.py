"""A citizen appeals against the result of a closed ticket: a ticket of its own begins at the body above (R24)."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.directory.places import PlaceIndex
from tickets.errors import InvalidInput
from tickets.intake.cleaning import Matter, Opened
from tickets.intake.continuing import matter_about
from tickets.intake.opening import open_ticket, opened_before
from tickets.keys import Keys
from tickets.people.actor import Actor
from tickets.routing.review import Reviewed, reviewing_body
from tickets.routing.rules import Rules
from tickets.schema import Ticket
from tickets.states import Channel, TicketStatus, TimelineKind
from tickets.work.appeal_rows import appeal_of_case, latest_appeal, note_appeal
from tickets.work.appeals import APPEALED
from tickets.work.conversation import tell_assignee
from tickets.work.judged_at import judged_at
from tickets.work.ticket import lock_ticket, record

APPEAL_WINDOW = timedelta(days=30)


def open_appeal(  # noqa: PLR0913 - what opening a ticket needs, and which one it is about
    session: Session,
    ticket_id: int,
    *,
    said: str,
    channel: Channel,
    source_key: str,
    actor: Actor,
    keys: Keys,
    places: PlaceIndex,
    rules: Rules,
    now: datetime,
) -> Opened:
    """Open the appeal against this ticket's result, or give back the one of the same closure, sent twice.

    Raises InvalidInput ("appeal", code) where there is none: is_appeal, not_closed, too_late, appealed_before; and
    without a reason.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    refusal = why_no_appeal(session, ticket, now=now)
    if refusal == "appealed_before" and (before := latest_appeal(session, ticket.id)) and before.outcome is None:
        return opened_before(session, before.case_id, keys=keys)
    if refusal:
        raise InvalidInput("appeal", refusal, until=appeal_until(ticket))
    if not any(letter.isalnum() for letter in said):
        raise InvalidInput("said", "required")
    matter = _matter(session, ticket, said, channel, source_key, rules, now=now)
    opened = open_ticket(session, matter, actor=actor, keys=keys, places=places, rules=rules, now=now)
    if opened.is_new:
        note_appeal(session, ticket, opened.ticket_id, channel=channel, now=now)
        params = {"field": "appeal", "what": APPEALED, "to_unit_id": opened.unit_id, "channel": channel.value}
        timeline.add(session, ticket.id, TimelineKind.CHANGED, actor=actor, is_public=True, params=params, now=now)
        record(session, ticket, "ticket.appealed", actor=actor, params={"channel": channel.value}, now=now)
        tell_assignee(session, ticket, "ticket_appealed", f"appealed:{ticket.id}:{ticket.reopen_count}", now=now)
        session.flush()
    return opened


def appeal_until(ticket: Ticket) -> datetime | None:
    """Until when its result may be appealed against; None while it is not closed."""
    if ticket.status is not TicketStatus.CLOSED or ticket.closed_at is None:
        return None
    return ticket.closed_at + APPEAL_WINDOW


def why_no_appeal(session: Session, ticket: Ticket, *, now: datetime) -> str:
    """The code of what stands against an appeal now; empty where it may be made."""
    until = appeal_until(ticket)
    if appeal_of_case(session, ticket.id) is not None:
        return "is_appeal"
    if until is None:
        return "not_closed"
    before = latest_appeal(session, ticket.id)
    if before is not None and before.closure == ticket.reopen_count:
        return "appealed_before"
    return "too_late" if now > until else ""


def _matter(
    session: Session, ticket: Ticket, said: str, channel: Channel, source_key: str, rules: Rules, *, now: datetime
) -> Matter:
    """About the same, for whoever reviews it; the dossier's own date has nothing to do with the appeal's."""
    result = Reviewed(
        ticket.unit_id, ticket.category_id, ticket.procedure_id, ticket.is_restricted, ticket.about_unit_id
    )
    matter = matter_about(session, ticket, said=said, channel=channel, source_key=source_key, now=now)
    return replace(matter, dossier_due_on=None, review=reviewing_body(result, rules.routing))
