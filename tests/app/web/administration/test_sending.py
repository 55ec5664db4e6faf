"""Administrators say which numbers are texted and called, how much goes out, and let go what a budget holds."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.app.web.administration.desk import HERE, NOW, audited, post, shown
from tickets.outbox.budgets import budgets_now
from tickets.outbox.claims import claim_batch
from tickets.outbox.posting import post_sms
from tickets.schema import DialledPrefix, OutboundMessage, SendingBudget
from tickets.states import BudgetScope, OutboundChannel, OutboundState, SendingKind

PAGE = f"{HERE}/sending"


def held(session: Session, count: int = 2, *, to: str = "+84901234567") -> list[OutboundMessage]:
    """As many messages to one number as are held, after one has left."""
    session.get_one(SendingBudget, (SendingKind.SMS, BudgetScope.NUMBER, 3600)).most = 1
    rows = [
        session.get_one(
            OutboundMessage,
            post_sms(
                session, to=to, template="ticket_opened", params={"reference": "1"}, locale="vi",
                dedup_key=f"held-{number}", now=NOW,
            ),
        )
        for number in range(count + 1)
    ]  # fmt: skip
    left(session, rounds=count + 1)
    for row in rows:
        session.refresh(row)
    return [row for row in rows if row.state is OutboundState.WAITING]


def left(session: Session, *, rounds: int) -> list[int]:
    """What leaves in so many rounds: of texts to one telephone each waits for the one before it."""
    found: list[int] = []
    for _round in range(rounds):
        claimed = [row.id for row in claim_batch(session, by="w", channels=[OutboundChannel.SMS], now=NOW)]
        for message_id in claimed:
            session.get_one(OutboundMessage, message_id).state = OutboundState.SENT
        session.flush()
        found += claimed
    return found


def test_a_prefix_is_allowed_refused_and_removed_on_the_page(browser: FlaskClient, session: Session) -> None:
    answer = post(browser, f"{PAGE}/prefixes", prefix="0044", is_allowed="1", most_an_hour="1.000", note="Sứ quán")

    assert answer.status_code == 303
    page = shown(browser, PAGE)
    assert "+44" in page
    assert "Sứ quán" in page
    assert session.get_one(DialledPrefix, "+44").most_an_hour == 1000
    post(browser, f"{PAGE}/prefixes", prefix="+44", is_allowed="0", most_an_hour="", note="")
    assert session.get_one(DialledPrefix, "+44", populate_existing=True).is_allowed is False
    post(browser, f"{PAGE}/prefixes/remove", prefix="+44")
    assert session.get(DialledPrefix, "+44", populate_existing=True) is None
    assert len(audited(session, "dialled_prefix.kept")) == 2
    assert len(audited(session, "dialled_prefix.removed")) == 1


def test_what_is_no_prefix_comes_back_as_it_was_typed_with_a_sentence(browser: FlaskClient) -> None:
    answer = post(browser, f"{PAGE}/prefixes", prefix="Anh quốc", is_allowed="1", most_an_hour="", note="Sứ quán")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "A prefix begins with + and the country" in page
    assert 'value="Anh quốc"' in page
    assert 'value="Sứ quán"' in page


def test_the_only_allowed_prefix_is_not_removed(browser: FlaskClient, session: Session) -> None:
    answer = post(browser, f"{PAGE}/prefixes/remove", prefix="+84")

    assert answer.status_code == 409
    assert "This is the only prefix that is allowed" in answer.get_data(as_text=True)
    assert session.get_one(DialledPrefix, "+84").is_allowed


def test_a_budget_is_changed_and_a_senseless_one_refused(browser: FlaskClient, session: Session) -> None:
    typed = {one.name: str(one.most) for one in budgets_now(session)}

    good = post(browser, f"{PAGE}/budgets", **{**typed, "sms_all_3600": "12.000"})
    bad = post(browser, f"{PAGE}/budgets", **{**typed, "sms_all_3600": "viel"})

    assert good.status_code == 303
    assert (
        session.get_one(SendingBudget, (SendingKind.SMS, BudgetScope.ALL, 3600), populate_existing=True).most == 12000
    )
    [entry] = audited(session, "sending_budget.changed")
    assert entry.params == {"sending": "sms", "whom": "all", "seconds": 3600, "most": 12000}
    assert bad.status_code == 400
    assert "A whole number from 1 to 1,000,000" in bad.get_data(as_text=True)
    assert 'value="viel"' in bad.get_data(as_text=True)


def test_a_held_message_says_why_and_is_released(browser: FlaskClient, session: Session) -> None:
    one, other = held(session)
    page = shown(browser, f"{HERE}/messages?tab=held")
    assert page.count("this number has had its budget") >= 2
    assert "+84901234567" not in page
    assert "2 messages" in shown(browser, PAGE)

    answer = post(browser, f"{HERE}/messages/{one.id}/release")

    assert answer.status_code == 303
    session.refresh(one)
    session.refresh(other)
    assert (one.not_before, other.not_before > NOW) == (NOW, True)
    assert [row.id for row in claim_batch(session, by="w", channels=[OutboundChannel.SMS], now=NOW)] == [one.id]
    assert audited(session, "message.released")[0].subject_id == one.id
    assert post(browser, f"{HERE}/messages/{one.id}/release").status_code == 404


def test_no_page_says_that_all_has_left_while_a_budget_holds_something(browser: FlaskClient, session: Session) -> None:
    assert "No message was given up." in shown(browser, f"{HERE}/messages")
    held(session)

    page = shown(browser, f"{HERE}/messages")

    assert "2 messages are held by budgets." in page and "has been sent" not in page


def test_all_that_one_budget_holds_is_released_in_one_audited_step(browser: FlaskClient, session: Session) -> None:
    held(session, 3)

    post(browser, f"{HERE}/messages/release", reason="nothing of ours")
    assert claim_batch(session, by="w", channels=[OutboundChannel.SMS], now=NOW) == []
    post(browser, f"{HERE}/messages/release", reason="over_budget_number")

    assert len(left(session, rounds=4)) == 3
    assert audited(session, "message.all_released")[0].params == {"reason": "over_budget_number", "count": 3}


def test_a_refused_number_stands_on_the_page_with_its_reason(browser: FlaskClient, session: Session) -> None:
    held(session, 0, to="+447911123456")

    page = shown(browser, f"{HERE}/messages?tab=held")

    assert "this number is not among those we text and call" in page
    assert "not at all" in page
