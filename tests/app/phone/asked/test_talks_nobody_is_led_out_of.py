"""Talks by a city's own trunk, or by a provider that refuses: nobody is led out, and nothing told of a leg."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.phone.accounts import provider_accounts
from app.phone.answers import Phones
from app.phone.known_accounts import known_accounts
from telephony.call.untold_talks import note_lasting_talks
from telephony.floor import offers, presence
from telephony.floor.telephones import ChosenTelephone, choose
from tests.app.phone.asked.asked_scene import ends, soon
from tests.app.web.console.console_scene import page_of, send
from tests.factories import unit
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tests.telephony.provider.account_rows import add
from tickets.people.actor import SYSTEM
from tickets.schema import Call, CallbackRequest, Line
from tickets.states import TelephoneKind

DESK = "sip:desk@exchange.test"


class TrunkPhone(Phone):
    """Calls by the city's own server, which tells nothing of an agent's leg and leads nobody out of a talk."""

    def post(self, path, fields=None, **more):
        path = path if path.startswith("http") else f"{self.base}/webhooks/trunk/{path}"
        return super().post(path, fields, **more)


@pytest.fixture
def trunk_talk(committed, app, client, agent, provider):
    """Accepted on the bar, and the telephone on the agent's desk rings."""
    with committed.factory() as session:
        add(session, app.settings, "trunk", api_base_url=f"http://127.0.0.1:{provider.server_port}")
        choose(session, agent, ChosenTelephone(TelephoneKind.SIP, DESK), actor=SYSTEM, now=utc_now())
        presence.go_available(session, agent, phone=DESK, now=utc_now())
        line = session.scalars(select(Line).where(Line.is_city)).first().phone
        session.commit()
    known_accounts(app.settings).renew(app.sessions, at_once=True)
    phone = TrunkPhone(app.test_client(), app.settings, to=line, sid="11111111-0000-4000-8000-000000000001")
    phone.account = provider_accounts(app.settings)["trunk"]
    provider.calls[phone.sid] = "in-progress"
    phone.ring().press("0")
    with committed.factory() as session:
        session.scalars(select(Call)).one().unit_id = unit(session, "26740").id
        session.commit()
        offers.offer_waiting_calls(session, now=utc_now())
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()
    phone.wait()
    assert phone.document.find("Dial") is not None
    return phone


def lasts(committed, phones):
    """The next sweep after a minute."""
    with committed.factory() as session:
        later = utc_now() + timedelta(minutes=1)
        noted = note_lasting_talks(session, lambda name: phones.desk(session, name, now=later), now=later)
        session.commit()
        return noted


def bar_of(client):
    return page_of(client, "/console/call-bar")


def test_that_a_talk_has_begun_is_known_from_the_telephone_where_the_provider_does_not_tell(
    committed, trunk_talk, client
):
    assert "Connecting…" in bar_of(client) and "Pass on" not in bar_of(client)

    assert beat_of(client, "talking").status_code == 204

    assert "Connecting…" not in bar_of(client) and "Pass on" in bar_of(client)
    trunk_talk.hang_up()
    assert "ready again in" in bar_of(client), "the agent writes it down"
    with committed.factory() as session:
        assert session.scalars(select(CallbackRequest.id)).all() == [], "and nobody is rung for what was talked about"


def beat_of(client, telephone):
    token = page_of(client, "/console").split('name="csrf_token" value="')[1].split('"')[0]
    return client.post("/console/presence/beat", data={"csrf_token": token}, headers={"X-Telephone": telephone})


def test_a_talk_that_lasts_longer_than_a_telephone_rings_has_begun(committed, app, trunk_talk, client):
    phones = Phones(app.settings, app.reference)

    assert lasts(committed, phones) == 1
    assert lasts(committed, phones) == 0

    assert "Pass on" in bar_of(client)
    trunk_talk.hang_up()
    assert "ready again in" in bar_of(client)


def test_an_agent_who_ends_a_trunks_talk_takes_the_callers_leg_down_and_their_own_with_it(
    committed, app, trunk_talk, client, provider
):
    lasts(committed, Phones(app.settings, app.reference))

    assert "ready again in" in ends(committed, client)

    assert soon(lambda: (trunk_talk.sid, "") in provider.led)
    assert all(not url for _sid, url in provider.led), "nobody is led to where they would never be"


def test_a_trunks_caller_is_on_hold_once_the_telephone_is_down_and_talks_on_with_the_same_agent(
    committed, app, trunk_talk, client
):
    lasts(committed, Phones(app.settings, app.reference))
    with committed.factory() as session:
        call_id = session.scalars(select(Call.id)).one()

    send(client, "/console", f"/console/calls/{call_id}/hold")
    assert "until then the caller hears you" in bar_of(client) and "data-put-down" in bar_of(client)
    trunk_talk.post(trunk_talk.next_action(), DialCallStatus="completed", DialCallDuration="60")

    assert trunk_talk.document.find(".//Play") is not None, "music"
    assert "Resume the call" in bar_of(client) and "ready again in" not in bar_of(client)
    send(client, "/console", f"/console/calls/{call_id}/take-back")
    trunk_talk.wait()
    assert trunk_talk.document.find("Dial") is not None
    assert "until then" not in bar_of(client)


def test_an_agent_hears_that_a_refusing_provider_left_the_caller_in_the_talk(committed, talk, agent, client, provider):
    with committed.factory() as session:
        choose(session, agent, ChosenTelephone(TelephoneKind.SIP, DESK), actor=SYSTEM, now=utc_now())
        call_id = session.scalars(select(Call.id)).one()
        session.commit()
    provider.broken = True

    send(client, "/console", f"/console/calls/{call_id}/hold")

    assert soon(lambda: "until then the caller hears you" in bar_of(client))
    talk.post(talk.next_action(), DialCallStatus="completed", DialCallDuration="60")
    assert "until then" not in bar_of(client) and "Resume the call" in bar_of(client)
