"""G16: whatever a request changes leaves one audit row in the same transaction, whoever writes the next page."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Json, Jsonb
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.settings import Settings
from app.web.frame.application import HotlineApp
from app.web.frame.limits import limiter
from app.web.frame.session_cookie import SESSION_COOKIE
from app.wording.translations import catalogue_files, read_catalogue
from tests import factories
from tests.app.web.public.public_forms import photograph
from tests.app.web.steering import climb
from tests.faults.nodes import LONG
from tests.signing_in import sign_in
from tests.telephony.phone import Phone
from tests.whole_app.sent import PROGRAMS, Sent, sent_to
from tests.whole_app.test_hostile_input import everybody, fields_of
from tests.whole_app.test_rights import SCOPES, SENSIBLE, csrf
from tests.whole_app.things import FOREIGN, OF_A_TICKET, OWN, Things, Way, address, administered, follow, things, ways
from tickets.intake.appealing import open_appeal
from tickets.people.actor import staff_actor
from tickets.routing.decision import SUSPECTED
from tickets.schema import (
    ApiToken,
    AuditEntry,
    Base,
    Call,
    CallbackRequest,
    Category,
    Message,
    Offer,
    Presence,
    Queue,
    Staff,
    Ticket,
    TicketAccess,
    Unit,
)
from tickets.states import (
    CallbackState,
    Channel,
    Disposition,
    PresenceState,
    Role,
    TicketStatus,
)
from tickets.work import assignment, duplicates, resolution
from tickets.work.ticket import move

# One statement may write several tables; the words after "for update" and "do update" are none.
WRITE = re.compile(r"\b(?:insert into|update|delete from)\s+\"?(\w+)", re.IGNORECASE)
# What is no change of a matter, a person or a rule: tries, presence, sessions, keys of requests, drafts, search words,
# how often something was read.
TECHNICAL = {
    "client_fault", "draft", "guidance_use", "idempotency_key", "one_time_link", "pin_guard", "presence",
    "process_beat", "rule_draft",
    "rule_preview",
    "step_recipient", "ticket_search", "ticket_viewer", "web_session", "webhook_event", "webhook_refusal",
    "audit_entry", "audit_seal",
}  # fmt: skip
# Nothing of a matter, a person or a rule is changed by these, and so nothing is written down.
UNAUDITED = {
    "api.read_text": "says what a text is about, and keeps nothing",
    "administration.check_provider_account": "asks a provider and our own address, and keeps nothing",
    "administration.preview": "shows what a file would do, and takes it back",
    "administration.change_chain": "keeps one's own draft of a chain",
    "administration.change_policy": "keeps one's own draft of a promise",
    "administration.look_at_file": "shows what a file holds",
    "administration.look_at_public_days": "shows the public holidays of a year",
    "administration.retire_preview": "shows what retiring a promise would do",
    "client_faults.tell": "counts a trouble in a browser",
    "console.advice": "answers while an agent types",
    "console.beat": "says that a console is open",
    "console.change_presence": "one's own being there or not",
    "administration.rule_typed": "keeps one's own draft of a rule",
    "administration.draft_row": "keeps one's own draft of the words by which texts are read",
    "administration.draft_version_again": "keeps one's own draft of the words by which texts are read",
    "console.call_draft": "keeps one's own unfinished words",
    "console.put_in_prepared": "puts a prepared text into one's own unfinished words",
    "console.new_draft": "keeps one's own unfinished words",
    "console.ticket_draft": "keeps one's own unfinished words",
    "console.ticket_typed": "keeps one's own unfinished words",
    "leadership.delegation_draft": "keeps one's own unfinished words",
    "leadership.draft": "keeps one's own unfinished words",
    "console.seen": "says that a ticket is open before somebody, and its notices read",
    "notices.all_read": "one's own notices have been read",
    "own_drafts.own_draft": "keeps one's own unfinished words",
    "preferences.change": "language and colours of one's own pages",
    "rota.note_draft": "keeps one's own unfinished words",
    "report.advice_while_writing": "answers while a citizen types",
    "sign_in.sign_out": "ends one's own session, whose row says when",
    "track.check": "opens a page; failures are counted with the reference",
    "track.leave": "forgets a cookie",
}


# In how many states of a ticket each way is tried once it has left an audit row; `--long`: in all of them.
STATES = 100 if LONG else 4


@contextmanager
def written(engine: Engine, words: set[str] | None = None) -> Iterator[set[str]]:
    """The tables whose rows a block writes; a statement that finds no row changes nothing. `words`: what it writes."""
    tables: set[str] = set()

    def note(_connection: Any, cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        found = set(WRITE.findall(statement)) & set(Base.metadata.tables)
        if cursor.rowcount != 0:
            tables.update(found)
        if found and words is not None:
            words.update(words_in(values))

    event.listen(engine, "after_cursor_execute", note)
    try:
        yield tables
    finally:
        event.remove(engine, "after_cursor_execute", note)


def words_in(value: object) -> Iterator[str]:
    """Every string among the values of a statement, whatever they are wrapped into."""
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from words_in(one)
        case list() | tuple():
            for one in value:
                yield from words_in(one)
        case Json() | Jsonb():
            yield from words_in(value.obj)


def own_sentences() -> set[str]:
    """Whatever the pages say in sentences of ours, in either language; names of ours are stored in both."""
    said: set[str] = set()
    for file in catalogue_files("vi"):
        for message in read_catalogue(file, "vi"):
            both = [*words_in(message.id), *words_in(message.string)]
            said.update(one for one in both if one.count(" ") >= 2 and one.endswith("."))
    return said


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
    fresh, taken, held, solved, sent_on = (things(session, settings, unit=OWN, now=now) for _ in range(5))
    # Of another unit: whom a suspicion falls on does not lift it.
    suspected = things(session, settings, unit=FOREIGN, now=now)
    suspected.ticket.is_restricted, suspected.ticket.routing_reasons = True, [{"code": SUSPECTED, "params": {}}]
    session.add(TicketAccess(ticket_id=suspected.ticket.id, staff_id=agent.id, reason="routing", created_at=now))
    for thing in (taken, held, solved):
        assignment.claim(session, thing.ticket.id, actor=actor, now=now)
    tomorrow = now + timedelta(days=1)
    resolution.hold(session, held.ticket.id, question="Ở đâu?", wake_at=tomorrow, actor=actor, now=now)
    done = next(iter(Disposition))
    elsewhere = session.scalars(
        select(Queue.id).join(Unit, Unit.id == Queue.unit_id).where(Unit.code == FOREIGN)
    ).first()
    assert elsewhere is not None
    assignment.transfer(session, sent_on.ticket.id, queue_id=elsewhere, reason="vì vậy", actor=actor, now=now)
    resolution.resolve(session, solved.ticket.id, disposition=done, answer="Đã dọn.", actor=actor, now=now)
    called_back = session.get_one(CallbackRequest, taken.named["callback_id"])
    called_back.state, called_back.staff_id = CallbackState.CLAIMED, agent.id
    dialled = session.get_one(CallbackRequest, held.named["callback_id"])
    dialled.state, dialled.staff_id = CallbackState.DIALLING, agent.id
    ringing = session.get_one(Offer, fresh.named["offer_id"])
    talking = session.get_one(Call, fresh.named["call_id"])
    ringing.staff_id = talking.agent_id = agent.id
    session.add(Presence(staff_id=agent.id, state=PresenceState.WRAP_UP, since=now, heartbeat_at=now))
    session.flush()
    joined = things(session, settings, unit=OWN, now=now)
    duplicates.link(session, joined.ticket.id, master_id=taken.ticket.id, actor=actor, now=now)
    return [fresh, taken, held, solved, sent_on, suspected, joined, *_over(session, settings, now)]


def _over(session: Session, settings: Settings, now: datetime) -> list[Things]:
    """A ticket closed by somebody else, and the appeal against another one."""
    other = staff_actor(factories.staff(session, at=OWN).id)
    closed, appealed = (things(session, settings, unit=OWN, now=now) for _ in range(2))
    for thing in (closed, appealed):
        assignment.claim(session, thing.ticket.id, actor=other, now=now)
        done = next(iter(Disposition))
        resolution.resolve(session, thing.ticket.id, disposition=done, answer="Không.", actor=other, now=now)
        move(session, thing.ticket, to=TicketStatus.CLOSED, actor=other, now=now)
    case = open_appeal(
        session, appealed.ticket.id, said="Không đúng.", channel=Channel.WEB, source_key="appeal", actor=other,
        keys=factories.KEYS, places=factories.places(session), rules=factories.rules(session), now=now,
    )  # fmt: skip
    disputed = things(session, settings, unit=OWN, now=now)
    elsewhere = factories.queue_of(session, FOREIGN).id
    assignment.transfer(session, disputed.ticket.id, queue_id=elsewhere, reason="vì vậy", actor=other, now=now)
    assignment.return_ticket(session, disputed.ticket.id, reason="vì vậy", actor=other, now=now)
    return [
        closed,
        disputed,
        Things(session.get_one(Ticket, case.ticket_id), {**closed.named, "reference": case.reference}),
    ]


def is_about_a_ticket(app: HotlineApp, way: Way, sent: Sent) -> bool:
    """Whether a request that changes something names a ticket: by its address, a form's field or what is followed.

    Any other would be one and the same request for every ticket, since each finds everything as it was.
    """
    names_one = bool(way.arguments & set(OF_A_TICKET) - set(sent.named)) or "ticket" in fields_of(app, way)
    return way.method != "GET" and (names_one or way.rule.rule.startswith("/track/"))


def in_turn(state: list[Things], number: int) -> list[Things]:
    """The tickets, for each way with another one first."""
    begin = number % len(state)
    return [*state[begin:], *state[:begin]]


def test_whatever_a_request_changes_leaves_an_audit_row(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, database: Engine, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(limiter, "enabled", False)
    climbed = climb(session, opened_at=now - timedelta(days=20))
    person = sign_in(client, session, staff=everybody(session), now=now)
    colleague = factories.staff(session, role=Role.AGENT, at=OWN)
    state = tickets_in_every_state(session, settings, person, now)
    token = add_token(session, name="audited", scopes=(*SCOPES, "admin"), unit_code="", now=now)
    token_id = session.scalars(select(ApiToken.id).where(ApiToken.name == "audited")).one()
    named = {**administered(session, now=now), "token_id": token_id}
    special = sent_to(session, person, climbed=climbed, now=now)
    form = {
        **SENSIBLE, "csrf_token": csrf(client), "staff": str(colleague.id),
        "queue": factories.unit(session, "26824").name,
        "wake_at": (now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"), "unit": "26824",
        "disposition": next(iter(Disposition)).value, "role": "agent", "email": "moi@hotline.example", "name": "Mới",
        "scope": "tickets:read", "told": "repeats", "asked": "place", "priority": "urgent", "as": "spam",
        "heard": "Vẫn còn rác.", "outcome": "upheld", "said": "Không đúng.",
        "at": (now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        "expected_at": (now + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M"), "text": "", "category": "pavement_use",
    }  # fmt: skip
    form.pop("once")
    kept = client.get_cookie(SESSION_COOKIE)
    assert kept is not None
    signed_in = kept.value
    assert session.scalar(select(Category.id).where(Category.code == "pavement_use"))
    session.commit()

    audited, unaudited, stored = set(), [], set[str]()
    for number, way in enumerate(ways(app, "staff", "public", "halfway", "bearer", "open")):
        sent = special.get(way.rule.endpoint, Sent())
        for tries, thing in enumerate(in_turn(state, number) if is_about_a_ticket(app, way, sent) else state[:1]):
            if tries >= STATES and way.rule.endpoint in audited | set(UNAUDITED):
                break
            client.set_cookie(SESSION_COOKIE, signed_in)
            if way.rule.endpoint == "track.withdraw":
                # The citizen's own word: whoever is signed in as staff may not say it for them.
                client.delete_cookie(SESSION_COOKIE)
            with undone(session):
                if way.rule.rule.startswith("/track/"):
                    follow(client, thing.ticket, form["csrf_token"])
                with written(database, stored) as tables:
                    _send(app, client, way, thing, {**named, **thing.named, **sent.named}, {**form, **sent.form}, token)
            business = tables - TECHNICAL - ({"api_token"} if way.access.kind in ("bearer", "open") else set())
            if AuditEntry.__tablename__ in tables:
                audited.add(way.rule.endpoint)
            elif business and way.rule.endpoint not in UNAUDITED:
                unaudited.append(f"{way} wrote {sorted(business)}")

    assert sorted(set(unaudited)) == []
    # A row keeps a code of what we say: each reader is told in their own language.
    assert stored & own_sentences() == set()
    assert set(Base.metadata.tables) >= TECHNICAL
    changing = {way.rule.endpoint for way in ways(app, "staff", "public", "halfway", "bearer") if way.method != "GET"}
    assert changing - audited - set(UNAUDITED) == set(), "nobody has shown that these are written down"
    assert set(UNAUDITED) & audited == set()
    assert set(UNAUDITED) <= changing


def test_whatever_a_provider_tells_of_a_matter_leaves_an_audit_row(
    client: FlaskClient, settings: Settings, session: Session, database: Engine
) -> None:
    phone = Phone(client, settings)
    session.commit()

    def told(say: Callable[[], object]) -> set[str]:
        with written(database) as tables:
            say()
        return tables & {Ticket.__tablename__, Message.__tablename__, AuditEntry.__tablename__}

    phone.ring()
    steps = [
        told(lambda: phone.press("1")),
        told(lambda: phone.speak("phường Sài Gòn, rác không ai lấy")),
        told(phone.hang_up),
        told(lambda: Phone(client, settings).post("sms", MessageSid="SM-1", Body="phường Sài Gòn rác không ai lấy")),
    ]

    assert [step for step in steps if step and AuditEntry.__tablename__ not in step] == []
    assert sum(Ticket.__tablename__ in step for step in steps) >= 2


def _send(
    app: HotlineApp, client: FlaskClient, way: Way, thing: Things, named: Any, form: dict[str, str], token: str
) -> None:
    where = address(app, way, named)
    if way.method == "GET":
        client.get(where, headers={"Authorization": f"Bearer {token}"}).close()
        return
    if way.access.kind != "bearer":
        pictures = {"pictures": (BytesIO(photograph()), "anh.jpg")} if way.rule.endpoint == "console.pictures" else {}
        client.open(where, method=way.method, data={**form, "ticket": thing.ticket.reference, **pictures})
        return
    body = PROGRAMS.get(way.rule.endpoint)
    assert body is not None, f"{way}: say above what a program sends"
    client.open(where, method=way.method, json=body, headers={"Authorization": f"Bearer {token}"})
