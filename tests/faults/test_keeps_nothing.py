"""A database that answers and keeps nothing: pages and programs hear 503, and what was typed can be sent again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
import requests
from sqlalchemy import func, make_url, select

from app.accounts.enrolment import add_token
from app.storage.database import transaction
from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from tests.app.web.public.public_forms import fields_of
from tests.factories import ticket
from tests.faults.breakable import Place
from tests.faults.nodes import LONG, wait_until
from tests.signing_in import person_with
from tickets.schema import Ticket, TimelineEntry, WebSession
from tickets.states import Role

pytestmark = pytest.mark.fault

NOTE = "Đã gọi cho tổ trưởng dân phố,\nhẹn chiều nay ra hiện trường <sau 15 giờ>."


@contextmanager
def disk_full(place: Place) -> Iterator[None]:
    """Reading goes on; whoever writes is told that there is no room."""
    url = make_url(place.engines.superuser_database_url).set(
        drivername="postgresql", database=make_url(place.settings.database_url).database
    )
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(
            "create function full_disk() returns trigger language plpgsql as "
            "$$ begin raise exception using errcode = '53100', message = 'No space left on device'; end $$"
        )
        for table in ("timeline_entry", "ticket"):
            connection.execute(
                f"create trigger full_disk before insert or update on {table} execute function full_disk()".encode()
            )
        yield
        for table in ("timeline_entry", "ticket"):
            connection.execute(f"drop trigger full_disk on {table}".encode())


TROUBLES: list[Callable[[Place], object]] = [Place.read_only, disk_full]
WORDS = [("vi", "Chưa có gì được lưu"), ("en", "Nothing was saved")]
EVERY = [(trouble, *words) for trouble in TROUBLES for words in WORDS]


@pytest.mark.parametrize(
    ("trouble", "language", "nothing_saved"),
    EVERY if LONG else [(read, *words) for read, words in zip(TROUBLES, WORDS, strict=True)],
)
def test_a_note_that_cannot_be_kept_stays_on_the_page_and_is_sent_from_there(
    place: Place, trouble, language: str, nothing_saved: str
):
    now = datetime.now(UTC)
    with transaction(place.factory) as session:
        token = add_token(session, name="program", scopes=["tickets:write"], unit_code="", now=now)
        person = person_with(session, role=Role.AGENT, now=now)
        person.locale = language
        matter = ticket(session)
        matter.assignee_id = person.id
        session.add(
            WebSession(
                token_hash=token_hash("a-session"), staff_id=person.id, created_at=now, last_seen_at=now,
                expires_at=now.replace(year=now.year + 1), second_factor_at=now,
            )
        )  # fmt: skip
        session.flush()
        address = f"/console/tickets/{matter.reference}/note"
    place.start_web()
    agent = requests.Session()
    agent.cookies.set(SESSION_COOKIE, "a-session")
    ticket_page = f"{place.base_url}{address.removesuffix('/note')}"
    assert wait_until(lambda: agent.get(ticket_page, timeout=30).ok)
    form = {**fields_of(agent.get(ticket_page, timeout=30).text, address), "note": NOTE}

    with trouble(place):
        refused = agent.post(f"{place.base_url}{address}", data=form, timeout=30)
        program = requests.post(
            f"{place.base_url}/api/v1/tickets",
            json={"subject": "Cống nghẹt", "body": "Nước ngập.", "unit": "26740", "phone": "0901234567"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
    assert wait_until(lambda: agent.get(ticket_page, timeout=30).ok)
    kept = fields_of(refused.text, address)
    again = agent.post(f"{place.base_url}{address}", data=kept, timeout=30)
    assert again.ok, (again.status_code, again.url, again.text[:3000], dict(kept))

    assert (refused.status_code, program.status_code) == (503, 503)
    assert nothing_saved in refused.text
    assert program.headers["Content-Type"] == "application/problem+json"
    assert {answer.headers["Retry-After"] for answer in (refused, program)} == {"60"}
    assert kept["note"].replace("\r\n", "\n").strip() == NOTE
    with place.factory() as session:
        written = [body.replace("\r\n", "\n") for body in session.scalars(select(TimelineEntry.body)) if body]
        tickets = session.scalar(select(func.count()).select_from(Ticket))
    assert written.count(NOTE) == 1
    assert tickets == 1
