"""The instant at which a locked ticket is judged: the database's, read once under the lock (R17).

Whoever asks has read the time before they waited for the row. A tick, or whatever else held it meanwhile, has judged
by a later one, and both would contradict each other: stopped in time, and broken.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session, SessionTransaction

from tickets.schema import Ticket

# In `Session.info`: which time is believed when the database's clock says this one. Without it (a job that waits for
# no row, a test) the time that was given counts.
BELIEVES = "believes"
_LOCKED = "locked"

Believes = Callable[[datetime], datetime]


def note_locked(session: Session, ticket_id: int, at: datetime) -> None:
    """The lock of this ticket was got at this instant; what the transaction learned first stays."""
    _of_transaction(session).setdefault(ticket_id, at)


def judged_at(session: Session, ticket: Ticket, *, now: datetime) -> datetime:
    """The time to judge this locked ticket by, for whoever has read `now` before they asked for it."""
    believes: Believes | None = session.info.get(BELIEVES)
    locked_at = _of_transaction(session).get(ticket.id)
    return now if believes is None or locked_at is None else believes(locked_at)


def _of_transaction(session: Session) -> dict[int, datetime]:
    now_in = session.get_transaction()
    kept: tuple[SessionTransaction | None, dict[int, datetime]] | None = session.info.get(_LOCKED)
    if kept is None or kept[0] is not now_in:
        kept = session.info[_LOCKED] = (now_in, {})
    return kept[1]
