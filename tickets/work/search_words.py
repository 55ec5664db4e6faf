"""The words by which a ticket is found: the rows of `ticket_search`."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tickets.folding import folded_words
from tickets.schema.rows import Change

_ADD = text(
    """
    insert into ticket_search (ticket_id, words) values (:ticket_id, array_to_tsvector(cast(:words as text[])))
    on conflict (ticket_id) do update set words = ticket_search.words || excluded.words
    """
)
_ADD_TO_THOSE_THERE = """
    update ticket_search set words = words || array_to_tsvector(cast(:words as text[])) where ticket_id = :searched_id
"""


def words_of(said: str) -> list[str]:
    return sorted(set(folded_words(said)))


def add_words(session: Session, ticket_id: int, said: str) -> None:
    """Make what was said findable."""
    words = words_of(said)
    if words:
        session.execute(_ADD, {"ticket_id": ticket_id, "words": words})


def more_words(ticket_id: int, said: str) -> Change:
    """As `add_words`, as a part of one statement that changes several tables; the ticket has its words already."""
    return _ADD_TO_THOSE_THERE, {"words": words_of(said), "searched_id": ticket_id}
