"""Finding tickets by reference, phone, dossier number or words without accents, exact ones first."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, case, func, or_, select
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
# Of how many tickets the newest that fit are looked for first, and how much further each time that too few do.
_FIRST_STRETCH = 2_000
_STRETCH_GROWS = 6


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
    own = reach(session, viewer)
    newest = _of_own(session, query, scope, fits, own) if own else _of_the_city(session, query, scope, fits)
    return [ticket_id for ticket_id, _rank in sorted(newest, key=lambda found: (-found[1], -found[0]))[:size]]


def _exactness(query: str) -> ColumnElement[int]:
    return case(
        (func.strpos(func.lower(Ticket.subject), query.lower()) > 0, 2),
        (func.strpos(func.lower(Ticket.body), query.lower()) > 0, 1),
        else_=0,
    )


def _of_own(
    session: Session,
    query: str,
    scope: ColumnElement[bool],
    fits: ColumnElement[bool],
    own: list[ColumnElement[bool]],
) -> list[tuple[int, int]]:
    """The newest that fit of the tickets of one's units, each with how exactly."""
    fitting = select(Ticket.id).join(TicketSearch, TicketSearch.ticket_id == Ticket.id).where(fits, scope, *own)
    newest = fitting.order_by((Ticket.id + 0).desc()).limit(_RANKED).subquery()
    statement = select(Ticket.id, _exactness(query)).join(newest, newest.c.id == Ticket.id)
    return [(ticket_id, rank) for ticket_id, rank in session.execute(statement)]


def _of_the_city(
    session: Session, query: str, scope: ColumnElement[bool], fits: ColumnElement[bool]
) -> list[tuple[int, int]]:
    """The newest that fit, each with how exactly: looked for from the newest ticket backwards, further each time.

    However many tickets there are, hardly more are read than are found: for a common word the first stretch holds
    enough, for a rare one few of a long stretch fit.
    """
    upper = session.scalar(select(func.max(TicketSearch.ticket_id))) or 0
    found: list[tuple[int, int]] = []
    width = _FIRST_STRETCH
    while upper > 0 and len(found) < _RANKED:
        lower = _older_by(session, upper, width)
        stretch = TicketSearch.ticket_id.between(lower, upper)
        fitting = select(TicketSearch.ticket_id.label("id")).where(fits, stretch)
        # In this order no more of a stretch is read than is wanted, from PostgreSQL 17 on.
        fitting = fitting.order_by(TicketSearch.ticket_id.desc())
        # Kept apart, so that the word index is asked and not every ticket looked at for its words.
        newest = fitting.cte("fitting").prefix_with("materialized", dialect="postgresql")
        statement = (
            select(Ticket.id, _exactness(query))
            .join(newest, newest.c.id == Ticket.id)
            .where(scope)
            .order_by(newest.c.id.desc())
            .limit(_RANKED - len(found))
        )
        found += [(ticket_id, rank) for ticket_id, rank in session.execute(statement)]
        upper, width = lower - 1, width * _STRETCH_GROWS
    return found


def _older_by(session: Session, newest_id: int, tickets: int) -> int:
    """Where a stretch of so many tickets begins that ends with this one; 0: there are no more.

    Counted, because ids may have gaps of any width: what was rolled back or brought from elsewhere leaves some.
    """
    older = select(TicketSearch.ticket_id).where(TicketSearch.ticket_id <= newest_id)
    return session.scalar(older.order_by(TicketSearch.ticket_id.desc()).offset(tickets - 1).limit(1)) or 0
