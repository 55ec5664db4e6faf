"""Open tickets about what looks like the same matter: shown before another one is made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, union_all
from sqlalchemy.orm import Session

from tickets.folding import folded_words
from tickets.matter.likeness import LEAST_SHARED, likeness, telling_words
from tickets.people.roles import Viewer, visible_tickets
from tickets.queries.list_stretches import OPEN_TO_ALL_THERE
from tickets.schema import Ticket
from tickets.states import TicketStatus

# Words in nearly every text say nothing about what it is about.
_EMPTY = """
    o tai va la co cua cho toi em minh khong bi da dang duoc nay kia do thi voi nhung cac mot de nen ma rat qua lam xin
    kinh nho chi anh ong ba phuong xa quan huyen duong so nha gan truoc sau khi tu den the in on at the a an and is are
    of to my our not for
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
_LOOKED_AT = 200
_MOST_SHOWN = 5
_LEAST_SHARE = 0.4
# What was taken for another kind must say more of the same.
_LEAST_OF_OTHER_KIND = 0.55


@dataclass(frozen=True, slots=True)
class Similar:
    """An open ticket with the share of the shorter text's words that both have."""

    ticket_id: int
    reference: str
    subject: str
    status: TicketStatus
    opened_at: datetime
    share: float


def similar_open(
    session: Session,
    *,
    unit_id: int,
    category_id: int | None,
    said: str,
    now: datetime,
    but_not: int = 0,
    viewer: Viewer | None = None,
    taught: frozenset[str] = frozenset(),
) -> list[Similar]:
    """Unfinished tickets of the last 30 days at the same unit in the same words; best first.

    For staff (`viewer`) as far as they may see them, of other kinds too where the words say much more of the same;
    `taught` are words that corrections taught, which tell more than others. Restricted ones are never among them.
    The subject is for staff: citizens are told of state and age alone.
    """
    if len(_telling_words(said)) < LEAST_SHARED:
        return []
    there = (Ticket.unit_id == unit_id) & (Ticket.opened_at > now - timedelta(days=30)) & (Ticket.id != but_not)
    asked: list[Select[Any]] = []
    if category_id is not None:
        seen = there if viewer is None else there & visible_tickets(viewer)
        asked.append(_newest(seen & (Ticket.category_id == category_id), least=_LEAST_SHARE))
    if viewer is not None:
        other = Ticket.category_id.is_distinct_from(category_id)
        asked.append(_newest(there & visible_tickets(viewer) & other, least=_LEAST_OF_OTHER_KIND))
    if not asked:
        return []
    rows = session.execute(union_all(*asked) if len(asked) > 1 else asked[0])
    return sorted(_alike(rows, said, taught), key=lambda similar: -similar.share)[:_MOST_SHOWN]


def _newest(which: ColumnElement[bool], *, least: float) -> Select[Any]:
    """`least`: how much alike they must be."""
    columns: list[Any] = [Ticket.id, Ticket.reference, Ticket.subject, Ticket.body, Ticket.status, Ticket.opened_at]
    newest = select(*columns, literal(least).label("least")).where(which, OPEN_TO_ALL_THERE)
    return newest.order_by(Ticket.opened_at.desc()).limit(_LOOKED_AT)


def _alike(rows: Iterable[Any], said: str, taught: frozenset[str]) -> Iterator[Similar]:
    """As many words alike as tell enough, or all words alike to more than enough."""
    words, telling = _telling_words(said), telling_words(said, taught)
    for row in rows:
        text = f"{row.subject} {row.body}"
        share = max(_share(words, _telling_words(text)), likeness(telling, telling_words(text, taught)))
        if share >= row.least:
            yield Similar(row.id, row.reference, row.subject, row.status, row.opened_at, share)


# Every look at a ticket compares it with the same newest ones of its unit; taking their words apart took longest.
@lru_cache(maxsize=2000)
def _telling_words(text: str) -> frozenset[str]:
    return frozenset(word for word in folded_words(text[:4000]) if len(word) > 1 and word not in _EMPTY_WORDS)


def _share(words: frozenset[str], others: frozenset[str]) -> float:
    shared = len(words & others)
    return shared / min(len(words), len(others)) if shared >= LEAST_SHARED else 0.0
