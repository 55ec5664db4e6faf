"""Everything that can happen to a callback that is dialled happens pair by pair: no two wait for each other."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from sqlalchemy import select, text

from app.clock import utc_now
from app.phone import callback_calls
from app.phone.answers import Phones
from app.storage.database import transaction
from telephony.floor import callbacks, calling_back, offers, presence
from telephony.floor.floor import load_floor
from telephony.provider.outcome import TryAgain
from telephony.sweep import sweep_parts
from tests.app.web.provider_events.waiting.conftest import agent, app, own_settings, phone  # noqa: F401
from tests.conftest import Committed
from tests.factories import open_ticket, unit
from tests.telephony.floor.test_pairs_of_stories import (
    at_once,
    clear_the_floor,
    deadlocks,
    due_now,
    dwelling,
    levels_are_fired,
    look_for_deadlocks_at_once,
)
from tests.telephony.phone import Phone
from tickets.people.actor import staff_actor
from tickets.schema import CallbackRequest, Presence, Queue
from tickets.states import CallbackReason, CallbackState, PresenceState, QueueKind
from tickets.work import assignment, conversation


@dataclass
class DialledScene:
    """A callback that is dialled as `message_id`, and the agent who is kept for it."""

    committed: Committed
    phones: Phones
    phone: Phone
    agent: int
    callback_id: int
    message_id: int
    ticket_id: int
    number: str

    @contextmanager
    def session(self):
        with transaction(self.committed.factory) as session:
            yield session

    def telephone(self):
        client = self.phone.client.application.test_client()
        app_settings = self.phone.client.application.settings
        return Phone(client, app_settings, to=self.number, number=self.phone.to, sid=f"CAdialled{self.message_id}")


def key_one(scene):
    scene.telephone().post(f"called-back?m={scene.message_id}", Digits="1")


def key_two(scene):
    scene.telephone().post(f"called-back?m={scene.message_id}", Digits="2")


def carrier_says_busy(scene):
    scene.telephone().post(f"called-back-status?m={scene.message_id}", CallStatus="busy")


def it_could_not_be_placed(scene):
    with scene.session() as session:
        callback_calls.not_placed(session, scene.message_id, TryAgain("x", "y"), now=utc_now())


def agent_would_rather_not(scene):
    with scene.session() as session:
        floor = load_floor(session, now=utc_now())
        calling_back.not_now(session, scene.callback_id, staff_id=scene.agent, others=floor, now=utc_now())


def floor_is_swept_late(scene):
    """Part by part, as the scheduler does."""
    later = utc_now() + timedelta(seconds=90)
    for part in sweep_parts(lambda name: None, now=later).values():
        with scene.session() as session:
            part(session, later)


def everybody_is_offered(scene):
    with scene.session() as session:
        offers.offer_waiting_calls(session, now=utc_now())


def the_person_got_through(scene):
    with scene.session() as session:
        callbacks.settle_by_call(session, phone=scene.number, now=utc_now())


def a_note_is_written(scene):
    with scene.session() as session:
        conversation.note(session, scene.ticket_id, body="Đang hỏi", actor=staff_actor(scene.agent), now=utc_now())


def the_ticket_goes_elsewhere(scene):
    with scene.session() as session:
        triage = session.scalars(select(Queue.id).where(Queue.kind == QueueKind.TRIAGE)).first()
        assignment.transfer(
            session, scene.ticket_id, queue_id=triage, reason="Không phải của phường", actor=staff_actor(scene.agent),
            now=utc_now(),
        )  # fmt: skip


STORIES = [
    key_one, key_two, carrier_says_busy, it_could_not_be_placed, agent_would_rather_not, floor_is_swept_late,
    everybody_is_offered, the_person_got_through, a_note_is_written, the_ticket_goes_elsewhere, levels_are_fired,
]  # fmt: skip


def test_no_two_stories_of_one_callback_wait_for_each_other_and_no_agent_is_kept_for_nobody(
    committed, servers, app, own_settings, agent, phone  # noqa: F811
):  # fmt: skip
    engines = (committed.engine, app.webhook_sessions.kw["bind"])
    look_for_deadlocks_at_once(servers, committed, *engines)
    before = deadlocks(servers, committed)
    for number, pair in enumerate(combinations(STORIES, 2)):
        scene = dialled(committed, Phones(own_settings, app.reference), phone, agent, f"+849031{number:05d}")
        due_now(committed)
        with dwelling(*engines):
            at_once(scene, *pair)
        nobody_is_kept_in_vain(scene, pair)
        forget(committed)

    assert deadlocks(servers, committed) == before


def dialled(committed, phones, phone, agent, number):  # noqa: F811
    now = utc_now()
    with transaction(committed.factory) as session:
        presence.go_available(session, agent, now=now)
        opened = open_ticket(session, phone=number, body="Rác để ba ngày ở phường Sài Gòn", now=now)
        request = CallbackRequest(
            once_key=f"pair:{number}", phone=number, ticket_id=opened.ticket_id, citizen_id=opened.citizen_id,
            unit_id=unit(session).id, reason=CallbackReason.REQUESTED, state=CallbackState.OPEN, order_at=now,
            created_at=now,
        )  # fmt: skip
        session.add(request)
        session.flush()
        assert offers.offer_waiting_calls(session, now=now) == 1
        session.refresh(request)
        return DialledScene(
            committed, phones, phone, agent, request.id, request.outbound_id, opened.ticket_id, number
        )  # fmt: skip


def nobody_is_kept_in_vain(scene, pair):
    """Once the floor has been mended, the agent is kept only while the person is still being dialled."""
    with scene.session() as session:
        calling_back.mend_kept(session, now=utc_now())
    with scene.session() as session:
        kept = session.get_one(Presence, scene.agent)
        request = session.get_one(CallbackRequest, scene.callback_id)
        is_dialled = request.state is CallbackState.DIALLING and request.staff_id == scene.agent
        names = [story.__name__ for story in pair]
        assert (kept.state is PresenceState.CALLING_BACK) is (is_dialled and kept.state is not PresenceState.AWAY), (
            names
        )


def forget(committed):
    clear_the_floor(committed)
    with transaction(committed.factory) as session:
        session.execute(text("update presence set callback_id = null"))
        session.execute(text("update callback_request set state = 'closed', once_key = once_key || ':' || id"))
        session.execute(text("update outbound_message set state = 'suppressed' where template = 'callback_call'"))
