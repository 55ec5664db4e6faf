"""Up to when each provider has been asked what it never told us: one row an account and kind."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import ReconciliationMark

# Read again from before the last round, because providers list with delay, and long calls by when they began.
LOOK_BACK = timedelta(minutes=30)


def asked_from(session: Session, *, account: str, kind: str, now: datetime) -> datetime:
    """From where the next round reads: a little before the last that succeeded, however long ago that was."""
    up_to = session.scalar(
        select(ReconciliationMark.up_to).where(ReconciliationMark.account == account, ReconciliationMark.kind == kind)
    )
    return min(up_to or now, now) - LOOK_BACK


def note_round(session: Session, *, account: str, kind: str, began_at: datetime) -> None:
    """Everything until then is here."""
    session.execute(
        insert(ReconciliationMark)
        .values(account=account, kind=kind, up_to=began_at)
        .on_conflict_do_update(index_elements=["account", "kind"], set_={"up_to": began_at})
        .execution_options(synchronize_session=False)
    )


def marks(session: Session) -> Sequence[ReconciliationMark]:
    return session.scalars(
        select(ReconciliationMark).order_by(ReconciliationMark.account, ReconciliationMark.kind)
    ).all()
