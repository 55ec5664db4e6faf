"""Which audit entries are not sealed yet, found from a mark on instead of in the whole trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import AuditEntry, AuditSeal, AuditSealMark

_ONLY = 1
# A filled or restored trail has millions to link; more than this many wait is all that anybody needs to know.
MOST_COUNTED = 1_000
_WHOLE_EVERY = timedelta(days=1)
# The lowest number of a transaction that still runs, and the number that the next one will get.
_RUNNING = text(
    "select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint) as oldest,"
    " cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint) as next"
)


@dataclass(frozen=True, slots=True)
class SealingLook:
    """Where a look begins: every entry up to `after_id` is sealed.

    `agreed_id`: up to there nothing can appear any more. `settling`: what the mark still waits for; None: for nothing.
    """

    after_id: int
    agreed_id: int
    settling: tuple[int, int] | None
    is_whole: bool


def begin(session: Session, *, now: datetime) -> SealingLook:
    """Where to look from. Call it before anything is read, under the sealers' lock.

    Ids are drawn before commit: below the highest id that is seen, one may still be on its way. The mark therefore
    moves only to an id that was seen when the last of the transactions of that time was still running, and only once
    all of them have ended. Without a mark, once a day, and when the database was restored into another cluster (whose
    transactions are numbered anew) the whole trail is looked through.
    """
    mark = session.get(AuditSealMark, _ONLY, populate_existing=True)
    running = session.execute(_RUNNING).one()
    if mark is None or mark.settling_xid > running.next:
        return SealingLook(0, 0, None, is_whole=True)
    if running.oldest >= mark.settling_xid:
        agreed, settling = mark.settling_id, None
    else:
        agreed, settling = mark.entry_id, (mark.settling_id, mark.settling_xid)
    is_whole = now - mark.whole_at >= _WHOLE_EVERY
    return SealingLook(0 if is_whole else mark.entry_id, agreed, settling, is_whole)


def read(session: Session, look: SealingLook, *, settled_before: datetime, limit: int) -> Sequence[AuditEntry]:
    """Unsealed entries written until `settled_before`, oldest first."""
    return session.scalars(
        select(AuditEntry)
        .outerjoin(AuditSeal, (AuditSeal.entry_id == AuditEntry.id) & (AuditSeal.entry_id > look.after_id))
        .where(AuditSeal.entry_id.is_(None), AuditEntry.id > look.after_id, AuditEntry.at <= settled_before)
        .order_by(AuditEntry.id)
        .limit(limit)
    ).all()


def end(session: Session, look: SealingLook, *, up_to_id: int | None, settled_before: datetime, now: datetime) -> None:
    """Move the mark after what `read` found has been sealed: all there was up to `up_to_id`; None: all there was.

    It moves with every batch, so that what is behind is not read again from the beginning by each of them.
    """
    young = func.min(AuditEntry.id).filter(AuditEntry.at > settled_before) - 1
    looked_at = [AuditEntry.id > look.after_id, *([AuditEntry.id <= up_to_id] if up_to_id is not None else [])]
    settled_id = (
        session.scalar(select(func.coalesce(young, func.max(AuditEntry.id), look.after_id)).where(*looked_at)) or 0
    )
    settling_id, settling_xid = look.settling or (settled_id, session.execute(_RUNNING).one().next)
    values = {
        "entry_id": min(max(look.agreed_id, look.after_id), settled_id),
        "settling_id": min(settling_id, settled_id),
        "settling_xid": settling_xid,
        **({"whole_at": now} if look.is_whole else {}),
    }
    statement = insert(AuditSealMark).values(id=_ONLY, **{"whole_at": now, **values})
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def waiting(session: Session) -> tuple[int, datetime | None]:
    """How many entries wait for their link, MOST_COUNTED of them at most, and when the oldest of these was written.

    They are linked in order, so the oldest are the first that are met, however many wait behind them.
    """
    after_id = select(func.coalesce(func.max(AuditSealMark.entry_id), 0)).scalar_subquery()
    # By their ids alone, which two indexes tell; one entry is then looked up.
    first = (
        select(AuditEntry.id)
        .outerjoin(AuditSeal, (AuditSeal.entry_id == AuditEntry.id) & (AuditSeal.entry_id > after_id))
        .where(AuditSeal.entry_id.is_(None), AuditEntry.id > after_id)
        .order_by(AuditEntry.id)
        .limit(MOST_COUNTED)
        .subquery()
    )
    counted = select(func.count().label("number"), func.min(first.c.id).label("first_id")).subquery()
    oldest = select(AuditEntry.at).where(AuditEntry.id == counted.c.first_id).scalar_subquery()
    number, oldest_at = session.execute(select(counted.c.number, oldest)).one()
    return number, oldest_at


def count(session: Session) -> int:
    return waiting(session)[0]
