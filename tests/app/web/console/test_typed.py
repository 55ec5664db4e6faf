"""What is typed in the console comes back: after a refusal, a press of the bar, a closed tab; to its owner alone."""

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.floor import presence
from tests.app.web.console.console_scene import ENGLISH, agent_at, page_of, row, send
from tests.app.web.console.test_calls import ringing, state_of, talking
from tests.factories import open_ticket
from tickets.schema import Call, Draft, Offer, Ticket, TimelineEntry
from tickets.states import CallState, OfferOutcome, PresenceState, TimelineKind

HTMX = {**ENGLISH, "HX-Request": "true"}


def press(client: FlaskClient, page: str, action: str, *, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    """A press of the bar as the page's script sends it."""
    html = client.get(page, headers=ENGLISH).get_data(as_text=True)
    token = html.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(action, data={"csrf_token": token, **fields}, headers={**HTMX, **(headers or {})})


def drafts_in(session: Session) -> list[tuple[str, str, str]]:
    session.expire_all()
    found = session.scalars(select(Draft).order_by(Draft.form, Draft.about)).all()
    return [(draft.form.value, draft.about, draft.fields.get("body", "")) for draft in found]


def test_what_is_typed_in_a_call_comes_back_with_its_form_and_with_no_other(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    session.commit()

    typed = {"body": "The lamp is out.", "place": "District 1"}
    told = send(client, "/console/new", f"/console/calls/{call.id}/draft/new", **typed)

    assert told.status_code == 204
    for address in ("/console/new", f"/console/new?call={call.id}"):
        page = page_of(client, address)
        assert "The lamp is out.</textarea>" in page
        assert 'value="District 1"' in page
    without = page_of(client, "/console/new?call=none")
    assert "The lamp is out." not in without
    assert f'href="/console/new?call={call.id}"' in without


def test_the_form_of_a_call_that_is_over_still_belongs_to_the_call(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    presence.end_wrap_up(session, agent.id, now=now)
    session.commit()

    send(
        client, f"/console/new?call={call.id}", "/console/new",
        body="The lamp is out.", place="phường Sài Gòn", call=str(call.id), once="a-form", go="open",
    )  # fmt: skip

    session.expire_all()
    assert session.get_one(Call, call.id).ticket_id == session.scalars(select(Ticket.id)).one()


def test_a_form_begun_without_a_call_is_not_given_to_the_call_that_came_meanwhile(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    session.commit()

    send(
        client, "/console/new?call=none", "/console/new",
        body="The lamp is out.", place="phường Sài Gòn", call="", once="a-form", go="open",
    )  # fmt: skip

    session.expire_all()
    assert session.get_one(Call, call.id).ticket_id is None


def test_a_sent_form_is_no_draft_and_what_is_told_of_it_late_does_not_bring_it_back(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)
    form = {"body": "The lamp is out.", "place": "phường Sài Gòn", "call": "", "once": "a-form"}
    send(client, "/console/new", "/console/new/draft", **form)
    before = drafts_in(session)

    send(client, "/console/new", "/console/new", **form, go="open")
    late = send(client, "/console/new", "/console/new/draft", **form)

    assert before == [("new", "", "The lamp is out.")]
    assert late.status_code == 410
    assert drafts_in(session) == []


@pytest.mark.parametrize(
    ("action", "field"),
    [("note", "note"), ("heard", "heard"), ("transfer", "reason"), ("third-party", "reason"), ("set-aside", "reason"),
     ("priority", "reason"), ("reply", "body")],
)  # fmt: skip
def test_every_long_form_of_a_ticket_is_kept_and_shown_again(
    client: FlaskClient, session: Session, now: datetime, action: str, field: str
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    told = send(client, here, f"{here}/draft/{action}", **{field: "Words of mine."})

    assert told.status_code == 204
    assert "Words of mine." in page_of(client, here)
    assert f'data-draft-url="{here}/draft/{action}"' in page_of(client, here)
    assert "Words of mine." not in page_of(client, "/console/new")
    reminders = page_of(client, "/console").split('class="notice notice-info unsent"')[1].split("</section>")[0]
    assert opened.reference in reminders


def test_a_colleague_does_not_see_what_i_have_not_sent(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    send(client, here, f"{here}/draft/note", note="Words of mine.")

    agent_at(client, session, now)

    assert "Words of mine." not in page_of(client, here)
    assert "Typed and not sent" not in page_of(client, "/console")


def test_nobody_keeps_words_about_what_is_not_theirs(client: FlaskClient, session: Session, now: datetime) -> None:
    other = agent_at(client, session, now)
    call = talking(session, other, now)
    foreign = open_ticket(session, unit_code="26824")
    agent_at(client, session, now)

    statuses = [
        send(client, "/console", address, body="x").status_code
        for address in (
            f"/console/calls/{call.id}/draft/new",
            f"/console/calls/{call.id}/draft/wrap-up",
            f"/console/tickets/{foreign.reference}/draft/reply",
            "/console/calls/1/draft/reply",
            "/leadership/steps/1/draft",
        )
    ]

    assert set(statuses) <= {403, 404}
    assert drafts_in(session) == []


def test_a_refused_form_is_kept_so_that_its_page_can_be_opened_again(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    refused = send(client, here, f"{here}/transfer", queue="nowhere at all", reason="It is not ours.", once="k")
    new = send(client, "/console/new", "/console/new", body="The lamp is out.", phone="12", call="", go="open")

    assert (refused.status_code, new.status_code) == (400, 400)
    assert f'data-own-address="{here}"' in refused.get_data(as_text=True)
    assert 'data-own-address="/console/new?call=none"' in new.get_data(as_text=True)
    assert "It is not ours.</textarea>" in page_of(client, here)
    assert "The lamp is out.</textarea>" in page_of(client, "/console/new?call=none")


def test_a_press_of_the_bar_answers_with_the_bar_alone(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    session.commit()

    # Whoever ends a talk writes it down at once, however long the provider takes to say that the line is down.
    for action, words in (("hold", "Caller on hold"), ("take-back", "On a call"), ("end", "Wrapping up")):
        answer = press(client, "/console/new", f"/console/calls/{call.id}/{action}")

        bar = answer.get_data(as_text=True)
        assert answer.status_code == 200, action
        assert bar.lstrip().startswith('<div class="call-frame"'), action
        assert words in bar, action


@pytest.mark.parametrize("is_typing", [False, True])
def test_answering_leads_to_the_call_unless_somebody_is_typing(
    client: FlaskClient, session: Session, now: datetime, is_typing: bool
) -> None:
    agent = agent_at(client, session, now)
    call, offer = ringing(session, agent, now)

    said = {"X-Typing": "1" if is_typing else "0"}
    answer = press(client, "/console", f"/console/offers/{offer.id}/accept", headers=said)

    led_to = answer.headers.get("HX-Redirect")
    assert led_to == (None if is_typing else f"/console/new?call={call.id}")
    assert ("Take notes" in answer.get_data(as_text=True)) is is_typing


def test_a_press_on_the_page_of_a_refused_form_leads_back_to_a_page_that_exists(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    refused = send(client, here, f"{here}/note", note="").get_data(as_text=True)

    assert f'name="next" value="{here}"' in refused


def test_a_note_of_a_call_without_a_ticket_is_refused_and_kept(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    session.commit()
    here = f"/console/calls/{call.id}"

    refused = send(client, here, f"{here}/wrap-up", said="She calls again on Monday.", reference="")

    assert refused.status_code == 400
    assert "A note needs a ticket" in refused.get_data(as_text=True)
    assert "She calls again on Monday.</textarea>" in page_of(client, here)
    assert state_of(session, agent) is PresenceState.WRAP_UP


def test_the_note_that_ends_a_wrap_up_is_no_draft_any_more(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    ticket = open_ticket(session)
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    session.commit()
    here = f"/console/calls/{call.id}"
    send(client, here, f"{here}/draft/wrap-up", said="She calls")
    pressed = press(client, here, f"{here}/ready")
    kept = page_of(client, here)

    send(client, here, f"{here}/wrap-up", said="She calls again.", reference=ticket.reference, once="form")

    assert pressed.status_code == 200
    assert "She calls</textarea>" in kept
    assert drafts_in(session) == []
    notes = session.scalars(select(TimelineEntry.body).where(TimelineEntry.kind == TimelineKind.NOTE)).all()
    assert notes == ["She calls again."]


def test_the_note_of_a_talk_that_was_cut_off_is_kept_while_its_caller_waits_and_by_nobody_else(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    ticket = open_ticket(session)
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)
    session.add(
        Offer(call_id=call.id, staff_id=agent.id, offered_at=now, expires_at=now, outcome=OfferOutcome.ANSWERED)
    )
    presence.start_wrap_up(session, agent.id, call_id=call.id, now=now)
    session.commit()
    here = f"/console/calls/{call.id}"
    send(client, here, f"{here}/draft/wrap-up", said="She calls from")
    page = client.get(here, headers=ENGLISH)
    call.agent_id, call.state = None, CallState.QUEUED
    session.commit()

    assert "She calls from</textarea>" in page_of(client, here)
    token = page.get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    sent = {"csrf_token": token, "said": "She calls from home.", "reference": ticket.reference, "once": "form"}
    assert client.post(f"{here}/wrap-up", data=sent).status_code == 303

    notes = session.scalars(select(TimelineEntry.body).where(TimelineEntry.kind == TimelineKind.NOTE)).all()
    assert notes == ["She calls from home."]
    assert row_of_call(session, call.id).wrapped_up_at is None, "the call goes on"
    agent_at(client, session, now)
    assert client.get(here).status_code == 404


def row_of_call(session: Session, call_id: int) -> Call:
    session.expire_all()
    return session.get_one(Call, call_id)


def test_taking_a_ticket_keeps_the_answer_that_is_begun(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/claim", body="Dear Mr An,", once="k")

    assert row(session, opened.reference).assignee_id == agent.id
    assert "Dear Mr An,</textarea>" in page_of(client, here)


def test_the_pin_is_read_out_again_by_whoever_opened_the_ticket_and_by_nobody_else(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)
    form = {"body": "The lamp is out.", "place": "phường Sài Gòn", "call": "", "once": "a-form", "go": "open"}
    first = send(client, "/console/new", "/console/new", **form).get_data(as_text=True)
    reference = session.scalars(select(Ticket.reference)).one()

    again = page_of(client, f"/console/opened/{reference}")
    agent_at(client, session, now)

    assert f'data-own-address="/console/opened/{reference}"' in first
    assert first.split("big-number-value")[2][:40] == again.split("big-number-value")[2][:40]
    assert client.get(f"/console/opened/{reference}").status_code == 404


def test_of_many_reminders_the_last_three_are_seen_and_the_others_unfolded(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)
    for _number in range(5):
        here = f"/console/tickets/{open_ticket(session).reference}"
        send(client, here, f"{here}/typed", **{"note.note": "She rang twice."})

    reminders = page_of(client, "/console").split('class="notice notice-info unsent"')[1].split("</section>")[0]

    seen, folded = reminders.split("and 2 more")
    assert (seen.count("<li>"), folded.count("<li>")) == (3, 2)
