"""How many parts of texts left by each provider's account: kept by day, today's until some minutes ago, and proved."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets import done_days
from tickets.city import day_of
from tickets.each_alone import PutAside, each_alone
from tickets.outbox.claims import ALL
from tickets.promises.day_totals import bounds
from tickets.schema import DoneDay, EarlierSending, OutboundMessage, TextPartDay

# The days whose totals stand, among the works of once a day; and today, with the instant until which it is counted.
_COUNTED, _SO_FAR = "count text parts", "count text parts so far"
DAYS_OF_PARTS = 31
# Whoever noted before midnight that a text has left is done by then.
_DAY_SETTLED_AFTER = timedelta(hours=1)
# Today is counted for a look and again as a whole when it is over, so that minutes are enough.
_SETTLED_AFTER = timedelta(minutes=5)
_MOVES_ON_AFTER = timedelta(minutes=5)
# Whoever has a message sent again makes it due anew, and never before it was sent.
_SENT_ONCE = or_(OutboundMessage.due_at.is_(None), OutboundMessage.due_at <= OutboundMessage.sent_at)


def parts_sent(session: Session, *, days: int, now: datetime) -> dict[str, int]:
    """By account, today and on so many days before it; at most on those that are kept."""
    today = day_of(now)
    first = today - timedelta(days=min(days, DAYS_OF_PARTS))
    counted = done_days.done_between(session, _COUNTED, first, today)
    row = TextPartDay
    totals = select(row.account, func.sum(row.parts)).where(row.on_day.in_(counted)).group_by(row.account)
    found = Counter({account: int(parts) for account, parts in session.execute(totals)}) if counted else Counter[str]()
    until, of_today = _so_far(session, today)
    found += of_today
    # What is not counted, as few stretches as possible.
    stretches = [bounds(day) for day in sorted(counted)] + ([(bounds(today)[0], until)] if until is not None else [])
    begin = bounds(first)[0]
    for from_at, to_at in stretches:
        if begin < from_at:
            found += _from_messages(session, begin, from_at)
        begin = to_at
    return dict(found + _from_messages(session, begin, bounds(today)[1]))


def _so_far(session: Session, today: date) -> tuple[datetime | None, Counter[str]]:
    """One statement: of an instant and totals that are read one after the other, either may be of another counting."""
    row = TextPartDay
    rows = session.execute(
        select(DoneDay.done_at, row.account, row.parts)
        .select_from(DoneDay)
        .outerjoin(row, row.on_day == DoneDay.on_day)
        .where(DoneDay.work == _SO_FAR, DoneDay.on_day == today)
    ).all()
    return rows[0].done_at if rows else None, Counter({one.account: one.parts for one in rows if one.account})


def count_so_far(session: Session, *, now: datetime) -> bool:
    """Add what has left since today was counted last; False where that is little."""
    today, until = day_of(now), now - _SETTLED_AFTER
    last = done_days.done_at(session, _SO_FAR, on_day=today)
    begin = bounds(today)[0] if last is None else last
    if until - begin < _MOVES_ON_AFTER:
        return False
    if last is None:
        session.execute(delete(TextPartDay).where(TextPartDay.on_day == today))
        # Of days that are over nobody asks.
        done_days.undo_all(session, _SO_FAR)
    for account, parts in sorted(_from_messages(session, begin, until).items()):
        more = insert(TextPartDay).values(on_day=today, account=account, parts=parts)
        added = {TextPartDay.parts.key: TextPartDay.parts + more.excluded.parts}
        session.execute(more.on_conflict_do_update(index_elements=["on_day", "account"], set_=added))
    done_days.note(session, _SO_FAR, on_day=today, now=until)
    return True


def count_next_day(
    session: Session, *, leave_out: Collection[str] = (), put_aside: PutAside | None = None, now: datetime
) -> bool:
    """Count the youngest day that is over and not counted, and let go of the oldest; False when none is left.

    `leave_out` are days as `put_aside` is told them.
    """
    last = day_of(now - _DAY_SETTLED_AFTER) - timedelta(days=1)
    days = [last - timedelta(days=ago) for ago in range(DAYS_OF_PARTS)]
    counted = done_days.done_between(session, _COUNTED, days[-1], last)
    missing = next((day for day in days if day not in counted and day.isoformat() not in leave_out), None)
    if missing is None:
        return False
    counting = each_alone(
        session, [missing], lambda day: _count(session, day, days[-1], now=now), named=date.isoformat,
        put_aside=put_aside,
    )  # fmt: skip
    return all(counting)


def _count(session: Session, day: date, first: date, *, now: datetime) -> bool:
    if not done_days.take(session, _COUNTED, on_day=day, now=now):
        return False
    session.execute(delete(TextPartDay).where(TextPartDay.on_day < first))
    _write(session, day, bounds(day)[1])
    return True


def forget_all(session: Session) -> None:
    """Messages were added to any of the days at once, by whoever writes rows without their stories."""
    for work in (_COUNTED, _SO_FAR):
        done_days.undo_all(session, work)


def days_that_differ(session: Session, *, now: datetime) -> list[date]:
    """Which counted days are not what the messages say; it reads every text of those days."""
    until = _counted_until(session, now=now)
    return [day for day in sorted(until) if _differs(session, day, until[day])]


def recount(session: Session, days: Collection[date], *, now: datetime) -> list[date]:
    """Count those of these days again that differ still; those where what was kept was wrong.

    A text that the release before sent again says since then by whom, and keeps the day of its first sending: what
    that moves was not wrong when it was counted.
    """
    until = _counted_until(session, now=now)
    differing = [day for day in sorted(days) if day in until and _differs(session, day, until[day])]
    wrong = [day for day in differing if not _was_true_once(session, day, until[day])]
    for day in differing:
        _write(session, day, until[day])
    return wrong


def _counted_until(session: Session, *, now: datetime) -> dict[date, datetime]:
    today = day_of(now)
    counted = done_days.done_between(session, _COUNTED, today - timedelta(days=DAYS_OF_PARTS), today)
    so_far = done_days.done_at(session, _SO_FAR, on_day=today)
    return {day: bounds(day)[1] for day in counted} | ({} if so_far is None else {today: so_far})


def _differs(session: Session, day: date, until: datetime) -> bool:
    return _kept(session, day) != _from_messages(session, bounds(day)[0], until)


def _was_true_once(session: Session, day: date, until: datetime) -> bool:
    """Whether it is all that was sent once, and of what was sent again any part, by any account."""
    kept, begin = _kept(session, day), bounds(day)[0]
    every = _from_messages(session, begin, until)
    once = _from_messages(session, begin, until, only=_SENT_ONCE)
    return once <= kept and kept.total() <= every.total()


def _kept(session: Session, day: date) -> Counter[str]:
    kept = select(TextPartDay.account, TextPartDay.parts).where(TextPartDay.on_day == day, TextPartDay.parts != 0)
    return Counter({row[0]: row[1] for row in session.execute(kept)})


def _write(session: Session, day: date, until: datetime) -> None:
    session.execute(delete(TextPartDay).where(TextPartDay.on_day == day))
    found = _from_messages(session, bounds(day)[0], until)
    session.add_all(TextPartDay(on_day=day, account=account, parts=parts) for account, parts in found.items())
    session.flush()


def _from_messages(
    session: Session, from_at: datetime, to_at: datetime, *, only: ColumnElement[bool] = ALL
) -> Counter[str]:
    message = OutboundMessage
    sent = (
        select(message.provider_account, func.sum(message.segments))
        .where(message.segments.is_not(None), message.sent_at >= from_at, message.sent_at < to_at)
        .where(message.provider_account.is_not(None), only)
        .group_by(message.provider_account)
    )
    found = Counter({str(account): int(parts or 0) for account, parts in session.execute(sent)})
    return +(found + _sent_before(session, from_at, to_at))


def _sent_before(session: Session, from_at: datetime, to_at: datetime) -> Counter[str]:
    """What left then and once more later, which the message alone does not tell."""
    row = EarlierSending
    sent = select(row.account, func.sum(row.parts)).where(row.sent_at >= from_at, row.sent_at < to_at)
    return Counter({account: int(parts) for account, parts in session.execute(sent.group_by(row.account))})
