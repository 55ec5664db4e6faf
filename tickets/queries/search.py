"""Finding tickets by reference, phone, dossier number or words without accents, exact ones first."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from tickets.errors import InvalidInput
from tickets.folding import folded_words
from tickets.people.phones import parse_phone
from tickets.people.references import read_reference
from tickets.people.roles import Viewer, visible_tickets
from tickets.queries.lists import Listed, listed, reach
from tickets.schema import CitizenPhone, ExternalReference, Ticket, TicketSearch
from tickets.typed_text import clean_dossier_number

MOST_FOUND = 50
_MOST_WORDS = 10
LONGEST_QUERY = 200
# Among this many of the newest that fit, the exact ones are put first.
_RANKED = 200
# Words that fit no more tickets than this are rare: the word index alone answers.
_FEW = 3000


class FoundBy(StrEnum):
    REFERENCE = "reference"
    PHONE = "phone"
    NUMBER = "number"
    WORDS = "words"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Lines in the order of fitness and what they were found by."""

    items: tuple[Listed, ...]
    by: FoundBy


def search(session: Session, viewer: Viewer, said: str, *, limit: int = MOST_FOUND) -> SearchResult:
    """What this person may see and `said` names: a number is looked up as such, everything else as words."""
    query = unicodedata.normalize("NFC", " ".join(said.replace("\x00", " ").split()))[:LONGEST_QUERY]
    size = max(1, min(limit, MOST_FOUND))
    scope = visible_tickets(viewer)
    for by, ids in _numbers(session, scope, query, size):
        if ids:
            return SearchResult(tuple(listed(session, ids)), by)
    ids = _by_words(session, viewer, scope, query, size)
    return SearchResult(tuple(listed(session, ids)), FoundBy.WORDS if ids else FoundBy.NOTHING)


def _numbers(session: Session, scope: ColumnElement[bool], query: str, size: int) -> list[tuple[FoundBy, list[int]]]:
    if not any(c.isdecimal() for c in query):
        return []
    reference = read_reference(query)
    if reference is not None:
        found = _ids(session, scope, Ticket.reference == reference, size)
        if found:
            return [(FoundBy.REFERENCE, found)]
    phone = parse_phone(query)
    if phone is not None:
        # Two indexes can answer this, but only when the citizens are known beforehand.
        theirs = session.scalars(select(CitizenPhone.citizen_id).where(CitizenPhone.phone == phone.number)).all()
        by_phone = or_(Ticket.reply_phone == phone.number, Ticket.citizen_id.in_(theirs))
        return [(FoundBy.PHONE, _ids(session, scope, by_phone, size))]
    try:
        number = clean_dossier_number(query)
    except InvalidInput:
        return []
    elsewhere = session.scalars(select(ExternalReference.ticket_id).where(ExternalReference.code == number)).all()
    by_number = or_(Ticket.dossier_number == number, Ticket.id.in_(elsewhere))
    return [(FoundBy.NUMBER, _ids(session, scope, by_number, size))]


def _ids(session: Session, scope: ColumnElement[bool], condition: ColumnElement[bool], size: int) -> list[int]:
    # "+ 0" keeps the planner from walking all tickets backwards in the hope of meeting the few that fit.
    statement = select(Ticket.id).where(condition, scope).order_by((Ticket.id + 0).desc()).limit(size)
    return list(session.scalars(statement))


def _by_words(session: Session, viewer: Viewer, scope: ColumnElement[bool], query: str, size: int) -> list[int]:
    """All words must occur, the last one may be unfinished; what has them with the same marks stands first."""
    words = folded_words(query)[:_MOST_WORDS]
    if not words:
        return []
    # Words are letters and digits only, so that nothing in them is an operator.
    wanted = func.to_tsquery("simple", " & ".join([*words[:-1], f"{words[-1]}:*"]))
    fits = TicketSearch.words.op("@@")(wanted)
    few = session.scalars(select(TicketSearch.ticket_id).where(fits).limit(_FEW + 1)).all()
    if len(few) <= _FEW:
        newest = select(Ticket.id).where(Ticket.id.in_(few), scope).order_by((Ticket.id + 0).desc())
    else:
        newest = _of_many(session, viewer, scope, fits)
    fitting = newest.limit(_RANKED).subquery()
    is_exact = case(
        (func.strpos(func.lower(Ticket.subject), query.lower()) > 0, 2),
        (func.strpos(func.lower(Ticket.body), query.lower()) > 0, 1),
        else_=0,
    )
    statement = (
        select(Ticket.id)
        .join(fitting, fitting.c.id == Ticket.id)
        .order_by(is_exact.desc(), Ticket.id.desc())
        .limit(size)
    )
    return list(session.scalars(statement))


def _of_many(session: Session, viewer: Viewer, scope: ColumnElement[bool], fits: ColumnElement[bool]) -> Select[int]:
    """Where words are common: a unit looks through its own tickets, the city through the newest until enough fit."""
    own = reach(session, viewer)
    statement = select(Ticket.id).join(TicketSearch, TicketSearch.ticket_id == Ticket.id).where(fits, scope, *own)
    return statement.order_by((Ticket.id + 0).desc() if own else Ticket.id.desc())
