"""Calls now: who is on the line with whom in one's own area, and taking a talk over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.phone import accounts
from telephony.call import end
from telephony.call.supervising import enter_talk, note_partys_leg
from telephony.calls import lock_call, note_leg_status
from telephony.floor import presence
from telephony.floor.rooms import TalkPart, room_of
from telephony.provider.account import Capability, ProviderKind
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.app.web.console.test_calls import state_of, talking, waiting_call
from tests.factories import open_ticket, staff
from tickets.schema import AuditEntry, Presence, Ticket
from tickets.states import CallState, Channel, PresenceState, Role

HERE = "/supervisor/calls"
ONLY_TWO = "the provider of this call connects two people only"


def test_everybody_on_the_line_stands_there_masked_with_their_agent_and_urgency(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = staff(session, name="Trần Thị Lan")
    talking(session, agent, now)
    waiting_call(session, now, phone="+84904445566", detail={"emergency": True})
    agent_at(client, session, now, role=Role.SUPERVISOR)

    page = page_of(client, HERE)

    assert "Trần Thị Lan" in page and "Emergency" in page
    assert "1 caller talks with somebody" in page and "1 waits" in page
    assert "0904445566" not in page.replace(" ", "") and "+84904445566" not in page
    assert page.index("Emergency") < page.index("Trần Thị Lan"), "who is in danger comes first"


def test_calls_of_other_units_are_not_there(client: FlaskClient, session: Session, now: datetime) -> None:
    call = talking(session, staff(session, at="26824", name="Ngô Xa"), now, code="26824")
    agent_at(client, session, now, role=Role.SUPERVISOR)

    assert "Ngô Xa" not in page_of(client, HERE)
    assert send(client, HERE, f"{HERE}/{call.id}/take-over").status_code == 404


def test_of_a_restricted_request_neither_number_nor_reference_is_shown(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    ticket = open_ticket(session, channel=Channel.VOICE)
    call = talking(session, staff(session), now, ticket_id=ticket.ticket_id)
    session.get_one(Ticket, ticket.ticket_id).is_restricted = True
    session.commit()
    agent_at(client, session, now, role=Role.SUPERVISOR)

    page = page_of(client, HERE)

    assert "restricted" in page and ticket.reference not in page
    assert str(call.phone)[-4:] not in page


def test_a_talk_that_is_taken_over_rings_at_the_supervisor_and_the_agent_writes_down_theirs(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = staff(session)
    call = talking(session, agent, now)
    supervisor = agent_at(client, session, now, role=Role.SUPERVISOR)

    send(client, HERE, f"{HERE}/{call.id}/take-over")

    session.expire_all()
    assert (call.agent_id, call.state) == (supervisor.id, CallState.TALKING)
    assert (state_of(session, agent), state_of(session, supervisor)) == (PresenceState.WRAP_UP, PresenceState.ON_CALL)
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.staff_id == supervisor.id)).all() == [
        "call.taken_over"
    ]


RINGS_NOW, RINGS_LATER = "your telephone rings now", "your telephone rings as soon as the agent’s goes down"


@pytest.mark.parametrize(
    ("kind", "said", "not_said"),
    [(ProviderKind.TWILIO, RINGS_NOW, RINGS_LATER), (ProviderKind.OWN_TRUNK, RINGS_LATER, RINGS_NOW)],
)
def test_where_no_provider_leads_the_caller_nobody_is_told_that_it_rings_at_once(
    client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch, kind, said, not_said
) -> None:
    usual = accounts.simulated_account
    monkeypatch.setattr(accounts, "simulated_account", lambda s: replace(usual(s), kind=kind))
    call = talking(session, staff(session), now)
    agent_at(client, session, now, role=Role.SUPERVISOR)

    send(client, HERE, f"{HERE}/{call.id}/take-over")

    page = page_of(client, HERE)
    assert said in page and not_said not in page


def test_where_a_provider_connects_two_only_listening_is_greyed_with_the_reason_and_refused(
    client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = staff(session)
    call = talking(session, agent, now)
    agent_at(client, session, now, role=Role.SUPERVISOR)
    assert [word in page_of(client, HERE) for word in (ONLY_TWO, 'value="listens" disabled')] == [False, False]
    usual = accounts.simulated_account
    two_only = frozenset(Capability) - {Capability.CONFERENCE}
    monkeypatch.setattr(accounts, "simulated_account", lambda s: replace(usual(s), capabilities=two_only))

    page = page_of(client, HERE)

    for part in TalkPart:
        button = page.split(f'value="{part.value}"')[1].split(">")[0]
        assert "disabled" in button and f'aria-describedby="why-{call.id}"' in button
        send(client, HERE, f"{HERE}/{call.id}/enter", part=part.value)
        assert "The provider of this call connects two people only." in page_of(client, HERE)
    assert f'id="why-{call.id}">{ONLY_TWO}' in page
    session.refresh(call)
    assert room_of(call.detail) is None, "nobody came in"
    assert state_of(session, agent) is PresenceState.ON_CALL


def test_whoever_talks_themselves_takes_nobody_over(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = staff(session)
    call = talking(session, agent, now)
    supervisor = agent_at(client, session, now, role=Role.SUPERVISOR)
    presence.go_available(session, supervisor.id, now=now)
    session.get_one(Presence, supervisor.id).state = PresenceState.ON_CALL
    session.commit()

    send(client, HERE, f"{HERE}/{call.id}/take-over")

    assert "Not possible: you are on a call yourself" in page_of(client, HERE)
    assert lock_call(session, call.id).agent_id == agent.id


def test_a_talk_that_is_over_is_nobodys_to_take(client: FlaskClient, session: Session, now: datetime) -> None:
    call = waiting_call(session, now - timedelta(minutes=1))
    agent_at(client, session, now, role=Role.SUPERVISOR)

    send(client, HERE, f"{HERE}/{call.id}/take-over")

    assert "nobody is in it yet" in page_of(client, HERE)


def test_who_listens_reads_that_the_agent_is_ending_the_talk(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = staff(session)
    call = talking(session, agent, now)
    told = {"account": call.account, "status": "in-progress", "now": now}
    note_leg_status(session, call_id=call.id, leg_sid="CA-agent", staff_id=agent.id, **told)
    supervisor = agent_at(client, session, now, role=Role.SUPERVISOR)
    listens = {"name": supervisor.name, "phone": "", "part": TalkPart.LISTENS, "now": now}
    enter_talk(session, call.id, staff_id=supervisor.id, **listens)
    note_partys_leg(session, call.id, staff_id=supervisor.id, leg="CA-ear", now=now)
    session.commit()
    assert "Listening to a talk" in page_of(client, "/console/call-bar")

    end.finish_talk(session, call.id, staff_id=agent.id, now=now)
    session.commit()

    bar = page_of(client, "/console/call-bar")
    assert "Ending the call" in bar and "Listening to a talk" not in bar and "Leave the talk" in bar
