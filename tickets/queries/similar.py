"""Open tickets about what looks like the same matter: shown before another one is made."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.folding import folded_words
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
_LEAST_SHARED = 3
_LEAST_SHARE = 0.4


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
    session: Session, *, unit_id: int, category_id: int, said: str, now: datetime, limit: int = 5, but_not: int = 0
) -> list[Similar]:
    """Unfinished tickets of the last 30 days at the same unit, in the same category, with the same words; best first.

    Restricted ones are never among them. The subject is for staff: citizens are told of state and age alone.
    """
    words = _telling_words(said)
    if len(words) < _LEAST_SHARED:
        return []
    rows = session.execute(
        select(Ticket.id, Ticket.reference, Ticket.subject, Ticket.body, Ticket.status, Ticket.opened_at)
        .where(
            Ticket.unit_id == unit_id,
            Ticket.category_id == category_id,
            OPEN_TO_ALL_THERE,
            Ticket.opened_at > now - timedelta(days=30),
            Ticket.id != but_not,
        )
        .order_by(Ticket.opened_at.desc())
        .limit(_LOOKED_AT)
    )
    found = [
        Similar(row.id, row.reference, row.subject, row.status, row.opened_at, share)
        for row in rows
        if (share := _share(words, _telling_words(f"{row.subject} {row.body}"))) >= _LEAST_SHARE
    ]
    return sorted(found, key=lambda similar: -similar.share)[:limit]


# Every look at a ticket compares it with the same newest ones of its unit; taking their words apart took longest.
@lru_cache(maxsize=2000)
def _telling_words(text: str) -> frozenset[str]:
    return frozenset(word for word in folded_words(text[:4000]) if len(word) > 1 and word not in _EMPTY_WORDS)


def _share(words: frozenset[str], others: frozenset[str]) -> float:
    shared = len(words & others)
    return shared / min(len(words), len(others)) if shared >= _LEAST_SHARED else 0.0
