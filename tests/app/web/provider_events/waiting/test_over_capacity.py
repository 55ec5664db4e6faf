"""More callers than a process can ask about: who waits hears the music once more, and everybody else is served."""

from contextlib import ExitStack, contextmanager

from app.clock import utc_now
from app.phone.resting import MANY_AT_WORK, MOST_RESTS
from telephony.floor import offers
from tests.app.web.provider_events.waiting.waiting_scene import call_of, door_of
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.states import CallState


@contextmanager
def many_at_work(app):
    """As many events are worked on as make a turn of the hold loop wait."""
    with ExitStack() as works:
        for _ in range(MANY_AT_WORK):
            works.enter_context(door_of(app).at_work.one_more())
        yield


def second_in_line(phone, committed, app, agent):
    """A caller for whom nothing rings, because the agent's screen rings for somebody else."""
    first = Phone(phone.client, app.settings, to=phone.to, number="+84902222222")
    first.ring().press("1").speak("phường Sài Gòn")
    phone.ring().press("1").speak("phường Sài Gòn").wait()
    assert call_of(committed, first).state is CallState.OFFERED
    assert call_of(committed, phone).state is CallState.QUEUED
    return first, phone


def is_music_alone(phone):
    return phone.document.find(".//Play") is not None and not phone.said and phone.document.find("Redirect") is not None


def rested(client, name="hotline_webhook_rested_total"):
    told = client.get("/metrics").get_data(as_text=True).splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in told if line.startswith(name))


def test_who_waits_hears_music_comes_back_to_the_same_turn_and_is_soon_asked_about_again(phone, committed, app, agent):
    _, phone = second_in_line(phone, committed, app, agent)
    before, counted = call_of(committed, phone), rested(app.test_client())

    with many_at_work(app):
        rounds = 0
        while True:
            phone.post(phone.next_action(), Digits="")
            if call_of(committed, phone).turn > before.turn:
                break
            assert is_music_alone(phone)
            rounds += 1

    after = call_of(committed, phone)
    assert rounds == MOST_RESTS == rested(app.test_client()) - counted
    assert (after.state, after.queued_at, after.turn) == (CallState.QUEUED, before.queued_at, before.turn + 1)


def test_a_key_is_heard_at_once_also_out_of_the_music(phone, committed, app, agent):
    _, phone = second_in_line(phone, committed, app, agent)

    with many_at_work(app):
        phone.post(phone.next_action(), Digits="")
        assert is_music_alone(phone)
        phone.post(phone.next_action(), Digits="9")

    assert call_of(committed, phone).state is CallState.CALLBACK


def test_who_is_rung_for_and_who_arrives_are_served_first(phone, committed, app, agent):
    first, _ = second_in_line(phone, committed, app, agent)
    late = Phone(phone.client, app.settings, to=phone.to, number="+84903333333")
    with committed.factory() as session:
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()

    with many_at_work(app):
        first.wait()
        late.ring()

    assert first.document.find("Dial") is not None
    assert "ghi âm" in late.said


def test_below_capacity_nobody_is_put_off(phone, committed, app, agent):
    _, phone = second_in_line(phone, committed, app, agent)
    before = call_of(committed, phone).turn

    phone.post(phone.next_action(), Digits="")

    assert call_of(committed, phone).turn == before + 1
