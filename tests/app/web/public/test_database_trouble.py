"""A citizen's pages while the database fails: what was typed stays, in their language, and nobody is told untruths."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, make_url, select

from app.clock import utc_now
from app.settings import Settings
from app.storage.database import transaction
from app.web.factory import create_app
from tests import factories
from tests.app.web.public.public_forms import fields_of
from tests.app.web.public.test_appeal import closed_refused
from tests.app.web.public.test_track import answered
from tests.conftest import Committed
from tickets.schema import Message, Ticket

SAID = "Hẻm 12 vẫn còn rác <chưa dọn> từ thứ hai."
STATES = ["40P01", "57014", "55P03", "25006", "57P01"]
NOTHING = {"vi": "Chưa có gì được lưu", "en": "Nothing was saved"}
FOLLOW = "/track/request"
# What a citizen types on the page of a request, by the state in which the form is there.
FORMS = {
    "message": ("new", f"{FOLLOW}/message", "body"),
    "not-solved": ("answered", f"{FOLLOW}/not-solved", "reason"),
    "appeal": ("closed", f"{FOLLOW}/appeal", "said"),
    "withdraw": ("new", f"{FOLLOW}/withdraw", "reason"),
}


@contextmanager
def tickets_fail(committed: Committed, state: str) -> Iterator[None]:
    """Whoever reads or writes a ticket meets this SQLSTATE; the owner of the tables does not."""
    url = make_url(committed.owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(
            "create function fails() returns boolean language plpgsql as "
            f"$$ begin raise exception using errcode = '{state}', message = 'as asked'; end $$".encode()
        )
        owner.execute("create policy fails on ticket using (fails()) with check (fails())")
        owner.execute("alter table ticket enable row level security")
        try:
            yield
        finally:
            owner.execute("alter table ticket disable row level security")
            owner.execute("drop policy fails on ticket; drop function fails()")


class Citizen:
    """A browser, and the request that its owner follows in each state."""

    def __init__(self, committed: Committed, settings: Settings, now: datetime) -> None:
        self.committed = committed
        self.browser: FlaskClient = create_app(settings, engine=committed.engine).test_client()
        with transaction(committed.factory) as session:
            self.requests = {"new": factories.open_ticket(session, now=now - timedelta(days=1))}
            self.requests["answered"] = factories.open_ticket(session, now=now - timedelta(days=2))
            answered(session, self.requests["answered"], now=now - timedelta(days=1))
            self.requests["closed"] = factories.open_ticket(session, now=now - timedelta(days=18))
            closed_refused(session, self.requests["closed"], now=now)

    def send(self, page: str, action: str, language: str, **typed: Any) -> Any:
        values = fields_of(page, action)
        for name, value in typed.items():
            values.setlist(name, [value])
        return self.browser.post(action, data=values, headers={"Accept-Language": language})

    def enter(self, which: str) -> str:
        request = self.requests[which]
        form = self.browser.get("/track").get_data(as_text=True)
        assert self.send(form, "/track", "vi", reference=request.reference, pin=request.pin).status_code == 303
        return self.browser.get(FOLLOW).get_data(as_text=True)


@pytest.fixture
def citizen(committed: Committed, settings: Settings) -> Citizen:
    return Citizen(committed, settings, utc_now())


def test_what_is_typed_on_a_requests_page_is_on_the_page_of_the_error_and_taken_from_there(citizen: Citizen) -> None:
    for (_name, (which, action, field)), state, language in zip(
        FORMS.items(), ["40P01", "57014", "25006", "57P01"], ["vi", "en", "vi", "en"], strict=True
    ):
        page = citizen.enter(which)
        with tickets_fail(citizen.committed, state):
            refused = citizen.send(page, action, language, **{field: SAID})
        shown = refused.get_data(as_text=True)
        again = citizen.send(shown, action, language)

        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60"), action
        assert NOTHING[language] in shown, (action, state)
        assert fields_of(shown, action)[field].strip() == SAID
        assert again.status_code == 303, action
    with citizen.committed.factory() as session:
        assert session.scalar(select(func.count()).where(Message.body == SAID)) == 1
        assert session.get_one(Ticket, citizen.requests["answered"].ticket_id).reopen_count == 1
        appealed = Ticket.continues_id == citizen.requests["closed"].ticket_id
        assert session.scalar(select(func.count()).where(appealed)) == 1


def test_the_two_numbers_are_asked_again_and_what_was_written_meanwhile_comes_along(citizen: Citizen) -> None:
    request = citizen.requests["new"]
    for state, language in zip(STATES, ["vi", "en", "vi", "en", "vi"], strict=True):
        token = fields_of(citizen.browser.get("/track").get_data(as_text=True), "/track")["csrf_token"]
        citizen.browser.post("/track/leave", data={"csrf_token": token})
        form = citizen.browser.post(f"{FOLLOW}/message", data={"csrf_token": token, "body": SAID})

        with tickets_fail(citizen.committed, state):
            typed = {"reference": request.reference, "pin": request.pin}
            refused = citizen.send(form.get_data(as_text=True), "/track", language, **typed)
        shown = refused.get_data(as_text=True)
        entered = citizen.send(shown, "/track", language, pin=request.pin)

        assert refused.status_code == 503, state
        assert {"vi": "nhập lại mã PIN", "en": "enter your PIN again"}[language] in shown
        assert request.pin not in shown
        assert entered.status_code == 200
        assert fields_of(entered.get_data(as_text=True), f"{FOLLOW}/message")["body"].strip() == SAID


def test_whoever_sent_a_report_and_cannot_see_its_numbers_yet_is_not_told_that_nothing_was_saved(
    citizen: Citizen,
) -> None:
    form = citizen.browser.get("/").get_data(as_text=True)
    sent = citizen.send(form, "/", "en", body=SAID, place="Phường Sài Gòn")
    if sent.status_code != 303:
        sent = citizen.send(sent.get_data(as_text=True), "/", "en")

    with tickets_fail(citizen.committed, "57014"):
        unseen = citizen.browser.get(sent.headers["Location"], headers={"Accept-Language": "en"})
    seen = citizen.browser.get(sent.headers["Location"])

    shown = unseen.get_data(as_text=True)
    assert unseen.status_code == 503
    assert NOTHING["en"] not in shown
    assert "what was received before is kept" in shown
    assert sent.headers["Location"] in shown, "to be opened again"
    assert seen.status_code == 200
