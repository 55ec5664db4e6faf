"""The call bar: presence, a ring with what is known of the caller, talk, wrap-up, callbacks, voicemails."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.storage.media_store import media_store
from app.web.frame.application import HotlineApp
from telephony.call import end
from telephony.calls import enter, new_call
from telephony.floor import offers, presence
from telephony.floor.callbacks import CLAIM_HELD_FOR, claim_callback
from telephony.floor.floor import HEARTBEAT_LOST
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.factories import citizen, open_ticket, staff, unit
from tests.telephony.floor.ringing import open_offer_of
from tickets.intake import contacts
from tickets.people.references import grouped
from tickets.schema import (
    AuditEntry,
    Call,
    CallbackRequest,
    Clock,
    Contact,
    Offer,
    Presence,
    Recording,
    Staff,
    Ticket,
    TimelineEntry,
)
from tickets.states import (
    CallbackReason,
    CallbackState,
    CallState,
    Channel,
    ClockStatus,
    PresenceState,
    RecordingKind,
    RecordingState,
    Role,
    TicketStatus,
    TimelineKind,
)


def waiting_call(session: Session, now: datetime, *, code: str = "26740", **facts: Any) -> Call:
    """Somebody in the queue of a ward."""
    sid = f"CA{facts.get('phone', '')}{code}"
    contact = contacts.register(session, channel=Channel.VOICE, source_key=f"sim:{sid}", arrived_at=now)
    row = {
        "account": "sim", "call_sid": sid, "contact_id": contact.id, "phone": "+84901112233", "queued_at": now,
        "state": CallState.QUEUED, "unit_id": unit(session, code).id, **facts,
    }  # fmt: skip
    return new_call(session, row, now=now)


def ringing(session: Session, agent: Staff, now: datetime, **facts: Any) -> tuple[Call, Offer]:
    call = waiting_call(session, now, **facts)
    presence.go_available(session, agent.id, now=now)
    session.flush()
    assert offers.offer_waiting_calls(session, now=now) == 1
    session.commit()
    offer = open_offer_of(session, agent.id)
    assert offer is not None
    return call, offer


def talking(session: Session, agent: Staff, now: datetime, **facts: Any) -> Call:
    call, offer = ringing(session, agent, now, **facts)
    offers.accept(session, offer.id, staff_id=agent.id, now=now)
    enter(call, CallState.TALKING, now=now)
    end.note_answered(session, call, at=now - timedelta(minutes=2))
    session.commit()
    return call


def state_of(session: Session, agent: Staff) -> PresenceState:
    return session.scalars(
        select(Presence.state).where(Presence.staff_id == agent.id).execution_options(populate_existing=True)
    ).one()


def test_an_agent_takes_calls_goes_away_and_leaves(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = agent_at(client, session, now)

    states = []
    for wanted in ("available", "away", "offline"):
        send(client, "/console", "/console/presence", state=wanted, reason="meal", next="/console")
        states.append(state_of(session, agent))

    assert states == [PresenceState.AVAILABLE, PresenceState.AWAY, PresenceState.OFFLINE]


def test_the_open_console_beats(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = agent_at(client, session, now)
    presence.go_available(session, agent.id, now=now - timedelta(minutes=5))
    session.commit()

    answer = send(client, "/console", "/console/presence/beat")

    assert answer.status_code == 204
    session.expire_all()
    assert session.get_one(Presence, agent.id).heartbeat_at == now


def test_a_page_is_told_to_beat_every_fifteen_seconds_and_three_misses_are_borne(client, session, now) -> None:
    agent_at(client, session, now)

    for address in ("/console", "/console/telephone"):
        assert 'data-beat-every="15000"' in client.get(address).get_data(as_text=True)
    assert timedelta(seconds=3 * 15) == HEARTBEAT_LOST


def test_a_ring_tells_who_calls_and_what_is_open_before_it_is_answered(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    known = citizen(session, name="Nguyễn Văn An", phone="+84901112233")
    ticket = open_ticket(session, phone="+84901112233", subject="Water in the street")
    agent = agent_at(client, session, now)
    ringing(session, agent, now, citizen_id=known.id)

    page = page_of(client, "/console/call-bar")

    assert "Incoming call" in page
    assert "Nguyễn Văn An" in page
    assert "Water in the street" in page
    assert f"/console/tickets/{ticket.reference}" in page
    assert "+84901112233" not in page


def test_answering_leads_to_the_ticket_of_the_call(client: FlaskClient, session: Session, now: datetime) -> None:
    ticket = open_ticket(session, channel=Channel.VOICE, phone="+84901112233")
    agent = agent_at(client, session, now)
    call, offer = ringing(session, agent, now, ticket_id=ticket.ticket_id)

    first = send(client, "/console", f"/console/offers/{offer.id}/accept")
    again = send(client, "/console", f"/console/offers/{offer.id}/accept")

    assert first.headers["Location"] == again.headers["Location"] == f"/console/tickets/{ticket.reference}"
    assert state_of(session, agent) is PresenceState.ON_CALL
    session.expire_all()
    assert session.get_one(Call, call.id).agent_id == agent.id


def test_a_call_that_was_not_taken_keeps_its_place(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = agent_at(client, session, now)
    call, offer = ringing(session, agent, now)
    queued_at = call.queued_at

    send(client, "/console", f"/console/offers/{offer.id}/decline")

    session.expire_all()
    call = session.get_one(Call, call.id)
    assert (call.state, call.queued_at) == (CallState.QUEUED, queued_at)


def test_an_offer_that_is_gone_is_said_in_words(client: FlaskClient, session: Session, now: datetime) -> None:
    agent_at(client, session, now)

    send(client, "/console", "/console/offers/999/accept", next="/console")

    assert "no longer on the line" in page_of(client, "/console")


def test_hold_take_back_and_end(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)

    send(client, "/console", f"/console/calls/{call.id}/hold")
    session.expire_all()
    held_since = session.get_one(Call, call.id).hold_since
    bar = page_of(client, "/console/call-bar")
    send(client, "/console", f"/console/calls/{call.id}/take-back")
    send(client, "/console", f"/console/calls/{call.id}/end")

    session.expire_all()
    ended = session.get_one(Call, call.id)
    assert held_since == now
    assert "Caller on hold" in bar
    assert ended.hold_since is None
    assert ended.detail["agent_finished"] is True


def test_who_is_not_connected_yet_is_not_put_on_hold(client: FlaskClient, session: Session, now: datetime) -> None:
    """They would be connected a moment later, and be shown as hearing music."""
    agent = agent_at(client, session, now)
    call, offer = ringing(session, agent, now)
    offers.accept(session, offer.id, staff_id=agent.id, now=now)
    session.commit()
    hold = f"/console/calls/{call.id}/hold"
    assert hold not in page_of(client, "/console/call-bar")

    send(client, "/console", hold)

    assert "The caller is not connected yet." in page_of(client, "/console")
    session.expire_all()
    assert session.get_one(Call, call.id).hold_since is None


def test_an_agent_writes_down_what_was_said_while_the_line_still_comes_down(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    send(client, "/console", f"/console/calls/{call.id}/hold")

    send(client, "/console", f"/console/calls/{call.id}/end")
    bar = page_of(client, "/console/call-bar")

    session.expire_all()
    assert session.get_one(Call, call.id).ended_at is None
    assert state_of(session, agent) is PresenceState.WRAP_UP
    assert "Write it down" in bar
    assert "On a call" not in bar
    assert "/hold" not in bar


@pytest.mark.parametrize(("action", "said"), [("hold", True), ("take-back", True), ("end", False)])
def test_a_press_that_comes_after_the_caller_hung_up_shows_how_it_stands(
    client: FlaskClient, session: Session, now: datetime, action: str, said: bool
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    call.ended_at = now
    session.flush()

    answer = send(client, "/console", f"/console/calls/{call.id}/{action}")

    assert answer.status_code == 303
    assert ("The caller has hung up." in page_of(client, "/console")) is said
    assert session.get_one(Call, call.id).hold_since is None


def test_a_colleagues_call_is_not_mine_to_touch(client: FlaskClient, session: Session, now: datetime) -> None:
    colleague = staff(session)
    call = talking(session, colleague, now)
    agent_at(client, session, now)

    for action in ("hold", "take-back", "end", "wrap-up", "ready"):
        assert send(client, "/console", f"/console/calls/{call.id}/{action}").status_code == 404, action
    assert client.get(f"/console/calls/{call.id}").status_code == 404


def test_wrapping_up_keeps_the_note_links_the_ticket_and_frees_the_agent(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    ticket = open_ticket(session)
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    session.commit()
    grouped = f"{ticket.reference[:2]} {ticket.reference[2:6]} {ticket.reference[6:]}"

    bar = page_of(client, "/console/call-bar")
    send(
        client, f"/console/calls/{call.id}", f"/console/calls/{call.id}/wrap-up",
        said="Will send pictures.", reference=grouped,
    )  # fmt: skip

    session.expire_all()
    assert "Wrapping up" in bar
    assert state_of(session, agent) is PresenceState.AVAILABLE
    assert session.get_one(Call, call.id).ticket_id == ticket.ticket_id
    notes = session.scalars(select(TimelineEntry.body).where(TimelineEntry.kind == TimelineKind.NOTE)).all()
    assert notes == ["Will send pictures."]


@pytest.mark.parametrize("press", ["ready", "wrap-up"])
def test_whoever_waits_rings_at_once_at_an_agent_who_is_ready_again(
    client: FlaskClient, session: Session, now: datetime, press: str
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    waits = waiting_call(session, now, phone="+84909998877")
    session.commit()

    send(client, f"/console/calls/{call.id}", f"/console/calls/{call.id}/{press}", said="", reference="")

    session.expire_all()
    rings = open_offer_of(session, agent.id)
    assert rings is not None
    assert rings.call_id == waits.id


@pytest.mark.parametrize("written", ["", "Rác để ba ngày chưa ai lấy"])
def test_the_empty_ticket_of_a_call_gives_way_to_the_one_it_was_about(
    client: FlaskClient, session: Session, now: datetime, written: str
) -> None:
    about = open_ticket(session)
    opened_by_call = open_ticket(session, channel=Channel.VOICE, subject="", body=written)
    agent = agent_at(client, session, now)
    call = talking(session, agent, now, ticket_id=opened_by_call.ticket_id)
    call.contact_id = session.scalars(select(Contact.id).where(Contact.ticket_id == opened_by_call.ticket_id)).one()
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    session.commit()

    page = f"/console/calls/{call.id}"
    send(client, page, f"{page}/wrap-up", said="", reference=about.reference)

    session.expire_all()
    left = session.get_one(Ticket, opened_by_call.ticket_id)
    assert session.get_one(Call, call.id).ticket_id == about.ticket_id
    if written:
        assert (left.status, left.master_id) == (TicketStatus.NEW, None)
        return
    assert (left.status, left.master_id) == (TicketStatus.WITHDRAWN, about.ticket_id)
    clocks = session.scalars(select(Clock.status).where(Clock.ticket_id == left.id)).all()
    assert set(clocks) == {ClockStatus.CANCELLED}
    assert "ticket.moved" in session.scalars(select(AuditEntry.action).where(AuditEntry.ticket_id == left.id)).all()
    assert f"the call belongs to {grouped(about.reference)}" in page_of(client, f"/console/tickets/{left.reference}")


def test_a_wrong_reference_in_the_wrap_up_keeps_the_note_in_its_box(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    session.commit()

    answer = send(
        client, f"/console/calls/{call.id}", f"/console/calls/{call.id}/wrap-up", said="Will send.", reference="12 34"
    )

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "No ticket has this reference" in page
    assert "Will send.</textarea>" in page
    assert state_of(session, agent) is PresenceState.WRAP_UP


def callback(session: Session, now: datetime, *, code: str = "26740") -> CallbackRequest:
    request = CallbackRequest(
        once_key=f"test:{code}", unit_id=unit(session, code).id, phone="+84901112233",
        reason=CallbackReason.MISSED, state=CallbackState.OPEN, order_at=now, created_at=now,
    )  # fmt: skip
    session.add(request)
    session.commit()
    return request


def test_a_callback_is_claimed_shows_the_number_and_is_finished(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    waiting = callback(session, now)

    before = page_of(client, "/console/callbacks")
    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/claim")
    during = page_of(client, "/console/callbacks")
    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/done", outcome="reached")

    session.expire_all()
    done = session.get_one(CallbackRequest, waiting.id)
    assert "090 111 2233" not in before
    assert "090 111 2233" in during
    assert (done.state, done.staff_id, done.outcome) == (CallbackState.DONE, agent.id, "reached")


def test_a_callback_whose_agent_never_came_back_to_it_is_anybodys_after_half_an_hour(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    waiting = callback(session, now)
    gone = staff(session)
    claim_callback(session, waiting.id, staff_id=gone.id, now=now - timedelta(minutes=29))
    agent = agent_at(client, session, now)

    held = page_of(client, "/console/callbacks")
    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/claim")
    session.refresh(waiting)
    assert waiting.staff_id == gone.id
    assert f"/console/callbacks/{waiting.id}/claim" not in held

    waiting.claimed_at = now - CLAIM_HELD_FOR
    session.commit()
    free = page_of(client, "/console/callbacks")
    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/claim")
    session.refresh(waiting)
    assert waiting.staff_id == agent.id
    assert f"/console/callbacks/{waiting.id}/claim" in free


def test_a_callback_of_another_ward_is_not_there(client: FlaskClient, session: Session, now: datetime) -> None:
    agent_at(client, session, now)
    foreign = callback(session, now, code="26824")

    page = page_of(client, "/console/callbacks")
    answer = send(client, "/console/callbacks", f"/console/callbacks/{foreign.id}/claim")

    assert "Nobody is waiting for a callback." in page
    assert answer.status_code == 404


def recording(
    app: HotlineApp, session: Session, now: datetime, *, kind: RecordingKind, ticket_id: int, call: Call
) -> Recording:
    kept = media_store(app.settings).write(BytesIO(b"RIFF-sound"), room="recordings", suffix=".wav", max_bytes=100)
    row = Recording(
        account="sim", recording_sid=f"RE{kind}", call_id=call.id, ticket_id=ticket_id, kind=kind,
        state=RecordingState.FETCHED, storage_key=kept.storage_key, media_type="audio/wav", created_at=now,
    )  # fmt: skip
    session.add(row)
    session.commit()
    return row


@pytest.mark.parametrize(
    ("kind", "role", "status"),
    [
        (RecordingKind.VOICEMAIL, Role.AGENT, 200),
        (RecordingKind.CONVERSATION, Role.AGENT, 404),
        (RecordingKind.CONVERSATION, Role.SUPERVISOR, 200),
    ],
)
def test_who_may_hear_a_recording(
    app: HotlineApp, client: FlaskClient, session: Session, now: datetime, kind: RecordingKind, role: Role, status: int
) -> None:
    ticket = open_ticket(session)
    colleague = staff(session)
    call = talking(session, colleague, now, ticket_id=ticket.ticket_id)
    sound = recording(app, session, now, kind=kind, ticket_id=ticket.ticket_id, call=call)
    agent_at(client, session, now, role=role)

    answer = client.get(f"/console/recordings/{sound.id}")

    assert answer.status_code == status
    heard = session.scalars(select(AuditEntry.id).where(AuditEntry.action == "recording.played")).all()
    assert bool(heard) == (kind is RecordingKind.CONVERSATION and role is Role.SUPERVISOR)


def test_a_recording_of_another_ward_does_not_exist(
    app: HotlineApp, client: FlaskClient, session: Session, now: datetime
) -> None:
    ticket = open_ticket(session, unit_code="26824")
    call = waiting_call(session, now, code="26824", ticket_id=ticket.ticket_id)
    sound = recording(app, session, now, kind=RecordingKind.VOICEMAIL, ticket_id=ticket.ticket_id, call=call)
    agent_at(client, session, now, role=Role.SUPERVISOR)

    assert client.get(f"/console/recordings/{sound.id}").status_code == 404
