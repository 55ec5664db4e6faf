"""A request whose work was finished when its sender had long been answered with the fail-safe document."""

import threading
import time
from datetime import timedelta

from sqlalchemy import select, text

from app.phone.answers import Phones, answer, answer_replayed
from app.reference import Reference
from app.storage.database import transaction
from telephony.provider.webhook_inbox import Webhook
from tickets.schema import Call, WebhookEvent
from tickets.states import CallState

RING = {"call_sid": "CA1", "from": "+84901234567", "to": "+842838000000", "call_status": "ringing"}


def phones_of(settings) -> Phones:
    return Phones(settings, Reference.from_settings(settings))


def test_a_caller_who_heard_the_failsafe_gets_a_ticket_although_the_menu_was_made_later(session, settings, now):
    phones, ring = phones_of(settings), Webhook("sim", "voice", RING, {})
    answer(session, ring, phones, received_at=now, now=now)

    replayed = answer_replayed(session, ring, phones, received_at=now, now=now + timedelta(minutes=1))
    again = answer_replayed(session, ring, phones, received_at=now, now=now + timedelta(minutes=2))

    call, event = session.scalars(select(Call)).one(), session.scalars(select(WebhookEvent)).one()
    assert call.state is CallState.FAILSAFE
    assert call.ticket_id is not None
    assert replayed == again == phones.failsafe_answer(ring)
    assert event.answer_body == replayed.body
    assert event.replayed_at == now + timedelta(minutes=1)


def test_a_providers_repetition_of_an_answered_ring_changes_nothing(session, settings, now):
    phones, ring = phones_of(settings), Webhook("sim", "voice", RING, {})
    first = answer(session, ring, phones, received_at=now, now=now)
    later = now + timedelta(seconds=5)

    repeated = answer_replayed(session, ring, phones, received_at=later, now=later)

    assert repeated == first
    assert session.scalars(select(Call.state)).one() is not CallState.FAILSAFE


def test_work_that_is_finished_while_its_replay_waits_for_it_still_ends_in_a_ticket(committed, settings, now):
    """Both are on their way at once: the late one holds the event when the replay begins."""
    phones, ring = phones_of(settings), Webhook("sim", "voice", RING, {})

    def replay() -> None:
        with transaction(committed.factory) as session:
            answer_replayed(session, ring, phones, received_at=now, now=now + timedelta(minutes=1))

    with transaction(committed.factory) as late:
        answer(late, ring, phones, received_at=now, now=now)
        replaying = threading.Thread(target=replay)
        replaying.start()
        assert waits_for_a_lock(committed.factory)
    replaying.join(timeout=20)

    with committed.factory() as session:
        call, event = session.scalars(select(Call)).one(), session.scalars(select(WebhookEvent)).one()
    assert call.state is CallState.FAILSAFE
    assert call.ticket_id is not None
    assert event.answer_body == phones.failsafe_answer(ring).body


def waits_for_a_lock(factory) -> bool:
    waiting = text("select count(*) from pg_locks where not granted")
    for _ in range(200):
        with factory() as session:
            if session.scalar(waiting):
                return True
        time.sleep(0.05)
    return False
