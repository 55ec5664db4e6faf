"""What somebody may not see changes nothing in what they see: no word, number, file or count of it on any address."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.accounts.enrolment import add_token
from app.live.changes import changes_since, concerns, first_marks
from app.settings import Settings
from app.web.frame.application import HotlineApp
from escalation.firing.sweep import tick
from tests import factories
from tests.signing_in import person_with, sign_in
from tests.whole_app.test_rights import SCOPES, SENSIBLE, csrf
from tests.whole_app.things import (
    FOREIGN,
    OF_A_TICKET,
    OTHERS,
    OWN,
    Things,
    Way,
    address,
    follow,
    things,
    unit_at,
    ways,
)
from tickets.people.roles import load_viewer
from tickets.schema import (
    Acknowledgement,
    Attachment,
    Call,
    Message,
    OutboundMessage,
    PlannedStep,
    Staff,
    TicketAccess,
    TimelineEntry,
)
from tickets.states import ActorKind, CallState, Channel, Role, TimelineKind

WARD_ROLES = (Role.AGENT, Role.SUPERVISOR, Role.LEADER)
PEOPLE = [(role, OWN if role in WARD_ROLES else "79") for role in Role]
EVERYBODY = (*Role, "token", "citizen")
# Every fact of what is hidden begins with it, so that one search could find them all; each then has a word of its own.
COMMON = "zanzibarquagga"
HIDDEN_PHONE, OWN_PHONE = "+84907654321", "+84901112223"
# What a list may be asked for, under every name that any of them knows.
ASKED_AS = ("q", "text", "phone", "subject", "body", "name", "place", "reference")
LOOKED_FOR = ("", COMMON)
# Of the machine, its people and all that was done: single requests are counted for those who run it, none is shown.
OF_THE_WHOLE_CITY = (
    "/administration", "/administration/audit", "/administration/clocks", "/administration/people", "/metrics",
)  # fmt: skip
# Who works at a unit and stands on its posts: whoever brings a ticket here brings people along.
OF_PEOPLE = (
    "/rota", "/my/duty", "/supervisor/readiness", "/administration/readiness", "/administration/setting-up",
    "/office", "/office/catalogue", "/office/night", "/supervisor/directory",
    "/administration/invitations", "/administration/units",
)  # fmt: skip
# Whoever runs it is alarmed when nobody could be told of a level, of a restricted ticket too, without its reference.
ALARMS = ("/my/notices", "/my/notices/bell")
BELL = re.compile(r'<a class="bell".*?</a>', re.DOTALL)
# What is typed there stays as a draft, which every one of these pages shows to its writer.
OF_DRAFTS = (
    "/administration/promises",
    "/administration/chains",
    "/administration/calendars",
    "/administration/drafts",
    "/administration/days-off",
)
# That a level was raised, and who was told, is proved to auditors for every ticket, without a word of it.
EVERY_LEVEL = ("/leadership/ledger", "/leadership/ledger.csv")
KINDS = {"token": ("bearer", "open", "internal"), "citizen": ("public", "open")}
# What they do is done for whoever does it: whoever signs out sees nothing more, and what it tells is beside this.
LEFT_OUT = ("/sign-out", "/track/leave", "/track", "/preferences")


def laden(session: Session, settings: Settings, *, mark: str, unit: str, now: datetime, **more: Any) -> Things:
    """A ticket whose every fact bears its mark: brought a month ago, late and raised, written and talked about."""
    at = now - timedelta(days=30)
    facts = {name: f"{COMMON} {mark}{name}" for name in ("subject", "body", "name", "place_text", "residence")}
    made = things(session, settings, unit=unit, now=at, **{**facts, "phone": HIDDEN_PHONE, **more})
    ticket, said = made.ticket, f"{COMMON} {mark}said"
    somebody = factories.staff(session, at=unit, name="Đỗ Thị Khác")
    for direction in ("in", "out"):
        session.add(Message(ticket_id=ticket.id, direction=direction, channel=Channel.WEB, body=said, at=at))
    note = TimelineEntry(
        ticket_id=ticket.id, at=at, kind=TimelineKind.NOTE, actor_kind=ActorKind.STAFF, staff_id=somebody.id,
        is_public=False, body=said,
    )  # fmt: skip
    session.add(note)
    picture = session.scalars(select(Attachment).where(Attachment.ticket_id == ticket.id)).one()
    picture.file_name = f"{mark}anh.jpg"
    session.flush()
    return made


def raised(session: Session, *made: Things, mark: str = "", now: datetime) -> None:
    """Their levels have fired as they do, and one of each was answered."""
    while tick(session, now=now).fired:
        pass
    for one in made:
        fired = PlannedStep.ticket_id == one.ticket.id, PlannedStep.fired_at.is_not(None)
        step = session.scalars(select(PlannedStep).where(*fired).order_by(PlannedStep.id)).first()
        assert step is not None
        boss = factories.staff(session, role=None, name="Lý Văn Khác")
        answer = Acknowledgement(
            step_id=step.id, ticket_id=one.ticket.id, staff_id=boss.id, at=now, via="web",
            instruction=f"{COMMON} {mark}instruction", holds_until=now + timedelta(hours=2),
        )  # fmt: skip
        session.add(answer)
    session.flush()


def over(session: Session, *made: Things) -> None:
    """Whoever rang has hung up: that somebody is on the line is seen by those who watch the lines."""
    for call in session.scalars(select(Call).where(Call.ticket_id.in_([one.ticket.id for one in made]))):
        call.state, call.ended_at = CallState.ENDED, call.arrived_at


def enter(client: FlaskClient, session: Session, who: str, own: Things, *, now: datetime) -> dict[str, str]:
    """Come in as this person; the headers of a program."""
    if who == "token":
        token = add_token(session, name="ward", scopes=SCOPES, unit_code=OWN, now=now)
        session.commit()
        return {"Authorization": f"Bearer {token}"}
    if who == "citizen":
        session.commit()
        follow(client, own.ticket, csrf(client))
        return {}
    role = Role(who)
    sign_in(client, session, role=role, unit=unit_at(session, dict(PEOPLE)[role]), now=now)
    return {}


def open_to(app: HotlineApp, who: str, method: str) -> list[Way]:
    """Every address without an object that answers this person with more than a refusal."""
    kinds = KINDS.get(who, ("staff",))
    found = (way for way in ways(app, *kinds) if way.method == method)
    return [way for way in found if not way.access.roles or who in way.access.roles]


def ways_of_forms(app: HotlineApp, who: str) -> list[Way]:
    found = (way for way in open_to(app, who, "POST") if way.rule.rule not in LEFT_OUT)
    return [way for way in found if way.arguments <= set(OTHERS)]


def plain(answer: TestResponse) -> str:
    """What can be told of an answer, without what differs from request to request."""
    secrets = r'name="(?:csrf_token|form_token|once)" value="[^"]*"|\b[0-9a-f]{24}\b'
    text = re.sub(rf'<meta name="csrf[^>]*>|{secrets}', "", answer.get_data().decode(errors="replace"))
    return f"{answer.status_code} {answer.headers.get('Location', '')} {text}"


def seen(app: HotlineApp, client: FlaskClient, who: str, headers: Mapping[str, str], *asked: str) -> dict[str, str]:
    """All answers, by address and by what was looked for."""
    found = {}
    for way in open_to(app, who, "GET"):
        if not way.arguments <= set(OTHERS):
            continue
        where = address(app, way, OTHERS)
        for one in asked:
            sought = dict.fromkeys(ASKED_AS, one) if one else None
            found[f"{where} {one}".strip()] = plain(client.get(where, query_string=sought, headers=dict(headers)))
    # The rules below would also hold of pages that are broken alike.
    assert [where for where, text in found.items() if text.startswith("5")] == []
    return found


def shown(text: str, hidden: Mapping[str, Things], *, but: str = "") -> list[str]:
    """Which of them an answer shows by any word or number of its own, but for what was asked with."""
    closed_up = re.sub(r"(?<=\d)[\s.\u00a0-]+(?=\d)", "", text)
    found = []
    for mark, one in hidden.items():
        needles = (mark, one.ticket.reference, HIDDEN_PHONE.removeprefix("+84"), str(one.named["public_id"]))
        found += [needle for needle in needles if needle not in but and (needle in text or needle in closed_up)]
    return found


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_restricted_ticket_changes_nothing_for_whoever_it_is_hidden_from(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime, who: str
) -> None:
    own = laden(session, settings, mark="own", unit=OWN, now=now, phone=OWN_PHONE)
    over(session, own)
    raised(session, own, now=now)
    headers = enter(client, session, who, own, now=now)
    before = seen(app, client, who, headers, *LOOKED_FOR)

    hidden = {
        mark: laden(session, settings, mark=mark, unit=unit, is_restricted=True, now=now)
        for mark, unit in (("qxhere", OWN), ("qxelsewhere", FOREIGN))
    }
    over(session, *hidden.values())
    raised(session, *hidden.values(), mark="qxhere", now=now)
    session.commit()
    after = seen(app, client, who, headers, *LOOKED_FOR)

    if who in WARD_ROLES:
        assert own.ticket.reference in before["/console"]
    bell = BELL if who == Role.ADMINISTRATOR else re.compile(r"(?!)")
    changed = {where for where in before if bell.sub("", after[where]) != bell.sub("", before[where])}
    of_theirs = {Role.AUDITOR: EVERY_LEVEL, Role.ADMINISTRATOR: ALARMS}.get(who, ())
    counted = (*OF_THE_WHOLE_CITY, *OF_PEOPLE, *of_theirs)
    assert {where for where in changed if where.split(" ")[0] not in counted} == set()
    assert {where: found for where in changed if (found := shown(after[where], hidden, but=where))} == {}


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_answer_shows_a_word_or_number_of_a_foreign_or_restricted_ticket(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime, who: str
) -> None:
    """Also while its caller is on the line, asked by its very number, by every form, and beside one's own."""
    own = laden(session, settings, mark="own", unit=OWN, now=now, phone=OWN_PHONE)
    hidden = {
        "qxhere": laden(session, settings, mark="qxhere", unit=OWN, is_restricted=True, now=now),
        "qxsame": laden(session, settings, mark="qxsame", unit=OWN, is_restricted=True, now=now, phone=OWN_PHONE),
    }
    if who not in (Role.CITY_OFFICE, Role.ADMINISTRATOR, Role.AUDITOR):
        hidden["qxforeign"] = laden(session, settings, mark="qxforeign", unit=FOREIGN, now=now)
    raised(session, own, *hidden.values(), mark="qxhere", now=now)
    headers = enter(client, session, who, own, now=now)
    asked = (HIDDEN_PHONE, hidden["qxhere"].ticket.reference)
    answers = seen(app, client, who, headers, *asked)
    token = csrf(client)

    for way in ways_of_forms(app, who):
        for one in (COMMON, *asked):
            form = {**SENSIBLE, **dict.fromkeys(ASKED_AS, one), "csrf_token": token}
            answer = client.open(address(app, way, OTHERS), method=way.method, data=form, headers=dict(headers))
            answers[f"{way} {one}"] = plain(answer)
    for way in ways(app, *KINDS.get(who, ("staff",))):
        if way.method == "GET" and way.arguments & set(OF_A_TICKET):
            answer = client.get(address(app, way, {**OTHERS, **own.named}), headers=dict(headers))
            answers[f"{way} {own.ticket.reference}"] = plain(answer)

    def typed_at(where: str) -> str:
        return f"{where} {' '.join(asked)}" if where.startswith(tuple(f"POST {one}" for one in OF_DRAFTS)) else where

    leaked = {where: found for where, text in answers.items() if (found := shown(text, hidden, but=typed_at(where)))}
    assert leaked == {}


def test_live_updates_tell_of_a_restricted_ticket_only_whoever_is_named_on_it(
    session: Session, settings: Settings, now: datetime
) -> None:
    people = [person_with(session, role=role, unit=unit_at(session, unit), now=now) for role, unit in PEOPLE]
    named = person_with(session, role=Role.SUPERVISOR, unit=unit_at(session, OWN), now=now)
    marks = first_marks(session, now=now)

    hidden = laden(session, settings, mark="qxhere", unit=OWN, is_restricted=True, now=now)
    access = TicketAccess(ticket_id=hidden.ticket.id, staff_id=named.id, reason="assigned", created_at=now)
    session.add(access)
    over(session, hidden)
    raised(session, hidden, now=now)
    changes, _marks = changes_since(session, marks, now=now)

    def told(person: Staff) -> set[str]:
        viewer = load_viewer(session, person.id, now=now)
        assert viewer is not None
        return {name for change in changes if concerns(change, viewer) for name in change.names}

    # That nobody answers for a post is theirs to mend; whose request it was is not.
    alarm = {Role.ADMINISTRATOR: {"notices"}}
    assert {role: told(person) for (role, _unit), person in zip(PEOPLE, people, strict=True)} == {
        role: alarm.get(role, set()) for role in Role
    }
    alarms = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "nobody_reachable")).all()
    assert {letter.params["reference"] for letter in alarms} == {""}
    assert told(named) == {"queue", "shift", "escalations", f"ticket-{hidden.ticket.reference}"}
