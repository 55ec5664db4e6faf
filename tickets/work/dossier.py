"""The procedure, dossier number and promised return date of a ticket, and the same matter in other systems."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.schema import ExternalReference, Procedure, Ticket
from tickets.states import TimelineKind
from tickets.typed_text import clean_dossier_number, clean_text
from tickets.work.judged_at import judged_at
from tickets.work.owing_unit import require_free_to_move
from tickets.work.search_words import add_words
from tickets.work.ticket import lock_ticket, record

_MAX_SHORT = 100


def change_dossier(
    session: Session,
    ticket_id: int,
    *,
    number: str | None,
    due_on: date | None,
    procedure_code: str | None,
    actor: Actor,
    now: datetime,
) -> Ticket:
    """What the citizen's receipt says; an empty procedure code leaves the procedure as it is.

    Raises InvalidInput for a number that is none and for a code nobody has.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    before = (ticket.dossier_number, ticket.dossier_due_on, ticket.procedure_id)
    if procedure_code and (procedure_id := _procedure_id(session, procedure_code)) != ticket.procedure_id:
        require_free_to_move(session, ticket, what="procedure", actor=actor, now=now)
        ticket.procedure_id = procedure_id
    ticket.dossier_number, ticket.dossier_due_on = clean_dossier_number(number), due_on
    if before == (ticket.dossier_number, ticket.dossier_due_on, ticket.procedure_id):
        return ticket
    params = {"field": "dossier", "from": before[0] or "", "to": ticket.dossier_number or ""}
    ticket.updated_at = now
    timeline.add(session, ticket.id, TimelineKind.CHANGED, actor=actor, is_public=False, params=params, now=now)
    record(session, ticket, "ticket.dossier_changed", actor=actor, params={"field": "dossier"}, now=now)
    if ticket.dossier_number:
        add_words(session, ticket.id, ticket.dossier_number)
    session.flush()
    return ticket


def add_external(session: Session, ticket_id: int, *, system: str, code: str, actor: Actor, now: datetime) -> None:
    """The same matter is known there under this code. Raises InvalidInput when another ticket has that code."""
    ticket = lock_ticket(session, ticket_id)
    values = {
        "system": clean_text(system, _MAX_SHORT, field="system"),
        "code": clean_text(code, _MAX_SHORT, field="code"),
    }
    for name, value in values.items():
        if not value:
            raise InvalidInput(name, "required")
    added = session.scalar(
        insert(ExternalReference)
        .values(ticket_id=ticket.id, **values)
        .on_conflict_do_nothing()
        .returning(ExternalReference.id)
    )
    if added is None:
        _require_own(session, ticket, values)
        return
    params = {"field": "external_reference", "from": "", "to": f"{values['system']} {values['code']}"}
    timeline.add(session, ticket.id, TimelineKind.CHANGED, actor=actor, is_public=False, params=params, now=now)
    record(
        session, ticket, "ticket.external_reference_added", actor=actor, params={"system": values["system"]}, now=now
    )
    add_words(session, ticket.id, values["code"])
    session.flush()


def _require_own(session: Session, ticket: Ticket, values: dict[str, str]) -> None:
    holder = session.scalar(
        select(ExternalReference.ticket_id).where(
            ExternalReference.system == values["system"], ExternalReference.code == values["code"]
        )
    )
    if holder != ticket.id:
        raise InvalidInput("code", "in_use")


def _procedure_id(session: Session, code: str) -> int:
    found = session.scalar(select(Procedure.id).where(Procedure.code == code.strip()))
    if found is None:
        raise InvalidInput("procedure", "no_such_procedure")
    return found
