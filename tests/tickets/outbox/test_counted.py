"""Whoever watches is told how many messages wait, up to a limit; what has left, or was settled, is not among them."""

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from tickets.outbox.counted import MOST_OF_EACH, dead_by_state, held_by_code, waiting_by_channel
from tickets.outbox.over_budget import OVER, held_by_reason
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

_MANY = text("""
    insert into outbound_message
    (dedup_key, channel, address, template, params, locale, state, created_at, not_before, error_code)
    select :name || n, :channel, 'a@b.example', 'warning', '{}', 'vi', :state, now(), now(), :code
    from generate_series(1, :number) n
""")


def post(
    session: Session, name: str, number: int, *, channel: str = "sms", state: str = "waiting", code: str = ""
) -> None:
    session.execute(_MANY, {"name": name, "number": number, "channel": channel, "state": state, "code": code})


def test_what_waits_is_told_by_channel_until_it_has_left(session: Session) -> None:
    post(session, "text", 3)
    post(session, "taken", 2, state="claimed")
    post(session, "mail", 1, channel="email")
    post(session, "gone", 4, state="sent")
    assert waiting_by_channel(session) == dict.fromkeys(OutboundChannel, 0) | {
        OutboundChannel.SMS: 5,
        OutboundChannel.EMAIL: 1,
    }

    session.execute(update(OutboundMessage).values(state=OutboundState.SENT))

    assert set(waiting_by_channel(session).values()) == {0}


def test_however_many_wait_no_more_than_the_limit_are_counted(session: Session) -> None:
    post(session, "text", MOST_OF_EACH - 1)
    post(session, "taken", 7, state="claimed")
    post(session, "dead", MOST_OF_EACH + 1, state="failed")
    post(session, "doubtful", 2, state="uncertain")

    assert waiting_by_channel(session)[OutboundChannel.SMS] == MOST_OF_EACH
    assert dead_by_state(session) == {"failed": MOST_OF_EACH, "uncertain": 2}


def test_what_a_budget_holds_is_told_as_on_the_page_where_it_is_released(session: Session) -> None:
    post(session, "held", 3, code=OVER["range"])
    post(session, "given up", 2, state="failed", code=OVER["range"])
    post(session, "refused", 2, state="failed", code="number_refused")

    found = held_by_code(session, OVER)

    assert {OVER[name]: count for name, count in found.items()} == held_by_reason(session)
    assert found["range"] == 3
