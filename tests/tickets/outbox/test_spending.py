"""What we send and dial costs the city: refused numbers are never dialled, budgets hold what is more, staff is told."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from app.bench.pages_read import read_by, statements_sent
from tests.factories import staff, ticket
from tests.statements import counted
from tickets.directory.dialled_prefixes import PrefixRule, keep_prefix, remove_prefix
from tickets.errors import InvalidInput
from tickets.outbox import over_budget
from tickets.outbox.budgets import budgets_now, set_budgets
from tickets.outbox.claims import claim_batch
from tickets.outbox.overtaken import CALLBACK_CALL
from tickets.outbox.posting import Outgoing, post_all
from tickets.outbox.results import record_retry, record_sent
from tickets.outbox.spending import affordable, forget_old_counts
from tickets.outbox.troubles import oldest_unsent
from tickets.people.actor import SYSTEM
from tickets.schema import AuditEntry, CallbackRequest, OutboundMessage, SendingBudget, SendingCount, Ticket
from tickets.states import (
    BudgetScope,
    CallbackReason,
    CallbackState,
    OutboundChannel,
    OutboundState,
    Priority,
    Role,
    SendingKind,
)

NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NEXT_HOUR = NOW.replace(minute=0) + HOUR
SMS, VOICE = OutboundChannel.SMS, OutboundChannel.VOICE
FIRE = "Cháy nhà, có người mắc kẹt ở 12 Lê Lợi phường Sài Gòn"


def post(session: Session, *phones: str, at: datetime = NOW, **more: object) -> list[OutboundMessage]:
    """A message to each of these numbers."""
    first = len(session.scalars(select(OutboundMessage.id)).all())
    wanted = {"channel": SMS, "template": "ticket_opened", "params": {"reference": "260000001"}, "locale": "vi", **more}
    keys = [f"spending-{first + place}" for place in range(len(phones))]
    post_all(
        session, [Outgoing(address=to, dedup_key=key, **wanted) for to, key in zip(phones, keys, strict=True)], now=at
    )
    rows = session.scalars(select(OutboundMessage).where(OutboundMessage.dedup_key.in_(keys)))
    return sorted(rows, key=lambda row: row.id)


def leave(session: Session, *, at: datetime = NOW, by: str = "w") -> list[str]:
    """To whom everything that is due is sent then, claim after claim."""
    sent = []
    while rows := claim_batch(session, by=by, channels=[SMS, VOICE], limit=16, now=at):
        for row in rows:
            record_sent(session, row.id, by=by, account="sim", sid=f"S{row.id}", now=at)
        sent += [row.address for row in rows]
    return sent


def budget(session: Session, kind: str, scope: str, most: int, *, seconds: int = 3600) -> None:
    session.get_one(SendingBudget, (SendingKind(kind), BudgetScope(scope), seconds)).most = most
    session.flush()


def post_about(session: Session, kind: str, about: Ticket) -> list[OutboundMessage]:
    """A text or call to whom this ticket is about; a callback's call names it by the callback alone."""
    to = about.reply_phone or ""
    if kind == "sms":
        return post(session, to, ticket_id=about.id)
    if kind == "call":
        return post(session, to, channel=VOICE, ticket_id=about.id)
    rows = post(session, to, channel=VOICE, template=CALLBACK_CALL)
    # One is waited for at a number; what became of earlier ones is another matter.
    session.execute(update(CallbackRequest).values(state=CallbackState.CLOSED))
    session.add(
        CallbackRequest(
            once_key=f"spending-{rows[0].id}", phone=to, ticket_id=about.id, unit_id=about.unit_id,
            reason=CallbackReason.REQUESTED, state=CallbackState.DIALLING, order_at=NOW, created_at=NOW,
            outbound_id=rows[0].id,
        )
    )  # fmt: skip
    session.flush()
    return rows


def fresh(session: Session, row: OutboundMessage) -> OutboundMessage:
    session.refresh(row)
    return row


def numbers(count: int, *, block: str = "+8490555") -> list[str]:
    return [f"{block}{number:04}" for number in range(count)]


def told(session: Session) -> list[OutboundMessage]:
    return list(
        session.scalars(select(OutboundMessage).where(OutboundMessage.template == over_budget.TOLD_TEMPLATE)).all()
    )


@pytest.mark.parametrize(
    ("phone", "why"),
    [
        ("+841900123456", "number_premium"),
        ("+447911123456", "number_refused"),
        ("+881612345678", "number_refused"),
        ("+18765551234", "number_refused"),
        ("115", "number_refused"),
        ("+841800123456", "number_refused"),
        ("VIETTEL", "number_refused"),
    ],
)
def test_a_number_that_is_not_on_the_list_is_never_dialled_and_the_row_says_why(session, phone, why):
    [text_to_it] = post(session, phone)
    [call_to_it] = post(session, phone, channel=VOICE, template=CALLBACK_CALL)

    assert leave(session) == []

    assert leave(session, at=NOW + 48 * HOUR) == []
    for row in (text_to_it, call_to_it):
        assert (fresh(session, row).state, row.error_code) == (OutboundState.SUPPRESSED, why)


@pytest.mark.parametrize("phone", ["+84901234567", "+842838291111"])
def test_mobile_and_fixed_numbers_of_the_country_are_texted_and_called(session, phone):
    post(session, phone)
    post(session, phone, channel=VOICE, template=CALLBACK_CALL)

    assert leave(session) == [phone, phone]


def test_a_country_that_administrators_allow_is_texted_up_to_what_they_gave_it(session):
    keep_prefix(session, PrefixRule("+44", True, 2, "Chuyên gia Anh"), actor=SYSTEM, now=NOW)
    abroad = [f"+44791112{number}456" for number in range(4)]
    rows = post(session, *abroad)

    assert leave(session) == abroad[:2]

    assert [fresh(session, row).error_code for row in rows[2:]] == ["over_budget_prefix"] * 2
    assert leave(session, at=NEXT_HOUR) == abroad[2:]


def test_a_longer_prefix_takes_out_what_a_shorter_one_allows(session):
    keep_prefix(session, PrefixRule("+8499", False), actor=SYSTEM, now=NOW)
    post(session, "+84991234567", "+84901234567")

    assert leave(session) == ["+84901234567"]
    remove_prefix(session, "+8499", actor=SYSTEM, now=NOW)
    post(session, "+84991234567")
    assert leave(session) == ["+84991234567"]


def test_the_last_allowed_prefix_stays(session):
    for change in (
        lambda: remove_prefix(session, "+84", actor=SYSTEM, now=NOW),
        lambda: keep_prefix(session, PrefixRule("+84", False), actor=SYSTEM, now=NOW),
    ):
        with pytest.raises(InvalidInput, match="last_allowed_prefix"):
            change()


@pytest.mark.parametrize("typed", ["", "84", "+", "+0", "abc", "+84901234567890", "+84a"])
def test_what_is_no_prefix_is_not_kept(session, typed):
    with pytest.raises(InvalidInput, match="not_a_prefix"):
        keep_prefix(session, PrefixRule(typed, True), actor=SYSTEM, now=NOW)


def test_staff_is_told_by_any_number_but_a_premium_one_and_held_by_no_budget(session):
    for scope in ("number", "range", "all"):
        budget(session, "sms", scope, 1)
    leader = staff(session, phone="+447911123456")
    post(session, leader.phone, staff_id=leader.id, template="escalation_level", is_urgent=True)
    post(session, leader.phone, staff_id=leader.id, template="escalation_level", is_urgent=True)
    post(session, *numbers(3))
    dear = post(session, "+841900123456", staff_id=leader.id, template="escalation_level", is_urgent=True)[0]

    sent = leave(session)

    assert sent.count(leader.phone) == 2
    assert len(sent) == 3
    assert fresh(session, dear).error_code == "number_premium"


def test_one_number_gets_so_many_texts_an_hour_and_the_rest_in_the_next(session):
    budget(session, "sms", "number", 3)
    rows = post(session, *["+84901234567"] * 5)

    assert len(leave(session)) == 3

    assert [(fresh(session, row).error_code, row.not_before) for row in rows[3:]] == [
        ("over_budget_number", NEXT_HOUR)
    ] * 2
    assert leave(session, at=NEXT_HOUR - MINUTE) == []
    assert len(leave(session, at=NEXT_HOUR)) == 2
    assert [(fresh(session, row).state, row.error_code) for row in rows] == [(OutboundState.SENT, "")] * 5


def test_one_number_gets_so_many_texts_a_day_of_the_city(session):
    budget(session, "sms", "number", 4, seconds=86_400)
    for hour in range(6):
        post(session, "+84901234567", at=NOW + hour * HOUR)

    sent = [len(leave(session, at=NOW + hour * HOUR)) for hour in range(6)]

    assert sent == [1, 1, 1, 1, 0, 0]
    # Midnight in the city is 17:00 UTC.
    assert leave(session, at=datetime(2026, 11, 23, 16, 59, tzinfo=UTC)) == []
    assert len(leave(session, at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC))) == 2


@pytest.mark.parametrize(("kind", "template"), [("callback", CALLBACK_CALL), ("call", "contact_test")])
def test_calls_have_budgets_of_their_own(session, kind, template):
    budget(session, kind, "number", 2)
    post(session, *["+84901234567"] * 3)
    post(session, *["+84901234567"] * 3, channel=VOICE, template=template)

    assert len(leave(session)) == 3 + 2
    assert len(leave(session, at=NEXT_HOUR)) == 1


@pytest.mark.parametrize("scope", ["number", "range", "all"])
@pytest.mark.parametrize("kind", ["sms", "call", "callback"])
def test_no_budget_holds_what_is_about_an_emergency_and_administrators_are_told(session, kind, scope):
    boss, [phone] = staff(session, role=Role.ADMINISTRATOR), numbers(1)
    budget(session, kind, scope, 1)
    fire, waste = (
        ticket(session, phone=phone, now=NOW, body=words) for words in (FIRE, "Rác để ba ngày ở phường Sài Gòn")
    )
    assert (fire.priority, waste.priority) == (Priority.EMERGENCY, Priority.NORMAL)
    session.execute(delete(OutboundMessage))
    post_about(session, kind, waste)
    assert leave(session) == [phone]

    [held] = post_about(session, kind, waste)
    post_about(session, kind, fire)

    assert leave(session) == [phone]
    assert fresh(session, held).error_code == f"over_budget_{scope}"
    post_about(session, kind, fire)
    assert leave(session, at=NOW + MINUTE) == [phone]
    assert {row.staff_id for row in told(session)} == {boss.id}
    # What went out nevertheless was counted.
    assert (
        sum(row.count for row in session.scalars(select(SendingCount)) if row.counted == phone and row.seconds == 3600)
        == 3
    )


def test_whom_to_call_in_danger_is_told_whatever_was_sent_before(session):
    """A doubt alone makes no emergency; the numbers are sent anyway, and in time."""
    [phone] = numbers(1)
    budget(session, "sms", "number", 1)
    post(session, phone)
    assert leave(session) == [phone]

    post(session, phone, template="danger_noted", params={"reference": "260000001", "danger": ["fire"]})

    assert leave(session) == [phone]


def test_administrators_are_told_where_only_emergencies_used_a_budget_up(session):
    """Somebody may earn by making us believe in fires."""
    boss, [phone] = staff(session, role=Role.ADMINISTRATOR), numbers(1)
    budget(session, "sms", "all", 1)
    fire = ticket(session, phone=phone, now=NOW, body=FIRE)
    session.execute(delete(OutboundMessage))
    post_about(session, "sms", fire)
    assert leave(session) == [phone]
    assert told(session) == []

    post_about(session, "sms", fire)

    assert leave(session) == [phone]
    assert {row.staff_id for row in told(session)} == {boss.id}


def test_all_together_are_held_by_the_budget_of_the_city(session):
    budget(session, "sms", "all", 4)
    spread = [f"+8490{number}001234" for number in range(1, 7)]
    post(session, *spread)

    assert leave(session) == spread[:4]
    assert leave(session, at=NEXT_HOUR) == spread[4:]


def test_pumping_one_range_costs_its_budget_an_hour_and_keeps_nobody_else_waiting(session):
    budget(session, "sms", "range", 20)
    pumped = numbers(500)
    post(session, *pumped)
    post(session, "+84977123456")

    sent = leave(session)

    assert len(sent) == 21
    assert "+84977123456" in sent
    assert len(leave(session, at=NEXT_HOUR)) == 20
    # What was held is not counted, or it would use up what is there for everybody.
    [for_all] = session.scalars(
        select(SendingCount.count).where(SendingCount.counted == "", SendingCount.begins_at == NEXT_HOUR - HOUR)
    )
    assert for_all == 21


def test_after_a_day_a_person_decides_what_becomes_of_what_is_still_held(session):
    budget(session, "sms", "number", 1)
    rows = post(session, *["+84901234567"] * 30)

    for hour in range(25):
        leave(session, at=NOW + hour * HOUR)

    states = [fresh(session, row).state for row in rows]
    assert states.count(OutboundState.SENT) == 25
    assert states.count(OutboundState.FAILED) == 5
    assert {row.error_code for row in rows if row.state is OutboundState.FAILED} == {over_budget.GIVEN_UP}


def test_what_a_person_releases_leaves_at_once_and_counts(session):
    budget(session, "sms", "number", 1)
    rows = post(session, *["+84901234567"] * 4)
    leave(session)

    over_budget.release(session, rows[1].id, actor=SYSTEM, now=NOW + MINUTE)
    assert len(leave(session, at=NOW + MINUTE)) == 1
    assert over_budget.release_all(session, "over_budget_number", actor=SYSTEM, now=NOW + MINUTE) == 2
    assert len(leave(session, at=NOW + MINUTE)) == 2

    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("message.%released")))
    assert set(actions) == {"message.released", "message.all_released"}


def test_what_may_have_left_is_asked_about_and_held_by_nothing(session):
    budget(session, "sms", "number", 1)
    [row] = post(session, "+84901234567")
    claim_batch(session, by="w", channels=[SMS], now=NOW)
    record_retry(
        session, row.id, by="w", error_code="timeout", error="", attempts=1,
        settles_within=timedelta(seconds=30), now=NOW,
    )  # fmt: skip

    assert leave(session, at=NOW + 5 * MINUTE) == ["+84901234567"]


def test_several_processes_share_one_budget(session):
    budget(session, "sms", "number", 2)
    for number in range(4):
        post(session, "+84901234567")
        leave(session, by=f"w{number}")

    assert len([m for m in session.scalars(select(OutboundMessage)) if m.state is OutboundState.SENT]) == 2


def test_administrators_are_told_once_an_hour(session):
    staff(session, role=Role.ADMINISTRATOR, at="79")
    before = len(told(session))
    budget(session, "sms", "number", 1)
    for minute in range(4):
        post(session, *["+84901234567"] * 2, at=NOW + minute * MINUTE)
        leave(session, at=NOW + minute * MINUTE)
    first = len(told(session)) - before
    leave(session, at=NEXT_HOUR)

    assert first >= 2
    assert len(told(session)) - before == 2 * first


def test_what_is_held_is_no_message_that_is_late(session):
    budget(session, "sms", "number", 1)
    post(session, *["+84901234567"] * 2)
    leave(session)

    assert oldest_unsent(session) == {False: NEXT_HOUR}
    assert over_budget.held_by_reason(session)["over_budget_number"] == 1


def test_the_city_decides_how_much_it_spends(session):
    wanted = [one for one in budgets_now(session) if one.name == "sms_number_3600"]
    changed = [type(one)(one.kind, one.scope, one.seconds, 1) for one in wanted]

    set_budgets(session, changed, actor=SYSTEM, now=NOW)
    set_budgets(session, changed, actor=SYSTEM, now=NOW)

    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "sending_budget.changed"))
    assert entry.params == {"sending": "sms", "whom": "number", "seconds": 3600, "most": 1}
    post(session, *["+84901234567"] * 2)
    assert len(leave(session)) == 1
    with pytest.raises(InvalidInput):
        set_budgets(session, [type(changed[0])(SendingKind.SMS, BudgetScope.ALL, 3600, 0)], actor=SYSTEM, now=NOW)


def test_old_counts_are_forgotten(session):
    post(session, "+84901234567")
    leave(session)

    forget_old_counts(session, now=NOW + timedelta(days=3))

    assert session.scalars(select(SendingCount)).all() == []


def test_a_claim_costs_one_more_statement_however_many_it_takes(session):
    post(session, *numbers(16))
    with counted(session) as statements:
        claim_batch(session, by="w", channels=[SMS, VOICE], limit=16, now=NOW)

    assert (
        len([one for one in statements if "sending_count" in one and "update outbound_message" not in one.lower()]) == 1
    )


def test_what_is_judged_reads_as_much_of_many_tickets_as_of_one(session):
    """Texts about a matter that is no emergency, and the call of a callback: as most batches are."""
    waste = ticket(session, phone="+84901234567", now=NOW, body="Rác để ba ngày ở phường Sài Gòn")
    session.execute(delete(OutboundMessage))
    rows = post(session, *numbers(15), ticket_id=waste.id) + post_about(session, "callback", waste)
    ids = [row.id for row in rows]

    def pages() -> int:
        with statements_sent(session.connection()) as sent:
            assert affordable(session, ids, look_again=list, by="w", now=NOW).ids == ids
        return read_by(session.connection(), sent).pages

    few = pages()
    copied = {"id": "1000000 + n", "reference": "'copy ' || n"}
    columns = [column.name for column in Ticket.__table__.columns]
    session.execute(
        text(
            f"insert into ticket ({', '.join(columns)}) overriding system value "
            f"select {', '.join(copied.get(name, 'o.' + name) for name in columns)} "
            "from ticket o, generate_series(1, 2000) n where o.id = :ticket"
        ),
        {"ticket": waste.id},
    )

    assert pages() < 2 * few
