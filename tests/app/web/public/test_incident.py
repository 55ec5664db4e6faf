"""On the form a known incident is said where place and kind are its; one click counts, and another sends apart."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.app.web.public.public_forms import fill_in, send_again
from tests.factories import open_ticket, staff, unit
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.schema import Contact, IncidentPerson, OutboundMessage, Ticket
from tickets.states import Role
from tickets.work import incidents
from tickets.work.incidents import WantedIncident

WORDS, ENGLISH = "Khu vực mất điện, đang sửa.", "A power cut."
GIVEN = {"body": "Rác ba ngày chưa ai thu gom.", "place": "phường Sài Gòn", "phone": "0901234567"}


@pytest.fixture
def incident(session, now):
    boss = staff(session, role=Role.SUPERVISOR, at="79")
    master = open_ticket(session, now=now)
    wanted = WantedIncident(master.ticket_id, [unit(session).id], None, WORDS, ENGLISH, timedelta(hours=2))
    viewer = load_viewer(session, boss.id, now=now)
    return incidents.set_incident(session, wanted, viewer=viewer, actor=staff_actor(boss.id), now=now)


def people(session):
    return session.scalars(select(IncidentPerson)).all()


def test_whoever_reports_from_there_is_told_once_and_one_click_keeps_their_words(client, session, incident):
    asked = fill_in(client, "/", "/", **GIVEN)
    assert WORDS in asked.get_data(as_text=True)

    answer = send_again(client, asked, "/", count=str(incident.id))

    [person] = people(session)
    assert (person.phone, person.incident_id) == ("+84901234567", incident.id)
    assert session.get_one(Ticket, person.ticket_id).body == GIVEN["body"]
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/sent/")


def test_whoever_sends_again_gets_a_request_of_their_own(client, session, incident):
    asked = fill_in(client, "/", "/", **GIVEN)

    answer = send_again(client, asked, "/")

    assert answer.status_code == 303
    assert people(session) == []


def test_without_words_a_number_is_enough(client, session, incident):
    before = session.scalar(select(func.count()).select_from(Ticket))

    answer = fill_in(client, "/", "/", **{**GIVEN, "body": "", "count": str(incident.id)})

    assert answer.status_code == 303
    [person] = people(session)
    assert (person.phone, person.ticket_id) == ("+84901234567", None)
    assert session.get_one(Contact, person.contact_id).ticket_id == incident.master_id
    assert session.scalar(select(func.count()).select_from(Ticket)) == before


def test_who_gives_no_address_is_asked_for_one_and_keeps_what_they_wrote(client, session, incident):
    answer = fill_in(client, "/", "/", **{**GIVEN, "phone": "", "count": str(incident.id)})

    assert answer.status_code == 422
    assert GIVEN["body"] in answer.get_data(as_text=True)
    assert people(session) == []


def test_danger_is_never_counted_with_others(client, session, incident):
    burning = {**GIVEN, "body": "Nhà bên cạnh đang cháy, có người mắc kẹt!", "count": str(incident.id)}

    page = fill_in(client, "/", "/", **burning).get_data(as_text=True)

    assert WORDS not in page
    assert people(session) == []


def test_elsewhere_nothing_is_said(client, incident):
    page = fill_in(client, "/", "/", **{**GIVEN, "place": "phường Bến Thành"})

    assert WORDS not in page.get_data(as_text=True)


def test_the_acknowledgement_of_the_form_says_it_too(client, session, incident):
    send_again(client, fill_in(client, "/", "/", **GIVEN), "/")

    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "ticket_opened")).all()
    assert [one.params["incident"]["vi"] for one in told if one.address == "+84901234567"] == [WORDS]


@pytest.mark.parametrize(
    ("locale", "words", "place"), [("vi", WORDS, "Phường Sài Gòn"), ("en", ENGLISH, "Sai Gon Ward")]
)
def test_a_disaster_is_said_before_anybody_writes_and_its_link_leads_to_being_counted(
    client, session, incident, locale, words, place
):
    incident.is_disaster = True
    session.flush()
    client.set_cookie("locale", locale)

    first = client.get("/").get_data(as_text=True)

    assert words in first and place in first[: first.index(words)][-300:]
    link = html.unescape(re.search(r'href="(/\?[^"#]+)#f-body"', first)[1])
    begun = client.get(link).get_data(as_text=True)
    assert f'name="count" value="{incident.id}"' in begun
    assert begun.count(words) == 1


def disaster(session, now, *places, words):
    """One of these units, all kinds of matter; of none: of the whole city."""
    boss = staff(session, role=Role.SUPERVISOR, at="79")
    ids = [unit(session, code).id for code in places]
    wanted = WantedIncident(open_ticket(session, now=now).ticket_id, ids, None, words, words, timedelta(hours=2))
    viewer = load_viewer(session, boss.id, now=now)
    set_one = incidents.set_incident(session, wanted, viewer=viewer, actor=staff_actor(boss.id), now=now)
    set_one.is_disaster = True
    session.flush()


def test_a_small_incident_of_a_ward_hides_no_disaster(client, session, incident, now):
    disaster(session, now, words="Bão lớn toàn thành phố.")

    page = fill_in(client, "/", "/", **GIVEN).get_data(as_text=True)

    assert f'name="count" value="{incident.id}"' in page and WORDS in page
    assert page.count("Bão lớn toàn thành phố.") == 1


@pytest.mark.parametrize(
    ("locale", "asks"),
    [
        ("vi", "Chọn nơi của ông/bà để được tính và báo lại khi xong"),
        ("en", "Choose your place to be counted and told when it is over"),
    ],
)
def test_a_disaster_of_several_places_asks_for_the_place_by_which_it_counts(client, session, now, locale, asks):
    disaster(session, now, "26740", "26743", words="Nước ngập hai phường.")
    client.set_cookie("locale", locale)

    first = client.get("/").get_data(as_text=True)

    assert re.search(rf'href="#f-place">\s*{asks}<', first) and 'id="f-place"' in first
    assert 'name="count"' in fill_in(client, "/", "/", **GIVEN).get_data(as_text=True)


def test_what_is_no_disaster_is_said_to_nobody_whom_it_does_not_concern(client, session, incident, now):
    assert WORDS not in client.get("/").get_data(as_text=True)

    incident.is_disaster, incident.expires_at = True, now - timedelta(minutes=1)
    incident.starts_at = now - timedelta(hours=2)
    session.flush()
    assert WORDS not in client.get("/").get_data(as_text=True)
