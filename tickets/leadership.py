"""Who leads the schedulers: the row of the lease, which is taken, renewed and given up, and whether it is over."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import LeaderLease

# So long after its last renewal a leader leads no more, whether it knows or not.
LEADERSHIP_LEASE = timedelta(seconds=15)
# A renewal that lies so far ahead was written by a clock that was wrong: it proves nothing.
AHEAD = timedelta(seconds=5)
_SCHEDULERS = "schedulers"
_GIVEN_UP = datetime(2000, 1, 1, tzinfo=UTC)


def take(session: Session, *, holder: str, now: datetime) -> int | None:
    """Lead from now on, if nobody does; the new epoch. Waits for what the last leader still has open."""
    session.execute(
        insert(LeaderLease)
        .values(name=_SCHEDULERS, epoch=0, holder="", taken_at=now, renewed_at=_GIVEN_UP)
        .on_conflict_do_nothing()
    )
    return session.execute(
        update(LeaderLease)
        .where(LeaderLease.name == _SCHEDULERS, _is_over(now))
        .values(epoch=LeaderLease.epoch + 1, holder=holder, taken_at=now, renewed_at=now)
        .returning(LeaderLease.epoch)
    ).scalar_one_or_none()


def renew(session: Session, *, epoch: int, now: datetime) -> bool:
    """Whether the epoch goes on; disturbs no transaction of the leader's."""
    renewed = update(LeaderLease).where(LeaderLease.epoch == epoch).values(renewed_at=now).returning(LeaderLease.epoch)
    return session.execute(renewed).scalar_one_or_none() is not None


def give_up(session: Session, *, epoch: int, now: datetime) -> None:
    """Let another lead at once."""
    free = update(LeaderLease).where(LeaderLease.epoch == epoch).values(renewed_at=_GIVEN_UP, holder="", taken_at=now)
    session.execute(free)


def last_led_at(lease: LeaderLease) -> datetime:
    """When somebody led for the last time, as far as the row says."""
    return lease.taken_at if lease.renewed_at == _GIVEN_UP else lease.renewed_at


# Once per transaction of every job of the leader's.
STILL_LEADS = select(LeaderLease.epoch).with_for_update(read=True, key_share=True)


def lease(session: Session) -> LeaderLease | None:
    """As it stands; None before the first scheduler ever started."""
    return session.get(LeaderLease, _SCHEDULERS, populate_existing=True)


def end_what_holds_the_lease(session: Session, *, now: datetime) -> int:
    """End the connections on which a leader whose time is over still has a transaction open; how many they were.

    Its host may be gone, or stand still: nobody would ever close them. Nobody else locks this table so.
    """
    if session.scalar(select(LeaderLease.epoch).where(_is_over(now))) is None:
        return 0
    ended = session.execute(
        text(
            "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'relation' and granted "
            "and relation = 'leader_lease'::regclass and mode = 'RowShareLock' and pid <> pg_backend_pid() "
            "and database = (select oid from pg_database where datname = current_database())"
        )
    )
    return int(ended.scalar_one())


def _is_over(now: datetime) -> ColumnElement[bool]:
    return or_(LeaderLease.renewed_at < now - LEADERSHIP_LEASE, LeaderLease.renewed_at > now + AHEAD)
