"""G16: whatever a request changes leaves one audit row in the same transaction, whoever writes the next page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.orm import Session

from app.factory import HotlineApp
from app.newcomers import add_token
from app.settings import Settings
from app.web.limits import limiter
from app.web.session_cookie import COOKIE
from tests import factories
from tests.signing_in import sign_in
from tests.whole_app.test_hostile_input import everybody
from tests.whole_app.test_rights import SCOPES, SENSIBLE, csrf
from tests.whole_app.things import OTHERS, OWN, Things, Way, address, administered, follow, things, ways
from tickets import assignment, resolution
from tickets.actor import staff_actor
from tickets.schema import AuditEntry, Base, Call, CallbackRequest, Category, Offer, Presence, Staff
from tickets.states import CallbackState, Disposition, PresenceState, Role

WRITE = re.compile(r"^\s*(?:with .*?)?(insert into|update|delete from)\s+\"?(\w+)", re.IGNORECASE | re.DOTALL)
# What is no change of a matter, a person or a rule: tries, presence, sessions, keys of requests, drafts, search words.
TECHNICAL = {
    "draft", "idempotency_key", "one_time_link", "pin_guard", "presence", "process_beat", "step_recipient",
    "ticket_search", "ticket_viewer", "web_session", "webhook_event", "webhook_refusal", "sign_in_attempt",
    "sign_in_guard", "password_guard", "audit_entry", "audit_seal", "reference_counter",
}  # fmt: skip
# The language and colours of one's own pages.
OWN_PREFERENCES = {"preferences.change"}


# What a program sends to each of its endpoints.
PROGRAMS = {
    "api.open_ticket": {"subject": "Cống", "body": "Nghẹt."},
    "api.change_ticket": {"priority": "urgent", "reason": "vì vậy"},
    "api.add_message": {"kind": "note", "body": "Đã xem."},
    "api.move_ticket": {"to": "resolved", "text": "Đã dọn.", "disposition": next(iter(Disposition)).value},
    "api.acknowledge": {"instruction": "Làm ngay."},
}


@contextmanager
def written(engine: Engine) -> Iterator[set[str]]:
    """The tables whose rows a block writes; a statement that finds no row changes nothing."""
    tables: set[str] = set()

    def note(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        found = WRITE.match(statement)
        if found and cursor.rowcount != 0:
            tables.add(found.group(2))

    event.listen(engine, "after_cursor_execute", note)
    try:
        yield tables
    finally:
        event.remove(engine, "after_cursor_execute", note)


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Whatever the block commits is taken back, so that each request finds everything as it was."""
    session.commit()
    connection = session.get_bind()
    assert isinstance(connection, Connection)
    savepoint = connection.begin_nested()
    try:
        yield
    finally:
        session.rollback()
        savepoint.rollback()
        session.expire_all()


def tickets_in_every_state(session: Session, settings: Settings, agent: Staff, now: datetime) -> list[Things]:
    actor = staff_actor(agent.id)
    fresh, taken, held, solved = (things(session, settings, unit=OWN, now=now) for _ in range(4))
    for thing in (taken, held, solved):
        assignment.claim(session, thing.ticket.id, actor=actor, now=now)
    tomorrow = now + timedelta(days=1)
    resolution.hold(session, held.ticket.id, question="Ở đâu?", wake_at=tomorrow, actor=actor, now=now)
    done = next(iter(Disposition))
    resolution.resolve(session, solved.ticket.id, disposition=done, answer="Đã dọn.", actor=actor, now=now)
    called_back = session.get_one(CallbackRequest, taken.named["callback_id"])
    called_back.state, called_back.staff_id = CallbackState.CLAIMED, agent.id
    ringing = session.get_one(Offer, fresh.named["offer_id"])
    talking = session.get_one(Call, fresh.named["call_id"])
    ringing.staff_id = talking.agent_id = agent.id
    session.add(Presence(staff_id=agent.id, state=PresenceState.OFFERED, since=now, heartbeat_at=now))
    session.flush()
    return [fresh, taken, held, solved]


def test_whatever_a_request_changes_leaves_an_audit_row(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, database: Engine, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(limiter, "enabled", False)
    person = sign_in(client, session, staff=everybody(session), now=now)
    colleague = factories.staff(session, role=Role.AGENT, at=OWN)
    state = tickets_in_every_state(session, settings, person, now)
    token = add_token(session, name="audited", scopes=SCOPES, unit_code="", now=now)
    named = {**OTHERS, **administered(session, now=now)}
    form = {
        **SENSIBLE, "csrf_token": csrf(client), "staff": str(colleague.id),
        "queue": factories.unit(session, "26824").name,
        "wake_at": (now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"), "unit": "26824",
        "disposition": next(iter(Disposition)).value, "role": "agent", "email": "moi@hotline.example", "name": "Mới",
        "scope": "tickets:read", "told": "repeats", "asked": "place", "priority": "urgent", "as": "spam",
        "heard": "Vẫn còn rác.", "text": "", "category": "pavement_use",
    }  # fmt: skip
    form.pop("once")
    kept = client.get_cookie(COOKIE)
    assert kept is not None
    signed_in = kept.value
    assert session.scalar(select(Category.id).where(Category.code == "pavement_use"))
    session.commit()

    changed, unaudited = set(), []
    for way in [way for way in ways(app, "staff", "public", "halfway", "bearer") if way.method != "GET"]:
        for thing in state:
            client.set_cookie(COOKIE, signed_in)
            with undone(session):
                if way.rule.rule.startswith("/track/"):
                    follow(client, thing.ticket, form["csrf_token"])
                with written(database) as tables:
                    _send(app, client, way, thing, named, form, token)
            business = tables - TECHNICAL - ({"api_token"} if way.access.kind == "bearer" else set())
            if not business or way.rule.endpoint in OWN_PREFERENCES:
                continue
            changed.add(way.rule.endpoint)
            if AuditEntry.__tablename__ not in tables:
                unaudited.append(f"{way} wrote {sorted(business)}")

    assert sorted(set(unaudited)) == []
    assert TECHNICAL - set(Base.metadata.tables) <= {
        "sign_in_attempt", "sign_in_guard", "password_guard", "reference_counter",
    }  # fmt: skip
    assert {"console.accept", "console.transfer", "track.withdraw", "api.move_ticket", "console.end_call"} <= changed
    assert len(changed) > 35, sorted(changed)


def _send(
    app: HotlineApp, client: FlaskClient, way: Way, thing: Things, named: Any, form: dict[str, str], token: str
) -> None:
    where = address(app, way, {**named, **thing.named})
    if way.access.kind != "bearer":
        client.open(where, method=way.method, data={**form, "ticket": thing.ticket.reference})
        return
    body = PROGRAMS.get(way.rule.endpoint)
    assert body is not None, f"{way}: say above what a program sends"
    client.open(where, method=way.method, json=body, headers={"Authorization": f"Bearer {token}"})
