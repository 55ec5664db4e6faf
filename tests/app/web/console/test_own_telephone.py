"""My telephone: chosen on a page of my own, helped with by a supervisor, and what a browser registers with."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import jwt
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.settings import Settings
from app.web.factory import create_app
from telephony.floor import presence
from telephony.floor.telephones import ChosenTelephone, choose
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.factories import staff, unit
from tests.signing_in import sign_in
from tickets.directory import web_sessions
from tickets.people.actor import SYSTEM
from tickets.schema import AgentTelephone, AuditEntry, Line, Presence, WebSession
from tickets.states import PresenceState, Role, TelephoneKind

HERE = "/my/telephone"
SECRET = "shared-with-the-exchange-0123456789"
EXCHANGE = {
    "sip_wss_url": "wss://sip.thanh-pho.vn:8443", "sip_secret": SECRET, "turn_urls": "turns:turn.thanh-pho.vn:443",
    "turn_secret": SECRET + "-of-the-relay",
}  # fmt: skip
PROVIDER = {
    "demo": False, "twilio_account_sid": "AC" + "1" * 32, "twilio_auth_token": "t" * 32, "twilio_country": "VN",
    "twilio_api_key": "SK" + "2" * 32, "twilio_api_secret": "s" * 40,
}  # fmt: skip
TRUNK = {
    "demo": False, "twilio_account_sid": "AC" + "1" * 32, "twilio_auth_token": "t" * 32, "twilio_country": "VN",
    "twilio_base_url": "https://somleng.thanh-pho.vn",
}  # fmt: skip


@pytest.fixture
def reached(
    settings: Settings, database: Engine, session: Session, now: datetime
) -> Iterator[Callable[..., FlaskClient]]:
    """A browser at an installation with these settings."""
    with ExitStack() as open_apps:

        def browser(*, at: datetime = now, **more: object) -> FlaskClient:
            app = create_app(settings.model_copy(update=more), engine=database)
            app.config["TESTING"] = True
            open_apps.enter_context(app.bound_to(session, at))
            return app.test_client()

        yield browser


def chosen(session: Session, staff_id: int) -> tuple[TelephoneKind, str] | None:
    row = session.get(AgentTelephone, staff_id, populate_existing=True)
    return (row.kind, row.address) if row else None


def register(client: FlaskClient):
    return send(client, HERE, "/console/telephone/credentials")


def test_an_agent_chooses_a_number_and_calls_ring_there_at_once(client, session, now):
    agent = agent_at(client, session, now)
    send(client, "/console", "/console/presence", state="available", next="/console")

    answer = send(client, HERE, HERE, kind="number", address="0901 234 567")

    assert answer.status_code == 303
    assert chosen(session, agent.id) == (TelephoneKind.NUMBER, "+84901234567")
    mine = session.get(Presence, agent.id, populate_existing=True)
    assert (mine.state, mine.phone) == (PresenceState.AVAILABLE, "+84901234567")
    page = page_of(client, HERE)
    assert "Kept: calls ring there from now on." in page
    assert "End a call with" in page
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "telephone.chosen"))
    assert entry.params == {"telephone_kind": "number", "staff_id": agent.id}, "the trail holds no numbers"


def test_where_no_account_asks_for_a_key_a_number_cannot_be_chosen_nor_taken_calls_at(reached, session, now):
    client = reached(**TRUNK)
    agent = agent_at(client, session, now)

    refused = send(client, HERE, HERE, kind="number", address="0901 234 567")

    assert refused.status_code == 400
    page = refused.get_data(as_text=True)
    assert "a voicemail would take the caller" in page and "0901 234 567" in page, "nothing typed is lost"
    assert chosen(session, agent.id) is None

    # Chosen while another account was there.
    choose(session, agent.id, ChosenTelephone(TelephoneKind.NUMBER, "+84901234567"), actor=SYSTEM, now=now)
    session.commit()
    send(client, "/console", "/console/presence", state="available", next="/console")
    assert "a voicemail would take the caller" in page_of(client, "/console")
    mine = session.get(Presence, agent.id, populate_existing=True)
    assert mine is None or mine.state is not PresenceState.AVAILABLE


def test_during_a_call_the_choice_waits_for_the_next_one(client, session, now):
    agent = agent_at(client, session, now)
    presence.go_available(session, agent.id, now=now)
    session.get(Presence, agent.id).state = PresenceState.ON_CALL
    session.commit()

    send(client, HERE, HERE, kind="number", address="0901 234 567")

    assert session.get(Presence, agent.id, populate_existing=True).phone == ""
    assert "from the next “Take calls” on" in page_of(client, HERE)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"kind": "number", "address": "0901"}, "This is not a phone number that can be called."),
        ({"kind": "sip", "address": "so 12"}, "A SIP address has the form"),
        ({"kind": "", "address": "giữ lại"}, "This field is required."),
    ],
)
def test_what_cannot_be_rung_is_said_and_nothing_typed_is_lost(client, session, now, form, words):
    agent = agent_at(client, session, now)

    answer = send(client, HERE, HERE, **form)

    assert answer.status_code == 400
    assert words in answer.text
    assert f'value="{form["address"]}"' in answer.text
    assert chosen(session, agent.id) is None


def test_one_of_our_own_lines_is_not_rung(client, session, now):
    agent_at(client, session, now)
    ours = session.scalars(select(Line.phone).where(Line.is_city)).one()

    answer = send(client, HERE, HERE, kind="number", address=ours)

    assert "This is a number of ours" in answer.text


def test_a_supervisor_helps_an_agent_of_the_own_ward_and_nobody_elses(client, session, now):
    mine, foreign = staff(session, role=Role.AGENT, at="26740"), staff(session, role=Role.AGENT, at="26824")
    agent_at(client, session, now, role=Role.SUPERVISOR)
    there = f"/supervisor/telephones/{mine.id}"

    answer = send(client, there, there, kind="sip", address="so12@sip.example.vn")

    assert answer.status_code == 303
    assert chosen(session, mine.id) == (TelephoneKind.SIP, "sip:so12@sip.example.vn")
    assert client.get(f"/supervisor/telephones/{foreign.id}").status_code == 404


def test_an_administrator_sees_and_sets_everybodys(client, session, now):
    agent = staff(session, role=Role.AGENT, at="26740", name="Lê Thị Máy")
    sign_in(client, session, role=Role.ADMINISTRATOR, unit=unit(session, "TTDH"), now=now)
    session.commit()

    assert "Lê Thị Máy" in page_of(client, f"/supervisor/telephones/{agent.id}")
    assert f"/supervisor/telephones/{agent.id}" in page_of(client, f"/administration/people/{agent.id}")


def test_where_an_exchange_is_set_up_its_telephones_alone_are_rung(reached, session, now):
    client = reached(**EXCHANGE)
    agent = agent_at(client, session, now)

    answer = send(client, HERE, HERE, kind="sip", address="1900@gateway.example")
    assert "ends in @sip.thanh-pho.vn" in answer.text

    send(client, HERE, HERE, kind="browser")
    send(client, "/console", "/console/presence", state="available", next="/console")
    mine = session.get(Presence, agent.id, populate_existing=True)
    assert mine.phone == f"sip:agent_{agent.id}@sip.thanh-pho.vn", "a browser is a telephone at the exchange"
    assert mine.telephone_at == now, "and has to say that it can ring"


def test_credentials_for_the_exchange_end_by_themselves_and_open_it_for_this_agent_alone(reached, session, now):
    client = reached(**EXCHANGE)
    agent = agent_at(client, session, now)

    answer = register(client)

    told = answer.json
    ends = int((now + timedelta(hours=1)).timestamp())
    assert (told["driver"], told["uri"]) == ("exchange", f"sip:agent_{agent.id}@sip.thanh-pho.vn")
    assert told["user"] == f"{ends}:agent_{agent.id}"
    digest = hmac.new(SECRET.encode(), told["user"].encode(), hashlib.sha1).digest()
    assert told["password"] == base64.b64encode(digest).decode()
    [relay] = told["relays"]
    assert relay["urls"] == ["turns:turn.thanh-pho.vn:443"]
    assert relay["credential"] != told["password"]
    assert SECRET not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "telephone.registered"))
    assert (entry.subject_id, set(entry.params)) == (agent.id, {"until"})


def test_a_token_of_the_provider_is_for_this_agents_name_for_an_hour_and_dials_nobody(reached, session, now):
    client = reached(**PROVIDER)
    agent = agent_at(client, session, now)

    told = register(client).json

    secret, unexpired = str(PROVIDER["twilio_api_secret"]), {"verify_exp": False}
    claims = jwt.decode(told["token"], secret, algorithms=["HS256"], options=unexpired)
    assert claims["grants"] == {"identity": f"agent_{agent.id}", "voice": {"incoming": {"allow": True}}}
    assert 3500 < claims["exp"] - time.time() <= 3600
    assert (claims["sub"], claims["iss"]) == (PROVIDER["twilio_account_sid"], PROVIDER["twilio_api_key"])


def test_credentials_never_outlive_the_session(reached, session, now):
    client = reached(**EXCHANGE)
    agent_at(client, session, now)
    soon = now + timedelta(minutes=7)
    session.scalars(select(WebSession)).one().expires_at = soon
    session.commit()

    assert register(client).json["user"].startswith(f"{int(soon.timestamp())}:")


def test_who_was_signed_out_gets_no_credentials(reached, session, now):
    client = reached(**EXCHANGE)
    agent = agent_at(client, session, now)
    page = client.get(HERE).get_data(as_text=True)
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    web_sessions.end_all_of(session, agent.id, now=now)
    session.commit()

    answer = client.post("/console/telephone/credentials", headers={"X-CSRFToken": token})

    assert (answer.status_code, answer.data) == (401, b"")


def test_who_talks_at_another_telephone_gets_no_credentials_for_the_browser(reached, session, now):
    client = reached(**EXCHANGE)
    agent_at(client, session, now)
    send(client, HERE, HERE, kind="number", address="0901 234 567")

    assert register(client).status_code == 409


def test_the_page_says_whose_callers_cannot_be_put_through(reached, session, now):
    client = reached(
        demo=False, twilio_account_sid="AC1", twilio_auth_token="t" * 32, twilio_base_url="https://somleng.thanh-pho.vn"
    )
    agent_at(client, session, now)

    page = page_of(client, HERE)

    assert "none of our accounts can ring it" in page
    assert "Nothing rings in browsers here" in page
    send(client, HERE, HERE, kind="number", address="0901 234 567")
    assert "cannot be put through" not in page_of(client, HERE)
