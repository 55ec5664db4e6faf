"""A person is sent so many messages in a quarter of an hour; the rest waits, comes as one list, and nothing is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from escalation.queries.attempts import LevelAttempt, attempts_of
from tests.escalation.scene import holder, level_at, messages, step, ticket, ward
from tests.factories import staff
from tickets.outbox.claims import claim_batch
from tickets.outbox.posting import Outgoing, post_all
from tickets.outbox.results import record_sent
from tickets.schema import MessageLimit, OutboundMessage, Staff
from tickets.states import OutboundChannel, Priority

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BOTH = [OutboundChannel.SMS, OutboundChannel.VOICE]


@pytest.fixture
def leader(session: Session) -> Staff:
    return staff(session, phone="+84901234567")


def post(session: Session, leader: Staff, number: int, *, at: datetime, **more: object) -> None:
    wanted = {"channel": OutboundChannel.SMS, "template": "instruction", "locale": "vi", **more}
    params = {"reference": f"26000000{number:02}"}
    message = Outgoing(address=leader.phone, params=params, dedup_key=f"m{number}", staff_id=leader.id, **wanted)
    post_all(session, [message], now=at)


def leave(session: Session, *, at: datetime) -> list[OutboundMessage]:
    """What a worker sends then; to one telephone one after the other, and so in several rounds."""
    rows: list[OutboundMessage] = []
    while found := claim_batch(session, by="w", channels=BOTH, limit=50, now=at):
        for row in found:
            record_sent(session, row.id, by="w", account="sim", sid=f"SM{row.id}", now=at)
        session.flush()
        rows += found
    return rows


def test_what_is_more_than_five_waits_for_the_quarter_of_an_hour_and_then_is_one_list_of_all(session, leader):
    for number in range(5):
        post(session, leader, number, at=NOW + number * MINUTE)
        assert len(leave(session, at=NOW + number * MINUTE)) == 1
    for number in range(5, 8):
        post(session, leader, number, at=NOW + 6 * MINUTE)

    assert [leave(session, at=NOW + minute * MINUTE) for minute in (6, 10, 14)] == [[], [], []]
    [gathered] = leave(session, at=NOW + 15 * MINUTE)

    assert (gathered.template, gathered.params["count"]) == ("gathered", 3)
    assert [one["reference"] for one in gathered.params["items"]] == ["2600000005", "2600000006", "2600000007"]
    assert leave(session, at=NOW + 60 * MINUTE) == []


def test_a_list_is_held_like_any_other_and_leaves_by_itself_for_as_a_line_it_would_name_nothing(session, leader):
    for number in range(4):
        post(session, leader, number, at=NOW)
    leave(session, at=NOW)
    for number in range(4, 8):
        post(session, leader, number, at=NOW + MINUTE)
    post(session, leader, 8, at=NOW + MINUTE, template="daily_list")

    left = [leave(session, at=NOW + minute * MINUTE) for minute in (1, 15)]

    assert sorted(row.template for rows in left for row in rows) == ["daily_list", "gathered"]
    assert all(len(rows) == 1 for rows in left), "five in a quarter of an hour, lists among them"


def test_eleven_an_hour_are_the_most(session, leader):
    sent = 0
    for number in range(60):
        post(session, leader, number, at=NOW + number * MINUTE)
        sent += len(leave(session, at=NOW + number * MINUTE))

    assert sent == 11
    waiting = [m for m in messages(session, staff_id=leader.id, channel=OutboundChannel.SMS) if m.state == "waiting"]
    rest = leave(session, at=NOW + 61 * MINUTE)
    assert len(waiting) > 0
    assert sum(row.params.get("count", 1) for row in rest) == len(waiting)


def test_an_emergency_leaves_at_once_by_itself_and_counts(session, leader):
    for number in range(5):
        post(session, leader, number, at=NOW)
    leave(session, at=NOW)
    for number in (10, 11):
        post(session, leader, number, at=NOW + MINUTE, is_urgent=True)
    post(session, leader, 12, at=NOW + MINUTE)

    assert [row.dedup_key for row in leave(session, at=NOW + MINUTE)] == ["m10", "m11"]
    assert leave(session, at=NOW + 15 * MINUTE)[0].dedup_key == "m12"


def test_another_person_another_channel_and_citizens_are_held_by_nothing_of_it(session, leader):
    other = staff(session, phone="+84907654321")
    for number in range(5):
        post(session, leader, number, at=NOW)
    leave(session, at=NOW)

    post(session, leader, 20, at=NOW, channel=OutboundChannel.VOICE, template="contact_test")
    post(session, other, 21, at=NOW)
    assert {row.dedup_key for row in leave(session, at=NOW)} == {"m20", "m21"}


def test_the_city_decides_how_many(session, leader):
    session.get_one(MessageLimit, (OutboundChannel.SMS, 900)).most = 1
    session.flush()
    for number in range(2):
        post(session, leader, number, at=NOW + number * MINUTE)
        leave(session, at=NOW + number * MINUTE)

    assert [m.state for m in messages(session, staff_id=leader.id, channel=OutboundChannel.SMS)] == ["sent", "waiting"]


def states(attempt: LevelAttempt) -> list[tuple[str, str]]:
    return [(one.state.value, one.why) for one in attempt.stations]


def test_a_level_says_that_its_message_was_held_and_of_which_list_it_became_a_line(session):
    unit = ward(session)
    head = holder(session, "section_head", unit, now=NOW)
    session.get_one(MessageLimit, (OutboundChannel.SMS, 900)).most = 1
    session.flush()
    matters = [ticket(session, unit, arrived_at=NOW + n * MINUTE, priority=Priority.URGENT) for n in range(3)]
    at = level_at(session, matters[0], 1)
    for minute in (0, 1, 2, 15, 16):
        tick(session, now=at + minute * MINUTE)
        leave(session, at=at + minute * MINUTE)

    told = [step(session, matter, 1).id for matter in matters]
    by_level = attempts_of(session, told)
    ways = [[one for one in by_level[(level, head.id)] if one.method is OutboundChannel.SMS] for level in told]
    assert [len(one) for one in ways] == [1, 1, 1]
    assert states(ways[0][0]) == [("planned", ""), ("sent", "")]
    assert states(ways[1][0]) == states(ways[2][0]) == [
        ("planned", ""), ("planned", "over_limit"), ("planned", "gathered_over_limit"), ("sent", ""),
    ]  # fmt: skip
