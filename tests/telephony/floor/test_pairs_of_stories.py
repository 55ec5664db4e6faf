"""Everything that can happen to one call at once happens pair by pair: no two stories wait for each other."""

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import combinations

import pytest
from sqlalchemy import create_engine, event, select, text, update

from app.clock import utc_now
from app.phone.answers import Phones
from app.storage.database import transaction
from escalation.firing.sweep import tick
from telephony.call import end
from telephony.call.passing_on import lock_around
from telephony.call.supervising import enter_talk
from telephony.call.taking_over import TAKEN_MEANWHILE, take_over
from telephony.calls import lock_call
from telephony.floor import offers
from telephony.floor.callbacks import ask_callback, claim_callback
from telephony.floor.rooms import TalkPart
from telephony.sweep import sweep
from tests.app.web.provider_events.waiting.conftest import agent, app, own_settings, phone  # noqa: F401
from tests.app.web.provider_events.waiting.waiting_scene import at_place, at_work_beside, call_of, in_queue, in_talk
from tests.conftest import Committed
from tests.factories import staff
from tests.faults.nodes import LONG, wait_until
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.errors import HotlineError, NotAllowed
from tickets.people.actor import staff_actor
from tickets.schema import Call, PlannedStep, Presence, Queue
from tickets.states import CallbackReason, QueueKind, Role
from tickets.work import assignment, conversation

# After each lock a story takes: the other gets into its way there, if anywhere.
_DWELL_SECONDS = 0.02


@dataclass
class Scene:
    committed: Committed
    phones: Phones
    phone: Phone
    heard: dict
    agent: int
    call: Call

    @contextmanager
    def session(self):
        with transaction(self.committed.factory) as session:
            yield session

    @property
    def actor(self):
        return staff_actor(self.agent)

    def another(self):
        """The same telephone as another request of the provider's."""
        client = self.phone.client.application.test_client()
        other = Phone(client, self.phone.client.application.settings, to=self.phone.to, sid=self.phone.sid)
        other.document = self.phone.document
        return other


def caller_turns(scene):
    other = scene.another()
    other.post(other.next_action(), scene.heard)


def caller_hangs_up(scene):
    scene.another().post("status", CallStatus="completed", CallDuration="60")


def agents_leg_is_told(scene):
    scene.another().post(
        "status", CallSid=f"{scene.phone.sid}-leg", ParentCallSid=scene.phone.sid, CallStatus="completed"
    )


def recording_is_told(scene):
    fields = {"RecordingSid": f"RE{scene.phone.sid}", "RecordingStatus": "completed", "RecordingDuration": "9"}
    scene.another().post("recording", fields)


def agent_accepts(scene):
    with scene.session() as session:
        offer = open_offer_of(session, scene.agent)
        if offer is not None:
            offers.accept(session, offer.id, staff_id=scene.agent, now=utc_now())


def agent_declines(scene):
    with scene.session() as session:
        offer = open_offer_of(session, scene.agent)
        if offer is not None:
            offers.decline(session, offer.id, staff_id=scene.agent, now=utc_now())


def agent_ends_the_talk(scene):
    with scene.session() as session:
        lock_around(session, scene.call.id)
        end.finish_talk(session, scene.call.id, staff_id=scene.agent, now=utc_now())


def agent_writes_a_note(scene):
    with scene.session() as session:
        conversation.note(session, scene.call.ticket_id, body="Đang hỏi thêm", actor=scene.actor, now=utc_now())


def ticket_goes_elsewhere(scene):
    with scene.session() as session:
        triage = session.scalars(select(Queue.id).where(Queue.kind == QueueKind.TRIAGE)).first()
        assignment.transfer(
            session,
            scene.call.ticket_id,
            queue_id=triage,
            reason="Không phải của phường",
            actor=scene.actor,
            now=utc_now(),
        )


def floor_is_swept(scene):
    with scene.session() as session:
        sweep(
            session, lambda name: scene.phones.desk(session, name, now=utc_now()), now=utc_now() + timedelta(seconds=40)
        )


def levels_are_fired(scene):
    with scene.session() as session:
        tick(session, now=utc_now())


def callback_is_asked_and_claimed(scene):
    with scene.session() as session:
        call = lock_call(session, scene.call.id)
        asked = ask_callback(session, call, phone=call.phone, reason=CallbackReason.REQUESTED, now=utc_now())
    if asked is not None:
        with scene.session() as session:
            claim_callback(session, asked, staff_id=scene.agent, now=utc_now())


STORIES = [
    caller_turns, caller_hangs_up, agents_leg_is_told, recording_is_told, agent_accepts, agent_declines,
    agent_ends_the_talk, agent_writes_a_note, ticket_goes_elsewhere, floor_is_swept, levels_are_fired,
    callback_is_asked_and_claimed,
]  # fmt: skip
PLACES = [at_place, in_queue, in_talk]
PAIRS = list(combinations(STORIES, 2))


@contextmanager
def dwelling(*engines):
    """Every lock that is taken is looked at for a moment before the story goes on."""

    def dwell(_connection, _cursor, statement, *_rest):
        words = statement.lower()
        if "for no key update" in words or "for update" in words or words.lstrip().startswith("update"):
            time.sleep(_DWELL_SECONDS)

    for engine in engines:
        event.listen(engine, "after_cursor_execute", dwell)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "after_cursor_execute", dwell)


def at_once(scene, *stories):
    barrier, failed = threading.Barrier(len(stories)), []

    def run(story):
        barrier.wait()
        try:
            # Who comes too late is told so; that is no fault.
            with suppress(HotlineError):
                story(scene)
        except Exception as trouble:
            failed.append((str(story), repr(trouble)))

    threads = [threading.Thread(target=run, args=(story,)) for story in stories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert not failed


def deadlocks(servers, committed) -> int:
    """Of this database, as its server has counted them; it tells within a second."""
    time.sleep(1.2)
    name = committed.engine.url.database
    with as_superuser(servers) as connection:
        return connection.scalar(text("select deadlocks from pg_stat_database where datname = :n"), {"n": name})


def look_for_deadlocks_at_once(servers, committed, *engines):
    """Sooner than any of our processes gives up waiting for a lock, which would hide them."""
    with as_superuser(servers) as connection:
        connection.execute(text(f"alter database \"{committed.engine.url.database}\" set deadlock_timeout = '30ms'"))
    for engine in engines:
        engine.dispose()


@contextmanager
def as_superuser(servers):
    admin = create_engine(
        servers.superuser_url("postgres").replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        yield connection
    admin.dispose()


@pytest.mark.parametrize("reach", PLACES, ids=lambda one: one.__name__)
def test_no_two_stories_of_one_call_wait_for_each_other(committed, servers, app, own_settings, agent, phone, reach):  # noqa: F811
    phones = Phones(own_settings, app.reference)
    engines = (committed.engine, app.webhook_sessions.kw["bind"])
    look_for_deadlocks_at_once(servers, committed, *engines)
    before = deadlocks(servers, committed)
    for number, pair in enumerate(PAIRS):
        if not LONG and (number + PLACES.index(reach)) % len(PLACES):
            continue
        one = Phone(phone.client, own_settings, to=phone.to, number=f"+849021{number:05d}")
        one, heard = reach(one, committed, agent)
        due_now(committed)
        scene = Scene(committed, phones, one, heard, agent, call_of(committed, one))
        with dwelling(*engines):
            at_once(scene, *pair)
        clear_the_floor(committed)
    assert deadlocks(servers, committed) == before


def takes_over(scene, *, staff_id, call_id):
    with scene.session() as session:
        take_over(session, call_id, by_id=staff_id, by="", phone="", now=utc_now())


def listens(scene, *, staff_id, call_id):
    with scene.session() as session:
        enter_talk(
            session, call_id, staff_id=staff_id, name="", phone="", part=TalkPart.LISTENS, now=utc_now()
        )  # fmt: skip


def on_two_calls(committed, telephone, agent_id):
    """Two agents, each with a caller of their own."""
    own, other = (
        Phone(telephone.client, telephone.client.application.settings, to=telephone.to, number=f"+8490310000{number}")
        for number in (1, 2)
    )
    in_talk(own, committed, agent_id)
    colleague = at_work_beside(committed, agent_id)
    in_talk(other, committed, colleague)
    return (agent_id, call_of(committed, own)), (colleague, call_of(committed, other))


@pytest.mark.parametrize("stories", [(takes_over, takes_over), (takes_over, listens), (listens, listens)])
def test_two_who_come_into_each_others_talks_do_not_wait_for_each_other(
    committed,
    servers,
    app,  # noqa: F811
    own_settings,  # noqa: F811
    agent,  # noqa: F811
    phone,  # noqa: F811
    stories,
):
    engines = (committed.engine, app.webhook_sessions.kw["bind"])
    (one, his), (other, hers) = on_two_calls(committed, phone, agent)
    phones = Phones(own_settings, app.reference)
    scene = Scene(committed, phones, phone, {}, agent, his)
    look_for_deadlocks_at_once(servers, committed, *engines)
    before = deadlocks(servers, committed)

    first = partial(stories[0], staff_id=one, call_id=hers.id)
    second = partial(stories[1], staff_id=other, call_id=his.id)
    with dwelling(*engines):
        at_once(scene, first, second)

    assert deadlocks(servers, committed) == before
    with committed.factory() as session:
        assert [session.get(Call, call.id).agent_id for call in (his, hers)] == [one, other]


def test_of_two_who_take_one_caller_over_at_the_same_moment_one_is_told_so(
    committed,
    app,  # noqa: F811
    own_settings,  # noqa: F811
    agent,  # noqa: F811
    phone,  # noqa: F811
):
    in_talk(phone, committed, agent)
    call = call_of(committed, phone)
    with committed.factory() as session:
        two = [staff(session, role=Role.SUPERVISOR, at="26740").id for _ in range(2)]
        session.commit()
    said = []

    def press(staff_id):
        with committed.factory() as session:
            try:
                take_over(session, call.id, by_id=staff_id, by="", phone="", now=utc_now())
                session.commit()
                said.append(staff_id)
            except NotAllowed as refused:
                said.append(refused.what)

    # Both have looked at the talk, and wait for the agent who is in it.
    with committed.engine.connect() as connection, connection.begin():
        connection.execute(text("select 1 from presence where staff_id = :id for update"), {"id": agent})
        threads = [threading.Thread(target=press, args=(one,)) for one in two]
        for thread in threads:
            thread.start()
        assert wait_until(lambda: _waiting(committed) == len(two))
    for thread in threads:
        thread.join(30)

    with committed.factory() as session:
        talks = session.get(Call, call.id).agent_id
        assert set(said) == {talks, TAKEN_MEANWHILE}
        assert not session.scalars(
            select(Presence.staff_id).where(Presence.call_id == call.id, Presence.staff_id.in_(set(two) - {talks}))
        ).all()


def _waiting(committed) -> int:
    asked = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with committed.engine.connect() as connection:
        return connection.scalar(text(asked))


def due_now(committed):
    with transaction(committed.factory) as session:
        session.execute(update(PlannedStep).where(PlannedStep.fired_at.is_(None)).values(planned_at=utc_now()))


def clear_the_floor(committed):
    with transaction(committed.factory) as session:
        session.execute(text("update call set state = 'ended', ended_at = now() where state <> 'ended'"))
        session.execute(text("update offer set outcome = 'withdrawn', ended_at = now() where outcome is null"))
        session.execute(
            text("update presence set state = 'available', call_id = null, wrap_up_until = null, heartbeat_at = now()")
        )
