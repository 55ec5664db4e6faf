"""Parts of texts by account are what the messages say: kept for days that are over, counted since, and proved."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tickets.city import wall_clock
from tickets.outbox import text_parts
from tickets.outbox.posting import OF_THE_ACCOUNT, record_status
from tickets.outbox.results import record_sent, record_uncertain, send_again
from tickets.schema import DoneDay, OutboundMessage, TextPartDay
from tickets.states import OutboundChannel, OutboundState

DAY = timedelta(days=1)


@pytest.fixture
def midnight(now: datetime) -> datetime:
    return wall_clock(now).replace(hour=0, minute=0, second=0, microsecond=0)


def send(session: Session, at: datetime, *, account: str | None = "first", parts: int | None = 2) -> OutboundMessage:
    key = f"{account}:{at.isoformat()}"
    message = OutboundMessage(
        dedup_key=key, channel=OutboundChannel.SMS, address="+84900000001", template="ticket_opened", params={},
        locale="vi", state=OutboundState.SENT, created_at=at, not_before=at, provider_account=account, segments=parts,
        sent_at=at,
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message


def count_all(session: Session, now: datetime) -> int:
    days = 0
    while text_parts.count_next_day(session, now=now):
        days += 1
    return days


@pytest.fixture
def sent(session: Session, now: datetime, midnight: datetime) -> None:
    for ago in (1, 2, 30):
        send(session, midnight - ago * DAY)
        send(session, midnight - ago * DAY + timedelta(hours=23, minutes=59), account="second", parts=3)
    send(session, midnight - timedelta(seconds=1) - 30 * DAY, parts=100)
    send(session, midnight)
    send(session, now - timedelta(minutes=1), account="second", parts=1)
    send(session, now - timedelta(hours=1), account=None)
    send(session, now - timedelta(hours=2), parts=None)


def test_thirty_days_and_today_are_the_same_before_they_are_counted_and_after(
    session: Session, now: datetime, sent: None
) -> None:
    before = text_parts.parts_sent(session, days=30, now=now)

    assert count_all(session, now) == text_parts.DAYS_OF_PARTS

    assert text_parts.parts_sent(session, days=30, now=now) == before == {"first": 8, "second": 10}
    assert text_parts.parts_sent(session, days=1, now=now) == {"first": 4, "second": 4}
    assert text_parts.days_that_differ(session, now=now) == []
    assert count_all(session, now) == 0


def test_a_day_is_not_counted_while_somebody_who_began_on_it_may_still_note_a_text(
    session: Session, midnight: datetime
) -> None:
    count_all(session, midnight + timedelta(minutes=59))
    yesterday = midnight.date() - DAY
    counted = select(func.max(DoneDay.on_day)).where(DoneDay.work == "count text parts")
    assert session.scalar(counted) == yesterday - DAY
    send(session, midnight - timedelta(seconds=1))

    count_all(session, midnight + timedelta(hours=1))

    assert session.scalar(counted) == yesterday
    assert text_parts.parts_sent(session, days=1, now=midnight + timedelta(hours=1)) == {"first": 2}


def test_today_is_counted_as_it_goes_on_and_as_a_whole_when_it_is_over(
    session: Session, now: datetime, midnight: datetime
) -> None:
    send(session, midnight)
    send(session, now - timedelta(minutes=10), account="second")
    assert text_parts.count_so_far(session, now=now)
    send(session, now - timedelta(minutes=1), account="second", parts=4)
    assert not text_parts.count_so_far(session, now=now + timedelta(minutes=1)), "little has been added"
    # Noted long after it left: seen as soon as the day is over.
    send(session, midnight + timedelta(hours=1), account="third", parts=5)
    kept_today = text_parts.parts_sent(session, days=30, now=now)
    assert text_parts.days_that_differ(session, now=now) == [midnight.date()]

    assert text_parts.count_so_far(session, now=now + timedelta(minutes=9))
    assert text_parts.parts_sent(session, days=30, now=now) == kept_today == {"first": 2, "second": 6}
    tomorrow = midnight + DAY + timedelta(hours=1)
    count_all(session, tomorrow)
    text_parts.count_so_far(session, now=tomorrow)

    assert text_parts.parts_sent(session, days=30, now=tomorrow) == {"first": 2, "second": 6, "third": 5}
    assert text_parts.days_that_differ(session, now=tomorrow) == []


def test_days_go_on_and_the_oldest_totals_are_let_go(session: Session, now: datetime, sent: None) -> None:
    count_all(session, now)

    assert count_all(session, now + 7 * DAY) == 7

    oldest = session.scalar(select(func.min(TextPartDay.on_day)))
    assert oldest is not None and oldest >= (now + 7 * DAY).date() - timedelta(days=text_parts.DAYS_OF_PARTS + 1)
    assert text_parts.parts_sent(session, days=30, now=now + 7 * DAY) == {"first": 6, "second": 7}


def test_what_was_spoilt_is_found_and_counted_again(
    session: Session, now: datetime, midnight: datetime, sent: None
) -> None:
    count_all(session, now)
    true = text_parts.parts_sent(session, days=30, now=now)
    spoilt = midnight.date() - 2 * DAY
    session.execute(update(TextPartDay).where(TextPartDay.on_day == spoilt).values(parts=TextPartDay.parts + 1))
    assert text_parts.parts_sent(session, days=30, now=now) != true

    found = text_parts.days_that_differ(session, now=now)

    assert found == text_parts.recount(session, found, now=now) == [spoilt]
    assert text_parts.parts_sent(session, days=30, now=now) == true


def sent_again_by(session: Session, message: OutboundMessage, account: str, *, now: datetime) -> None:
    session.refresh(message)
    assert message.state is OutboundState.WAITING
    message.state, message.claimed_by = OutboundState.CLAIMED, "worker"
    session.flush()
    record_sent(session, message.id, by="worker", account=account, sid=f"SM2{message.id}", segments=2, now=now)


def test_each_sending_of_a_text_is_counted_on_its_own_day_by_its_own_account(
    session: Session, now: datetime, midnight: datetime
) -> None:
    """Three times: by the first account twice on one day, one of them counted already, and by another the next day."""
    message = send(session, midnight - timedelta(hours=9), parts=3)
    for after, account in ((timedelta(hours=8), "first"), (-timedelta(hours=1), "second")):
        message.state, message.provider_sid = OutboundState.WAITING, None
        session.flush()
        sent_again_by(session, message, account, now=midnight - after)
    count_all(session, now)

    assert text_parts.parts_sent(session, days=1, now=now) == {"first": 5, "second": 2}
    assert text_parts.parts_sent(session, days=0, now=now) == {"second": 2}
    assert text_parts.days_that_differ(session, now=now) == []


def test_a_text_that_came_back_and_left_by_another_account_alarms_nobody_and_hides_nothing(
    session: Session, now: datetime, midnight: datetime, sent: None
) -> None:
    came_back = send(session, midnight - timedelta(hours=5))
    came_back.provider_sid = "SM1"
    in_doubt = send(session, midnight - timedelta(hours=6), account=None, parts=None)
    in_doubt.state, in_doubt.sent_at, in_doubt.claimed_by = OutboundState.CLAIMED, None, "worker"
    session.flush()
    record_uncertain(session, in_doubt.id, by="worker", error="no answer", now=midnight - timedelta(hours=6))
    count_all(session, now)
    yesterday = midnight.date() - DAY

    told = {"account": "first", "sid": "SM1", "status": "failed", "error_code": "30002", "trouble": OF_THE_ACCOUNT}
    assert record_status(session, **told, now=midnight + timedelta(minutes=1))
    assert send_again(session, in_doubt.id, now=midnight + timedelta(minutes=1))
    for message in (came_back, in_doubt):
        sent_again_by(session, message, "second", now=midnight + timedelta(minutes=9))

    assert text_parts.days_that_differ(session, now=now) == []

    spoilt = update(TextPartDay).where(TextPartDay.on_day == yesterday)
    for by in (1, -1):
        session.execute(spoilt.where(TextPartDay.account == "first").values(parts=TextPartDay.parts + by))
        assert text_parts.recount(session, [yesterday], now=now) == [yesterday], by
