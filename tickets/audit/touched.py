"""What was touched since an earlier look, by the trail: whatever changes a ticket writes an entry about it.

A job that remembers what it has read looks again at this alone, instead of at everything there is.
"""

from collections.abc import Collection

from sqlalchemy import and_, exists, not_, or_, select
from sqlalchemy.orm import Session

from tickets.schema import AuditEntry, AuditSealMark

# With more of them everything is read anew in the same time.
MOST_TOUCHED = 10_000


def settled_mark(session: Session) -> int:
    """An entry up to which nothing can appear any more; ask for it before reading what is to be remembered.

    The sealers keep it (`unsealed.py`): up to there everything is committed, so what is read afterwards has it.
    """
    return session.scalar(select(AuditSealMark.entry_id)) or 0


def touched_tickets(session: Session, *, after: int) -> set[int] | None:
    """The tickets that entries behind this one are about; None: so many entries that reading anew costs less."""
    entries = select(AuditEntry.ticket_id).where(AuditEntry.id > after).order_by(AuditEntry.id).limit(MOST_TOUCHED + 1)
    found = session.scalars(entries).all()
    if len(found) > MOST_TOUCHED:
        return None
    return {ticket_id for ticket_id in found if ticket_id is not None}


def something_else_was_touched(session: Session, *, after: int, but: Collection[str]) -> bool:
    """Whether an entry behind this one is about no ticket, and of no action that begins with one of `but`."""
    of_no_interest = or_(*(AuditEntry.action.startswith(one, autoescape=True) for one in but))
    found = and_(AuditEntry.id > after, AuditEntry.ticket_id.is_(None), not_(of_no_interest))
    return bool(session.scalar(select(exists().where(found))))
