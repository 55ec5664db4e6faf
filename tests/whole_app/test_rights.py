"""Rights over every address that names something: what is not yours looks exactly like what does not exist."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.accounts.enrolment import add_token
from app.settings import Settings
from app.web.frame.application import HotlineApp
from tests.signing_in import sign_in
from tests.whole_app.things import FOREIGN, OF_A_TICKET, OTHERS, OWN, Way, address, nothing, things, unit_at, ways
from tickets.people.references import grouped
from tickets.schema import AuditEntry, Draft, Message, TicketAccess, TimelineEntry
from tickets.states import Role

SCOPES = ("tickets:read", "tickets:write", "escalations:acknowledge", "figures:read", "directory:read")
# Where a role is held at a ward, the next ward's tickets are foreign; the City Office sees all but restricted ones.
WARD_ROLES = (Role.AGENT, Role.SUPERVISOR, Role.LEADER)
# Answers of a form filled in sensibly, so that no view stops at a missing field before it asks for rights.
SENSIBLE = {
    "body": "Đã tiếp nhận.", "reason": "vì vậy", "note": "ghi chú", "question": "Ở đâu?", "answer": "Đã xong.",
    "disposition": "solved", "priority": "high", "category": "rubbish", "staff": "1", "queue": "1", "unit": OWN,
    "place": "Phường Sài Gòn", "wake_at": "2026-12-01T09:00", "channel": "web", "outcome": "reached", "rating": "5",
    "instruction": "Làm ngay.", "new_due_at": "2026-12-01T09:00", "text": "x", "once": "k-reply", "go": "send",
    "subject": "x", "state": "available", "dossier_number": "H29.16-261123-0001", "to": "open", "seconds": "12",
}  # fmt: skip


def object_ways(app: HotlineApp, kind: str) -> list[Way]:
    return [way for way in ways(app, kind) if way.arguments & set(OF_A_TICKET)]


def csrf(client: FlaskClient) -> str:
    html = client.get("/").get_data(as_text=True)
    return html.split('name="csrf_token" value="')[1].split('"')[0]


def shape(answer: TestResponse, *asked_for: Mapping[str, Any]) -> tuple[int, str, str, str]:
    """What somebody can tell of an answer, without what differs from request to request or was in an address.

    Answers are compared with everything left out that was asked for in any of them: a page may also count something.
    """
    text = re.sub(r"<head>.*?</head>|<[^>]*>", " ", answer.get_data(as_text=True), flags=re.DOTALL)
    values = [value for named in asked_for for value in (*map(str, named.values()), grouped(str(named["reference"])))]
    known = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
    text = re.sub(rf"\b(?:{known}|[0-9a-f]{{24}})\b", "…", text)
    location = re.sub(rf"\b(?:{known})\b", "…", answer.headers.get("Location", ""))
    return answer.status_code, location, answer.mimetype, " ".join(text.split())


def traces(session: Session) -> list[int]:
    """How much has been written anywhere that a wrongly admitted request would write."""
    tables = (AuditEntry, TimelineEntry, Message, Draft)
    return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_every_argument_of_an_address_is_known_here(app: HotlineApp) -> None:
    """A new kind of argument must be added to the things above, or nobody would try it."""
    known = {*OF_A_TICKET, *OTHERS, "url", "path"}

    assert {name for way in ways(app) for name in way.arguments} - known == set()


# The citizen's PIN is read out by whoever opened the ticket, and by nobody else who may see it; whose matter it is
# decides the City Office, and neither of the units that dispute it.
NOT_THEIRS = ("console.opened", "console.arbitrate")


@pytest.mark.parametrize("role", [*WARD_ROLES, Role.CITY_OFFICE, Role.ADMINISTRATOR, Role.AUDITOR])
def test_foreign_and_restricted_things_answer_like_ones_that_do_not_exist(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime, role: Role
) -> None:
    unit = unit_at(session, OWN if role in WARD_ROLES else "79")
    hidden = {"restricted": things(session, settings, unit=OWN, is_restricted=True, now=now)}
    if role in WARD_ROLES:
        hidden["foreign"] = things(session, settings, unit=FOREIGN, now=now)
    if role in (Role.ADMINISTRATOR, Role.AUDITOR):
        hidden["any"] = things(session, settings, unit=OWN, now=now)
    sign_in(client, session, role=role, unit=unit, now=now)
    session.commit()
    form = {**SENSIBLE, "csrf_token": csrf(client)}
    before = traces(session)

    told_apart = []
    missing = nothing(now)
    asked_for = [missing, *(thing.named for thing in hidden.values())]
    for way in object_ways(app, "staff"):
        expected = shape(_ask(app, client, way, missing, form), *asked_for)
        for kind, hidden_thing in hidden.items():
            answer = _ask(app, client, way, hidden_thing.named, form)
            if shape(answer, *asked_for) != expected:
                told_apart.append(f"{kind}: {way} answers {answer.status_code}, a missing one {expected[0]}")

    assert told_apart == []
    assert traces(session) == before


def test_the_same_addresses_open_for_those_whose_things_they_are(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime
) -> None:
    """The rule above would also hold if nothing ever opened."""
    own = things(session, settings, unit=OWN, now=now)
    restricted = things(session, settings, unit=OWN, is_restricted=True, now=now)
    person = sign_in(client, session, role=Role.SUPERVISOR, unit=unit_at(session, OWN), now=now)
    session.add(TicketAccess(ticket_id=restricted.ticket.id, staff_id=person.id, reason="assigned", created_at=now))
    session.commit()
    form = {**SENSIBLE, "csrf_token": csrf(client)}

    closed = []
    for way in object_ways(app, "staff"):
        if not way.arguments <= {"reference", "form", "public_id", "recording_id"} or way.rule.endpoint in NOT_THEIRS:
            continue
        for thing in (own, restricted):
            answer = _ask(app, client, way, thing.named, form)
            if answer.status_code in (403, 404):
                closed.append(f"{way} answers {answer.status_code}")

    assert closed == []


def test_a_token_cannot_tell_foreign_or_restricted_tickets_from_missing_ones(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime
) -> None:
    token = add_token(session, name="ward", scopes=SCOPES, unit_code=OWN, now=now)
    hidden = {
        "foreign": things(session, settings, unit=FOREIGN, now=now),
        "restricted": things(session, settings, unit=OWN, is_restricted=True, now=now),
    }
    own = things(session, settings, unit=OWN, now=now)
    session.commit()
    headers = {"Authorization": f"Bearer {token}"}
    before = traces(session)

    told_apart, opened = [], []
    for way in object_ways(app, "bearer"):
        missing = nothing(now)
        expected = shape(_ask_json(app, client, way, missing, headers), missing)
        for kind, thing in hidden.items():
            answer = _ask_json(app, client, way, thing.named, headers)
            if shape(answer, thing.named) != expected:
                told_apart.append(f"{kind}: {way} answers {answer.status_code}, a missing one {expected[0]}")
        if way.method == "GET":
            opened.append(_ask_json(app, client, way, own.named, headers).status_code)

    assert told_apart == []
    assert traces(session) == before
    assert set(opened) == {200}


def test_no_list_search_or_download_shows_a_foreign_or_restricted_ticket(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime
) -> None:
    words = "zanzibarquagga"
    facts = {"subject": f"{words} cống", "body": f"{words} nghẹt", "name": f"{words} An"}
    hidden = [
        things(session, settings, unit=FOREIGN, now=now, **facts),
        things(session, settings, unit=OWN, is_restricted=True, now=now, **facts),
    ]
    own = things(session, settings, unit=OWN, now=now, **facts)
    token = add_token(session, name="ward", scopes=SCOPES, unit_code=OWN, now=now)
    session.commit()
    queries = [
        "",
        f"?q={words}",
        "?view=all",
        "?show=all&view=overdue",
        *(f"?q={one.ticket.reference}" for one in hidden),
    ]

    shown, leaked = set(), []
    for role in WARD_ROLES:
        sign_in(client, session, role=role, unit=unit_at(session, OWN), now=now)
        # What a program or a citizen is shown is the same whoever is signed in beside them.
        kinds = ("staff", "bearer", "public", "open") if role is WARD_ROLES[0] else ("staff",)
        for way in [way for way in ways(app, *kinds) if way.method == "GET"]:
            if way.arguments:
                continue
            for query in queries:
                answer = client.get(way.rule.rule + query, headers={"Authorization": f"Bearer {token}"})
                text = answer.get_data(as_text=True).replace(f'value="{words}"', "")
                leaked += [
                    f"{role} {way}{query}" for one in hidden if _is_shown(one.ticket.reference, text, but_in=query)
                ]
                if own.ticket.reference in text:
                    shown.add(way.rule.rule)
                if answer.status_code == 403:
                    # Closed to them, whatever is asked of it.
                    break

    assert leaked == []
    assert {"/console", "/console/search", "/api/v1/tickets"} <= shown


def _is_shown(reference: str, text: str, *, but_in: str) -> bool:
    """The search field says again what was asked; that tells nobody anything."""
    return reference in text and reference not in but_in


def _ask(
    app: HotlineApp, client: FlaskClient, way: Way, named: Mapping[str, Any], form: Mapping[str, str]
) -> TestResponse:
    with client.session_transaction() as kept:
        # What the request before said is shown by the next page, whichever it is.
        kept.pop("_flashes", None)
    where = address(app, way, {**OTHERS, **named})
    return client.open(where, method=way.method, data=form if way.method != "GET" else None)


def _ask_json(
    app: HotlineApp, client: FlaskClient, way: Way, named: Mapping[str, Any], headers: Mapping[str, str]
) -> TestResponse:
    where = address(app, way, {**OTHERS, **named})
    body = None
    if way.method != "GET":
        body = {
            "body": "Đã tiếp nhận.",
            "to": "open",
            "reason": "vì vậy",
            "priority": "high",
            "instruction": "Làm ngay",
        }
    return client.open(where, method=way.method, json=body, headers=dict(headers))
