"""What a leader is told who answered by SMS: what comes next, only while something is still to come."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.wording.messages import message_app, render
from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.reply_deeds import Reply
from escalation.firing.sweep import tick
from tests.escalation.scene import full_house, level_at, messages, step, ticket, ward
from tickets.schema import StepRecipient
from tickets.states import Priority

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(("raised_to", "waits"), [(1, True), (2, True), (5, False)])
def test_the_reply_names_the_next_level_and_its_time_only_where_one_is_to_come(session, settings, raised_to, waits):
    people = full_house(session, ward(session), now=MONDAY)
    matter = ticket(session, ward(session), arrived_at=MONDAY, priority=Priority.URGENT)
    for level in range(1, raised_to + 1):
        tick(session, now=level_at(session, matter, level))
    at = level_at(session, matter, raised_to)
    first = step(session, matter, 1)
    code = session.scalars(select(StepRecipient.reply_code).where(StepRecipient.step_id == first.id)).one()

    take_reply(session, Reply((code,), "làm ngay"), phone=people[1].phone, message_sid="SM1", now=at)

    [reply] = messages(session, template="acknowledge_taken")
    with message_app(settings).app_context():
        words = render(
            reply.template, "sms", reply.params, locale="vi", base_url="https://hotline.example.vn", now=at
        ).text
    assert "đã ghi nhận" in words.lower()
    assert ("sẽ báo cáo lên cấp" in words) is waits
