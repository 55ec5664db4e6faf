"""Administration: people, messages, tokens, promises, webhooks, audit trail; each change leaves its entry."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.web.frame.application import HotlineApp
from tests.app.web.steering import csrf_of
from tests.factories import staff, unit
from tests.signing_in import sign_in
from tickets import leader_jobs
from tickets.audit import entries
from tickets.directory.staff import NewPerson, add_people
from tickets.outbox import posting
from tickets.people.actor import SYSTEM
from tickets.people.roles import load_viewer
from tickets.schema import (
    ApiToken,
    AuditEntry,
    Chain,
    OutboundMessage,
    PolicyVersion,
    ProcessBeat,
    RoleAssignment,
    Staff,
    WebhookEvent,
    WebhookRefusal,
    WebSession,
)
from tickets.states import OutboundState, Role

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HERE = "/administration"
# A promise of one minute, so that it can be watched.
MINUTE = """
name: một phút
match: {unit: "26740"}
rows:
  - {priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7, warn: [75], chain: standard}
"""


@pytest.fixture
def browser(app: HotlineApp, session: Session) -> Iterator[FlaskClient]:
    with app.bound_to(session, NOW):
        client = app.test_client()
        client.set_cookie("locale", "en")
        sign_in(client, session, role=Role.ADMINISTRATOR, now=NOW)
        yield client


def me(session: Session) -> int:
    return session.scalars(select(RoleAssignment.staff_id).where(RoleAssignment.role == Role.ADMINISTRATOR)).one()


def post(client: FlaskClient, address: str, **form: object) -> object:
    return client.post(address, data={"csrf_token": csrf_of(client, HERE), **form})


def shown(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def audited(session: Session, action: str) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))


def letter(session: Session, *, state: OutboundState = OutboundState.FAILED, **facts: object) -> OutboundMessage:
    number = posting.post_sms(
        session, to="+84901234567", template="ticket_opened", params={"reference": "1"}, locale="vi",
        dedup_key=f"letter-{len(session.scalars(select(OutboundMessage.id)).all())}", now=NOW,
    )  # fmt: skip
    row = session.get_one(OutboundMessage, number)
    row.state, row.attempts, row.error_code, row.error = state, 8, "30006", "Landline or unreachable carrier"
    for name, value in facts.items():
        setattr(row, name, value)
    session.flush()
    return row


def test_the_overview_says_what_is_well_and_what_is_not(browser: FlaskClient, session: Session) -> None:
    session.add(ProcessBeat(name="worker:node:1", kind="worker", beat_at=NOW - timedelta(seconds=5), detail={}))
    session.add(ProcessBeat(name="scheduler:node:2", kind="scheduler", beat_at=NOW - timedelta(hours=1), detail={}))
    session.flush()

    page = shown(browser, HERE)

    assert "no signal since" in page
    assert "worker:node:1" in page
    assert "No mail server is configured" in page


def test_the_overview_names_the_job_that_is_overdue_and_the_one_that_failed(
    browser: FlaskClient, session: Session
) -> None:
    leader_jobs.announce(session, {"seal audit trail": 20, "clear away": 600}, now=NOW - timedelta(minutes=5))
    leader_jobs.note_success(session, "clear away", now=NOW - timedelta(minutes=2))
    leader_jobs.note_failure(session, "seal audit trail", failure="too_slow", now=NOW - timedelta(minutes=1))

    rows = re.findall(r"<tr>.*?</tr>", shown(browser, HERE), re.DOTALL)
    [sealing] = [row for row in rows if "Seal the audit trail" in row]
    [clearing] = [row for row in rows if "Clear away" in row]

    assert "overdue" in sealing
    assert "failed last" in sealing
    assert "overdue" not in clearing


def test_a_new_person_gets_a_link_that_is_shown_once_and_opens_the_enrolment(
    browser: FlaskClient, session: Session, app: HotlineApp
) -> None:
    answer = post(browser, f"{HERE}/people", name="Lê Văn Mới", email="moi@example.vn", role="agent", unit="26740")

    page = answer.get_data(as_text=True)
    link = re.search(r"https?://[^<]+/sign-in/link/[^<]+", page)
    assert link is not None
    assert "no-store" in answer.headers["Cache-Control"]
    assert app.test_client().get(link[0].split(":8000")[-1]).status_code == 200
    assert link[0] not in shown(browser, f"{HERE}/people?q=moi@example.vn")
    [entry] = [e for e in audited(session, "staff.role_given") if e.params.get("is_new")]
    assert entry.staff_id == me(session)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "A", "email": "no-address", "role": "agent", "unit": "26740"}, "not an e-mail"),
        ({"name": "A", "email": "a@example.vn", "role": "king", "unit": "26740"}, "required"),
        ({"name": "A", "email": "a@example.vn", "role": "agent", "unit": "00000"}, "no such unit"),
        ({"name": " ", "email": "a@example.vn", "role": "agent", "unit": "26740"}, "required"),
    ],
)
def test_a_person_who_cannot_be_added_is_told_why_and_nothing_is_left(
    browser: FlaskClient, session: Session, form: dict[str, str], words: str
) -> None:
    answer = post(browser, f"{HERE}/people", **form)

    assert answer.status_code == 400
    assert words in answer.get_data(as_text=True)
    assert session.scalars(select(Staff).where(Staff.email == "a@example.vn")).first() is None


def test_adding_an_address_that_is_known_gives_no_link_to_take_the_account_over(
    browser: FlaskClient, session: Session
) -> None:
    known = staff(session, role=Role.LEADER, at="79")
    session.commit()

    form = {"name": "X", "email": known.email.upper(), "role": "administrator", "unit": "79"}
    answer = post(browser, f"{HERE}/people", **form)

    assert answer.status_code == 400
    assert "/sign-in/link/" not in answer.get_data(as_text=True)
    viewer = load_viewer(session, known.id, now=NOW)
    assert viewer is not None
    assert viewer.roles == {Role.LEADER}


def test_a_role_is_given_and_ended(browser: FlaskClient, session: Session) -> None:
    person = staff(session, role=None)
    post(browser, f"{HERE}/people/{person.id}/roles", role="supervisor", unit="26740")
    held = session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == person.id)).one()
    again = post(browser, f"{HERE}/people/{person.id}/roles", role="supervisor", unit="26740")

    ended = post(browser, f"{HERE}/roles/{held.id}/end")

    assert (again.status_code, ended.status_code) == (400, 303)
    viewer = load_viewer(session, person.id, now=NOW)
    assert viewer is not None
    assert viewer.roles == frozenset()
    assert [e.staff_id for e in audited(session, "staff.role_ended")] == [me(session)]


def test_nobody_locks_themselves_out(browser: FlaskClient, session: Session) -> None:
    own = session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == me(session))).one()

    role = post(browser, f"{HERE}/roles/{own.id}/end")
    account = post(browser, f"{HERE}/people/{me(session)}/disable")

    assert (role.status_code, account.status_code) == (400, 400)
    assert browser.get(HERE).status_code == 200


def test_a_closed_account_is_signed_out_everywhere(browser: FlaskClient, session: Session, app: HotlineApp) -> None:
    theirs = app.test_client()
    person = sign_in(theirs, session, role=Role.AGENT, unit=unit(session), now=NOW)
    assert theirs.get("/console").status_code == 200

    post(browser, f"{HERE}/people/{person.id}/disable")

    assert theirs.get("/console").status_code == 303
    assert session.get_one(Staff, person.id, populate_existing=True).disabled_at == NOW
    assert len(audited(session, "staff.disabled")) == 1


def test_a_renewed_enrolment_ends_what_was_before(browser: FlaskClient, session: Session) -> None:
    person = staff(session, password_hash="x", totp_secret="y", totp_enrolled_at=NOW)
    session.add(
        WebSession(
            token_hash="t", staff_id=person.id, created_at=NOW, last_seen_at=NOW, expires_at=NOW + timedelta(days=1)
        )
    )
    session.flush()

    answer = post(browser, f"{HERE}/people/{person.id}/link")

    assert "/sign-in/link/" in answer.get_data(as_text=True)
    row = session.get_one(Staff, person.id, populate_existing=True)
    assert (row.password_hash, row.totp_secret, row.totp_enrolled_at) == (None, None, None)
    assert session.scalars(select(WebSession.revoked_at).where(WebSession.staff_id == person.id)).one() == NOW
    assert len(audited(session, "staff.enrolment_renewed")) == 1


def test_people_are_found_with_and_without_marks(browser: FlaskClient, session: Session) -> None:
    add_people(session, [NewPerson("huong@example.vn", "Đặng Thị Hường")], now=NOW)
    session.commit()

    for text in ("Hường", "huong", "dang thi"):
        assert "Đặng Thị Hường" in shown(browser, f"{HERE}/people?q={text}"), text
    assert "No one matches." in shown(browser, f"{HERE}/people?q=100%25")


def test_a_long_list_of_people_is_paged_and_complete(browser: FlaskClient, session: Session) -> None:
    for number in range(60):
        staff(session, role=None, name=f"Nguyễn Văn Thử{number:02}")
    session.commit()

    first = shown(browser, f"{HERE}/people?q=Thử")
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = shown(browser, following)

    names = re.findall(r">(Nguyễn Văn Thử\d\d)<", first + second)
    assert len(names) == len(set(names)) == 60


def test_a_dead_letter_is_sent_again(browser: FlaskClient, session: Session) -> None:
    dead = letter(session)
    page = shown(browser, f"{HERE}/messages")
    assert "To the citizen: received, with reference" in page
    assert "+84******567" in page
    assert "+84901234567" not in page

    answer = post(browser, f"{HERE}/messages/{dead.id}/again")

    row = session.get_one(OutboundMessage, dead.id, populate_existing=True)
    assert answer.status_code == 303
    assert (row.state, row.attempts, row.not_before) == (OutboundState.WAITING, 0, NOW)
    assert audited(session, "message.sent_again")[0].params["error_code"] == "30006"


def test_all_of_an_outage_is_sent_again_in_one_audited_step(browser: FlaskClient, session: Session) -> None:
    night = [letter(session) for _ in range(30)]
    uncertain = letter(session, state=OutboundState.UNCERTAIN)
    session.commit()
    page = shown(browser, f"{HERE}/messages")
    given = {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("channel", "since", "until")}

    answer = post(browser, f"{HERE}/messages/outage/again", **given)
    session.expire_all()

    assert answer.status_code == 303
    assert {session.get_one(OutboundMessage, one.id).state for one in night} == {OutboundState.WAITING}
    assert session.get_one(OutboundMessage, uncertain.id).state is OutboundState.UNCERTAIN
    [entry] = audited(session, "outage.sent_again")
    assert (entry.params["letters"], entry.params["channel"]) == (30, "sms")
    refused = post(browser, f"{HERE}/messages/outage/again", channel="sms", since="yesterday", until="x")
    assert refused.status_code == 400


def test_a_dead_letter_is_discarded_for_a_reason_only(browser: FlaskClient, session: Session) -> None:
    dead = letter(session, state=OutboundState.UNCERTAIN)
    session.commit()

    without = post(browser, f"{HERE}/messages/{dead.id}/discard", reason="  ")
    kept_state = session.get_one(OutboundMessage, dead.id, populate_existing=True).state
    given = post(browser, f"{HERE}/messages/{dead.id}/discard", reason="Số không còn dùng")

    assert (without.status_code, kept_state, given.status_code) == (400, OutboundState.UNCERTAIN, 303)
    row = session.get_one(OutboundMessage, dead.id, populate_existing=True)
    assert (row.state, row.error) == (OutboundState.SUPPRESSED, "Số không còn dùng")
    assert audited(session, "message.discarded")[0].params["reason"] == "Số không còn dùng"


@pytest.mark.parametrize("act", ["again", "discard"])
def test_a_message_that_is_no_dead_letter_cannot_be_touched(browser: FlaskClient, session: Session, act: str) -> None:
    sent = letter(session, state=OutboundState.SENT)
    session.commit()

    assert post(browser, f"{HERE}/messages/{sent.id}/{act}", reason="x").status_code == 404
    assert session.get_one(OutboundMessage, sent.id, populate_existing=True).state is OutboundState.SENT


def test_a_kept_mail_is_read_and_the_reading_is_audited(browser: FlaskClient, session: Session) -> None:
    posting.post_email(
        session, to="lan@example.vn", template="ticket_reply", params={}, locale="vi", dedup_key="kept", now=NOW
    )
    mail = session.scalars(select(OutboundMessage).where(OutboundMessage.dedup_key == "kept")).one()
    mail.state, mail.provider_account, mail.sent_at = OutboundState.SENT, "kept", NOW
    mail.subject, mail.text = "Trả lời <phản ánh>", "Kính gửi bà Lan,\n<script>alert(1)</script>"
    session.flush()

    listed = shown(browser, f"{HERE}/messages?tab=kept")
    page = shown(browser, f"{HERE}/messages/{mail.id}")

    assert "Trả lời &lt;phản ánh&gt;" in listed
    assert "&lt;script&gt;alert(1)" in page
    assert [e.subject_id for e in audited(session, "message.read")] == [mail.id]


def test_an_sms_is_not_readable_as_a_kept_mail(browser: FlaskClient, session: Session) -> None:
    sms = letter(session, text="Mã PIN 123456")
    session.commit()

    assert browser.get(f"{HERE}/messages/{sms.id}").status_code == 404


def test_the_webhook_log_tells_kinds_and_reasons_and_no_contents(browser: FlaskClient, session: Session) -> None:
    session.execute(
        insert(WebhookEvent).values(
            account="sim", kind="voice", event_key="k", received_at=NOW, form={"From": "+84901234567"},
            answer_status=200, answer_body="<Response/>",
        )
    )  # fmt: skip
    session.add(WebhookRefusal(at=NOW, account="sim", path="/webhooks/sim/voice", reason="wrong_signature"))
    session.flush()

    received, refused = shown(browser, f"{HERE}/webhooks"), shown(browser, f"{HERE}/webhooks?tab=refused")

    assert "A call arrives" in received
    assert ">voice<" not in received
    assert "901234567" not in received + refused
    assert "Its signature does not fit" in refused


def test_a_token_is_shown_once_and_revoked(browser: FlaskClient, session: Session, app: HotlineApp) -> None:
    answer = post(browser, f"{HERE}/tokens", name="1022", scope=["tickets:read"], unit="")
    token = re.search(r"hl_[\w-]+", answer.get_data(as_text=True))
    assert token is not None
    program = app.test_client()
    headers = {"Authorization": f"Bearer {token[0]}"}
    assert program.get("/api/v1/tickets", headers=headers).status_code == 200
    assert token[0] not in shown(browser, f"{HERE}/tokens")

    row = session.scalars(select(ApiToken).where(ApiToken.name == "1022")).one()
    post(browser, f"{HERE}/tokens/{row.id}/revoke")

    assert program.get("/api/v1/tickets", headers=headers).status_code == 401
    assert [e.staff_id for e in audited(session, "token.revoked")] == [me(session)]
    assert [e.staff_id for e in audited(session, "token.added")] == [me(session)]


@pytest.mark.parametrize(
    "form", [{"name": "", "scope": "admin"}, {"name": "1022", "scope": "root"}, {"name": "taken", "scope": "admin"}]
)
def test_a_token_that_cannot_be_made_is_told_why(browser: FlaskClient, session: Session, form: dict[str, str]) -> None:
    add_token(session, name="taken", scopes=["admin"], unit_code="", now=NOW)
    session.commit()

    answer = post(browser, f"{HERE}/tokens", **form)

    assert answer.status_code == 400
    assert "hl_" not in answer.get_data(as_text=True)


def test_the_promises_stand_there_with_their_versions(browser: FlaskClient, session: Session) -> None:
    page = shown(browser, f"{HERE}/promises")

    assert "Policies in force" in page
    assert "version 1" in page
    assert re.search(r'data-heading="Calendar"[^>]*>\s*(<span[^>]*>)?Round the clock', page), "names, not keys"
    assert "policies:" in browser.get(f"{HERE}/promises.yaml").get_data(as_text=True)


def test_a_chain_says_what_its_levels_do_beside_telling_people(browser: FlaskClient) -> None:
    page = shown(browser, f"{HERE}/promises")

    assert "besides: the city takes over the contact with the citizen" in page


def chain_name(session: Session) -> str:
    return session.scalars(select(Chain.name).order_by(Chain.id)).first() or ""


def test_a_file_is_previewed_before_anything_changes(browser: FlaskClient, session: Session) -> None:
    before = session.query(PolicyVersion).count()
    text = MINUTE.replace("standard", chain_name(session))

    answer = browser.post(
        f"{HERE}/promises/preview",
        data={"csrf_token": csrf_of(browser, HERE), "file": (io.BytesIO(text.encode()), "minute.yaml")},
    )

    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "1 policy, 1 row, 0 chains." in page
    assert "These get a new version: một phút." in page
    assert session.query(PolicyVersion).count() == before
    assert "một phút" not in [entry.params["name"] for entry in audited(session, "policy.versioned")]


def test_an_applied_file_makes_a_new_version_with_its_author(browser: FlaskClient, session: Session) -> None:
    text = MINUTE.replace("standard", chain_name(session))

    answer = post(browser, f"{HERE}/promises/apply", text=text.replace("\n", "\r\n"))

    assert answer.status_code == 303
    newest = session.scalars(select(PolicyVersion).order_by(PolicyVersion.id.desc()).limit(1)).one()
    assert (newest.created_by_id, newest.version) == (me(session), 1)
    assert "một phút" in shown(browser, f"{HERE}/promises")
    again = post(browser, f"{HERE}/promises/apply", text=text)
    assert again.status_code == 303
    assert "these rules are already in force" in shown(browser, f"{HERE}/promises")


def test_a_file_with_faults_names_every_one_and_offers_nothing_to_apply(browser: FlaskClient, session: Session) -> None:
    text = MINUTE.replace("24x7", "lunar").replace('"26740"', '"99999"')

    answer = post(browser, f"{HERE}/promises/preview", text=text)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "There is no such calendar." in page
    assert "There is no such unit." in page
    assert "/administration/promises/apply" not in page


def test_a_mistaken_promise_is_retired_after_a_look_at_what_that_does(browser: FlaskClient, session: Session) -> None:
    post(browser, f"{HERE}/promises/apply", text=MINUTE.replace("standard", chain_name(session)))

    seen = post(browser, f"{HERE}/promises/retire/preview", policy="một phút").get_data(as_text=True)
    before = shown(browser, f"{HERE}/promises")
    silent = post(browser, f"{HERE}/promises/retire", policy="một phút", reason="  ")
    done = post(browser, f"{HERE}/promises/retire", policy="một phút", reason="ghi nhầm đơn vị")
    after = shown(browser, f"{HERE}/promises")

    assert "Retire “một phút”?" in seen and "0 open tickets run under it" in seen
    assert 'value="một phút"' in before
    assert re.search(r"1 min(ute)?.*40 working hours.*Mặc định", seen, re.DOTALL)
    assert silent.status_code == 400 and "Say why" in silent.get_data(as_text=True)
    assert done.status_code == 303
    assert "“một phút” is retired." in after
    assert 'value="một phút"' not in after
    assert [(entry.params["name"], entry.params["reason"]) for entry in audited(session, "policy.retired")] == [
        ("một phút", "ghi nhầm đơn vị")
    ]


def test_the_last_promise_for_everything_else_is_kept_and_the_reason_said(
    browser: FlaskClient, session: Session
) -> None:
    seen = post(browser, f"{HERE}/promises/retire/preview", policy="Mặc định").get_data(as_text=True)
    refused = post(browser, f"{HERE}/promises/retire", policy="Mặc định", reason="sai")
    by_file = post(browser, f"{HERE}/promises/preview", text="policies: [{name: Mặc định, retired: true}]")
    unknown = post(browser, f"{HERE}/promises/retire/preview", policy="không có")

    assert "It cannot be retired" in seen
    assert f'{HERE}/promises/retire"' not in seen
    assert refused.status_code == 409
    assert by_file.status_code == 400
    assert "some contacts would be promised nothing" in by_file.get_data(as_text=True)
    assert unknown.status_code == 404
    assert not audited(session, "policy.retired")


def test_a_file_retires_a_promise_too(browser: FlaskClient, session: Session) -> None:
    post(browser, f"{HERE}/promises/apply", text=MINUTE.replace("standard", chain_name(session)))
    text = "policies: [{name: một phút, retired: true, reason: sai}]"

    seen = post(browser, f"{HERE}/promises/preview", text=text).get_data(as_text=True)
    post(browser, f"{HERE}/promises/apply", text=text)
    again = post(browser, f"{HERE}/promises/preview", text=text).get_data(as_text=True)

    assert "These are retired: một phút." in seen
    assert len(audited(session, "policy.retired")) == 1
    assert "these rules are already in force" in again


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a: &a [*a]", b"x" * 500_000, b"- 1", b"{"])
def test_a_file_that_is_none_is_refused_politely(browser: FlaskClient, content: bytes) -> None:
    answer = browser.post(
        f"{HERE}/promises/preview",
        data={"csrf_token": csrf_of(browser, HERE), "file": (io.BytesIO(content), "x.yaml")},
    )

    assert answer.status_code == 400
    assert "/administration/promises/apply" not in answer.get_data(as_text=True)


def test_units_and_lines_are_found_and_taken_away(browser: FlaskClient) -> None:
    page = shown(browser, f"{HERE}/directory?q=sai gon")

    assert "Sai Gon" in page
    assert browser.get(f"{HERE}/directory/units.csv").mimetype == "text/csv"
    assert browser.get(f"{HERE}/directory/secrets.csv").status_code == 404


def test_the_audit_trail_is_filtered_and_paged(browser: FlaskClient, session: Session) -> None:
    person = staff(session, name="Người Kiểm Tra")
    for number in range(120):
        entries.record(session, actor=SYSTEM, action="test.counted", subject_kind="test", subject_id=number, now=NOW)
    session.commit()
    post(browser, f"{HERE}/people/{person.id}/disable")

    first = shown(browser, f"{HERE}/audit?action=test.")
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = shown(browser, following)

    assert [page.count("<tr>") - 1 for page in (first, second)] == [100, 20]
    assert '<option value="test." selected>' in first
    name = session.get_one(Staff, me(session)).name
    found = shown(browser, f"{HERE}/audit?who={name}&action=staff.disabled")
    assert "Account disabled" in found.split("<tbody>")[1]
    assert "Staff member" in found.split("<tbody>")[1]
    assert "Nothing matches." in shown(browser, f"{HERE}/audit?to=2020-01-01")
    assert "Nothing matches." in shown(browser, f"{HERE}/audit?who=%25")


def test_verifying_says_that_the_chain_holds_and_is_itself_written_down(
    app: HotlineApp, browser: FlaskClient, session: Session
) -> None:
    entries.record(session, actor=SYSTEM, action="test.done", subject_kind="test", subject_id=1, now=NOW)
    entries.seal(session, now=NOW, settled_before=NOW)
    session.commit()
    auditor = app.test_client()
    auditor.set_cookie("locale", "en")
    sign_in(auditor, session, role=Role.AUDITOR, now=NOW)

    token = csrf_of(auditor, f"{HERE}/audit")
    answer = auditor.post(f"{HERE}/audit/verify", data={"csrf_token": token})

    assert answer.status_code == 303
    assert "The chain holds" in auditor.get(f"{HERE}/audit").get_data(as_text=True)
    assert audited(session, "audit.verified")[0].params["intact"] is True


POSTS = [
    "/people", "/people/1/roles", "/people/1/link", "/people/1/disable", "/roles/1/end", "/messages/1/again",
    "/messages/1/discard", "/promises/preview", "/promises/apply",
    "/promises/retire/preview", "/promises/retire", "/tokens", "/tokens/1/revoke",
]  # fmt: skip


@pytest.mark.parametrize("address", POSTS)
def test_no_other_role_changes_anything_here(app: HotlineApp, session: Session, address: str) -> None:
    with app.bound_to(session, NOW):
        client = app.test_client()
        for role in set(Role) - {Role.ADMINISTRATOR}:
            sign_in(client, session, role=role, now=NOW)
            token = csrf_of(client, "/administration/audit" if role is Role.AUDITOR else "/track")

            answer = client.post(HERE + address, data={"csrf_token": token})

            assert answer.status_code == 403, role


@pytest.mark.parametrize("address", [*POSTS, "/audit/verify"])
def test_a_form_from_elsewhere_changes_nothing(browser: FlaskClient, address: str) -> None:
    assert browser.post(HERE + address, data={"reason": "x"}).status_code == 400


def test_an_administrator_opens_no_ticket_page(browser: FlaskClient) -> None:
    for address in ("/supervisor", "/supervisor/escalations", "/leadership", "/console"):
        assert browser.get(address).status_code == 403, address


@pytest.mark.parametrize(
    "page", ["", "/people", "/messages", "/webhooks", "/promises", "/directory", "/tokens", "/audit"]
)
def test_every_page_says_who_is_signed_in(browser: FlaskClient, session: Session, page: str) -> None:
    name = session.get_one(Staff, me(session)).name

    assert f'<span class="user-name">{name}</span>' in shown(browser, f"{HERE}{page}")
