"""The bar during a talk: passing the caller on, and pausing the recording."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.phone import accounts
from app.phone.recording_limits import record_again
from app.settings import Settings
from telephony.calls import note_leg_status
from telephony.floor import presence
from telephony.floor.rooms import TalkRoom, keep_room
from tests.app.web.console.console_scene import ENGLISH, agent_at, page_of, send
from tests.app.web.console.test_calls import state_of, talking
from tests.factories import open_ticket, staff, unit
from tests.fake_carrier import FakeCarrier, fake_carrier
from tests.signing_in import sign_in
from tests.telephony.floor.ringing import open_offer_of
from tickets.schema import AuditEntry, Call, Staff, Ticket
from tickets.states import CallState, Channel, PresenceState, Role


def free_colleague(session: Session, now: datetime, *, at: str = "TTDH", name: str = "Trần Thị Lan") -> Staff:
    person = staff(session, role=Role.AGENT, at=at, name=name, languages=["vi"])
    presence.go_available(session, person.id, now=now)
    session.commit()
    return person


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch):
    """The provider's REST side where the account of these calls is."""
    with fake_carrier() as carrier:
        usual = accounts.simulated_account
        monkeypatch.setattr(accounts, "simulated_account", lambda s: replace(usual(s), api_base_url=carrier.url))
        yield carrier


def test_the_caller_is_passed_on_to_a_free_colleague_who_is_told_what_it_is_about(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    colleague = free_colleague(session, now)

    form = page_of(client, f"/console/calls/{call.id}/pass-on")
    send(
        client, "/console", f"/console/calls/{call.id}/pass-on", to=f"staff-{colleague.id}", words="Asks about a fence"
    )

    session.expire_all()
    assert "Trần Thị Lan" in form and "TTDH" not in form
    assert (call.state, call.agent_id) == (CallState.OFFERED, None)
    assert state_of(session, agent) is PresenceState.WRAP_UP
    offer = open_offer_of(session, colleague.id)
    assert offer is not None and offer.call_id == call.id
    sign_in(client, session, staff=colleague, now=now)
    assert "Asks about a fence" in page_of(client, "/console/call-bar")


def test_with_a_unit_the_request_goes_along(client: FlaskClient, session: Session, now: datetime) -> None:
    ticket = open_ticket(session, channel=Channel.VOICE)
    agent = agent_at(client, session, now)
    call = talking(session, agent, now, ticket_id=ticket.ticket_id)
    free_colleague(session, now, at="26824")
    there = unit(session, "26824").id

    send(client, "/console", f"/console/calls/{call.id}/pass-on", to=f"unit-{there}", with_ticket="1")

    session.expire_all()
    assert session.get_one(Ticket, ticket.ticket_id).unit_id == there
    assert session.get_one(Call, call.id).unit_id == there
    audited = select(AuditEntry.params).where(AuditEntry.action == "call.passed_on")
    assert session.scalars(audited).one()["to_unit_id"] == there


@pytest.mark.parametrize("to", ["", "staff-x", "unit-999999999", "staff-0", "nobody"])
def test_a_caller_who_cannot_go_there_stays_and_what_was_typed_too(
    client: FlaskClient, session: Session, now: datetime, to: str
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    free_colleague(session, now)

    answer = send(client, "/console", f"/console/calls/{call.id}/pass-on", to=to, words="About a fence")

    session.expire_all()
    assert answer.status_code == 409
    assert 'value="About a fence"' in answer.get_data(as_text=True)
    assert (call.state, call.agent_id) == (CallState.TALKING, agent.id)


def test_under_the_bar_a_refused_form_takes_its_own_place_again(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)

    token = page_of(client, "/console").split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        f"/console/calls/{call.id}/pass-on", data={"csrf_token": token}, headers=ENGLISH | {"HX-Request": "true"}
    )

    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#call-panel")
    assert "Choose who is to answer." in answer.get_data(as_text=True)


def test_a_colleagues_caller_is_not_mine_to_pass_on(client: FlaskClient, session: Session, now: datetime) -> None:
    call = talking(session, staff(session), now)
    agent = agent_at(client, session, now)

    assert client.get(f"/console/calls/{call.id}/pass-on").status_code == 404
    for action in ("pass-on", "pause-recording", "resume-recording"):
        path = f"/console/calls/{call.id}/{action}"
        assert send(client, "/console", path, to=f"staff-{agent.id}").status_code == 404


def test_nothing_is_recorded_once_the_provider_has_said_so_and_it_goes_on_by_a_press(
    client: FlaskClient, session: Session, now: datetime, carrier: FakeCarrier
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)

    send(client, "/console", f"/console/calls/{call.id}/pause-recording")
    paused = page_of(client, "/console/call-bar")
    send(client, "/console", f"/console/calls/{call.id}/resume-recording")
    resumed = page_of(client, "/console/call-bar")

    assert [path.rsplit("/Calls/", 1)[1] for path in carrier.paths] == [
        f"{call.call_sid}/Recordings/Twilio.CURRENT.json"
    ] * 2
    assert [said["Status"] for said in carrier.received] == ["paused", "in-progress"]
    assert "Not recording" in paused and "Record again" in paused
    assert "Not recording" not in resumed
    done = set(session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == call.id)))
    assert {"call.recording_paused", "call.recording_resumed"} <= done


def test_a_pause_that_is_forgotten_ends_by_itself_after_two_minutes_and_is_counted_down(
    client: FlaskClient, session: Session, settings: Settings, now: datetime, carrier: FakeCarrier
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    send(client, "/console", f"/console/calls/{call.id}/pause-recording")
    ends = (now + timedelta(minutes=2)).astimezone(UTC)
    assert f'data-countdown="{ends:%Y-%m-%dT%H:%M}' in page_of(client, "/console/call-bar")

    beside = sessionmaker(session.connection(), join_transaction_mode="create_savepoint")

    def rounds(seconds: int) -> int:
        return record_again(beside, settings, now=now + timedelta(seconds=seconds))

    assert rounds(119) == 0
    carrier.answers.append((503, 20503))
    assert rounds(120) == 0, "the provider did not take it"
    assert "Not recording" in page_of(client, "/console/call-bar")
    assert rounds(125) == 1
    assert rounds(130) == 0

    assert [said["Status"] for said in carrier.received] == ["paused", "in-progress"]
    session.expire_all()
    assert "Not recording" not in page_of(client, "/console/call-bar")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "call.recording_resumed")).one()
    assert (entry.subject_id, entry.staff_id) == (call.id, None), "by the house, and not by the agent"


def test_in_a_talk_of_several_the_recording_of_the_room_is_paused(
    client: FlaskClient, session: Session, now: datetime, carrier: FakeCarrier
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    note_leg_status(
        session, call_id=call.id, account=call.account, leg_sid="CA-desk", staff_id=agent.id, status="in-progress",
        now=now,
    )  # fmt: skip
    keep_room(call, TalkRoom())
    session.commit()

    send(client, "/console", f"/console/calls/{call.id}/pause-recording")
    paused = page_of(client, "/console/call-bar")
    send(client, "/console", f"/console/calls/{call.id}/resume-recording")

    there = f"/Conferences/CF{7:032}/Recordings/Twilio.CURRENT.json"
    assert [path.endswith(there) for path in carrier.paths] == [True, True]
    assert "Not recording" in paused


def test_a_pause_that_the_provider_refuses_is_never_shown_as_one(
    client: FlaskClient, session: Session, now: datetime, carrier: FakeCarrier
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    carrier.answers.append((503, 20503))

    send(client, "/console", f"/console/calls/{call.id}/pause-recording", next="/console")

    page = page_of(client, "/console")
    assert "could not be paused" in page
    assert "Still recording!" in page and "Not recording" not in page
