"""A ticket's page in a browser without script: whichever button is pressed, what stands in its other forms is kept."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.floor import presence
from tests.app.web.console.console_scene import agent_at, page_of, row, send
from tests.app.web.console.test_calls import talking
from tests.factories import open_ticket
from tickets.schema import Draft, Staff

# What stands in every form of the page when a button is pressed.
TYPED = {
    "reply.body": "Dear Mr An,",
    "note.note": "She rang twice.",
    "heard.heard": "It is still dark.",
    "transfer.reason": "It is not ours.",
    "third-party.reason": "The power company repairs it.",
    "elsewhere.code": "A-17",
    "link.master": "26123",
    "place.place": "Lê Lợi 12",
}


def shown_of(session: Session, agent: Staff) -> dict[str, str]:
    """The words that are kept, by field and form."""
    session.expire_all()
    found = session.scalars(select(Draft).where(Draft.staff_id == agent.id))
    return {f"{draft.form.value}.{name}": words for draft in found for name, words in draft.fields.items()}


def test_a_press_of_the_bar_stays_in_its_frame_and_every_form_of_the_page_its_own(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    session.commit()

    page = page_of(client, f"/console/tickets/{opened.reference}")
    alone = page_of(client, "/console/call-bar/alone")

    frame = page.split("<noscript>")[1].split("</noscript>")[0]
    assert 'src="/console/call-bar/alone"' in frame
    assert f'action="/console/calls/{call.id}/ready?next=/console/call-bar/alone"' in alone
    assert alone.count('target="_blank"') == alone.count("<a "), "no link leads the page around it away"


def test_a_picture_that_was_chosen_is_asked_for_again_when_another_form_is_sent(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/note?form=note", **TYPED, **{"note.once": "k", "pictures.pictures": "hố ga.jpg"})
    said = page_of(client, here)
    send(client, here, f"{here}/note?form=note", **TYPED, **{"note.once": "l", "pictures.pictures": ""})

    assert "The picture “hố ga.jpg” was not sent: choose it again." in said
    assert "choose it again" not in page_of(client, here)


@pytest.mark.parametrize(("form", "field"), [("note", "note"), ("heard", "heard"), ("reply", "body")])
def test_a_form_that_is_sent_leaves_the_others_as_they_were(
    client: FlaskClient, session: Session, now: datetime, form: str, field: str
) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    answer = send(client, here, f"{here}/{form}?form={form}", **TYPED, **{f"{form}.once": "k"})

    assert answer.status_code == 303
    assert TYPED[f"{form}.{field}"] in page_of(client, here).split('class="timeline"')[1].split("</ol>")[0]
    others = {name: words for name, words in TYPED.items() if not name.startswith(form)}
    kept = shown_of(session, agent)
    assert kept.items() >= others.items()
    assert f"{form}.{field}" not in kept


def test_taking_the_ticket_keeps_the_answer_and_the_note(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/claim?form=reply", **TYPED, **{"reply.once": "k"})

    assert row(session, opened.reference).assignee_id == agent.id
    assert shown_of(session, agent).items() >= TYPED.items()


def test_a_refused_form_shows_its_fault_and_every_other_forms_words(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    refused = send(client, here, f"{here}/transfer?form=transfer", **TYPED, **{"transfer.queue": "nowhere"})

    assert refused.status_code == 400
    page = refused.get_data(as_text=True)
    assert [words for words in TYPED.values() if words not in page] == []


def test_enter_in_a_field_sends_nothing_and_keeps_everything(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    before = row(session, opened.reference).updated_at

    answer = send(client, here, f"{here}/typed", **TYPED)

    assert answer.headers["Location"] == here
    assert shown_of(session, agent).items() >= TYPED.items()
    assert row(session, opened.reference).updated_at == before
    assert "What you typed is kept." in page_of(client, here)


def test_fields_that_the_page_filled_in_itself_are_nobodys_words(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    ticket = row(session, opened.reference)

    filled = {
        "place.place": ticket.place_text, "priority.priority": "normal", "third-party.wake_at": "2027-01-01T08:00",
        "elsewhere.system": "1022", "reply.channel": "manual", "place.send": "1",
    }  # fmt: skip
    send(client, here, f"{here}/typed", **filled)

    assert shown_of(session, agent) == {}
    assert 'tag-warn">not sent' not in page_of(client, here)


def test_words_about_what_is_not_theirs_are_kept_for_nobody(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    foreign = open_ticket(session, unit_code="26824")
    agent = agent_at(client, session, now)

    answer = send(client, "/console", f"/console/tickets/{foreign.reference}/typed", **TYPED)

    assert answer.status_code == 404
    assert shown_of(session, agent) == {}
