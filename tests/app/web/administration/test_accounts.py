"""Provider accounts on their page: kept with their secrets unseen, refused abroad, looked at live in plain words."""

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.phone import account_check
from app.web.frame.application import HotlineApp
from telephony.provider.account import ProviderAccount, ProviderKind
from telephony.provider.account_secrets import AccountSecrets
from tests.app.web.administration.desk import HERE, audited, post, shown
from tests.telephony.provider.account_rows import add
from tickets.keys import account_keys
from tickets.schema import AuditEntry, KeptAccount, Line

SECRET = "a-token-nobody-may-see-again"
ACCOUNTS = f"{HERE}/accounts"
GIVEN = {
    "kind": "own_trunk", "name": "trunk-1", "account_sid": "1234", "auth_token": SECRET,
    "api_base_url": "https://switch.example.gov.vn/", "can": ["voice"], "country": "vn", "asked_in_order": "5",
    "longest_text": "1600", "rate_minute": "350,5",
}  # fmt: skip


def the_row(session: Session, name: str = "trunk-1") -> KeptAccount:
    return session.scalars(select(KeptAccount).where(KeptAccount.name == name)).one()


def secrets_of(session: Session, app: HotlineApp) -> AccountSecrets:
    found = AccountSecrets.opened(the_row(session).secrets, account_keys(app.settings.secret_key))
    assert found is not None
    return found


def test_an_account_is_added_and_its_secret_is_seen_nowhere_again(
    browser: FlaskClient, session: Session, app: HotlineApp
) -> None:
    answer = post(browser, f"{ACCOUNTS}/new", **GIVEN)

    row = the_row(session)
    assert answer.status_code == 303
    assert (row.kind, row.country, row.capabilities, row.asked_in_order) == ("own_trunk", "VN", ["voice"], 5)
    assert secrets_of(session, app).auth_token == SECRET
    pages = shown(browser, ACCOUNTS) + shown(browser, f"{ACCOUNTS}/trunk-1")
    assert "/webhooks/trunk-1/voice" in pages and "/webhooks/trunk-1/fallback" in pages
    told = json.dumps([entry.params for entry in session.scalars(select(AuditEntry))], default=str)
    assert SECRET not in pages + told + row.secrets
    assert [entry.params["account"] for entry in audited(session, "provider_account.added")] == ["trunk-1"]


def test_what_was_typed_wrongly_is_said_at_its_field_and_nothing_but_the_secret_is_lost(
    browser: FlaskClient, session: Session
) -> None:
    answer = post(browser, f"{ACCOUNTS}/new", **GIVEN | {"api_base_url": "switch", "text_sender": "UBND"})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "A whole address such as" in page
    assert 'value="switch"' in page and 'value="UBND"' in page and 'value="trunk-1"' in page
    assert SECRET not in page
    assert session.scalars(select(KeptAccount)).all() == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "sim"}, "an account with this name already"),
        ({"name": "new"}, "an account with this name already"),
        ({"name": "Trunk 1"}, "Small letters, digits and dashes"),
        ({"auth_token": ""}, "This field is required"),
        ({"auth_token": "short"}, "At least 8 characters"),
        ({"api_base_url": "https://me:secret@switch.example"}, "without a password"),
        ({"country": "Vietnam"}, "Two letters"),
        ({"voice": "Polly.Joanna"}, "does not read Vietnamese"),
        ({"kind": "twilio", "voice": "Google.vi-VN-Wavenet-Z"}, "has no voice of this name"),
        ({"media_hosts": "https://media.example/"}, "One name of a host"),
        ({"asked_in_order": "0"}, "A number from 1 to 999"),
        ({"rate_minute": "a lot"}, "A price has digits"),
        ({"can": ["voice", "speech"]}, "Accounts of this kind cannot do that"),
        ({"kind": "gateway", "can": ["voice"]}, "Accounts of this kind cannot do that"),
        ({"kind": "gateway", "can": ["sms_outbound"]}, "This field is required"),
        ({"kind": "gateway", "can": [], "text_sender": "UBND", "templates": "T1"}, "A line each"),
    ],
)
def test_each_wrong_field_has_its_own_sentence(
    browser: FlaskClient, session: Session, wrong: dict[str, object], words: str
) -> None:
    answer = post(browser, f"{ACCOUNTS}/new", **GIVEN | wrong)

    assert answer.status_code == 400
    assert words in answer.get_data(as_text=True)
    assert session.scalars(select(KeptAccount)).all() == []


def test_a_new_token_leaves_the_old_one_good_until_it_is_taken_away(
    browser: FlaskClient, session: Session, app: HotlineApp
) -> None:
    post(browser, f"{ACCOUNTS}/new", **GIVEN)

    post(browser, f"{ACCOUNTS}/trunk-1", **GIVEN | {"auth_token": "", "account_sid": "5678"})
    kept = secrets_of(session, app).auth_token
    post(browser, f"{ACCOUNTS}/trunk-1", **GIVEN | {"auth_token": "another-token"})
    rotating = secrets_of(session, app)
    said = shown(browser, f"{ACCOUNTS}/trunk-1")
    post(browser, f"{ACCOUNTS}/trunk-1/end-rotation")

    assert kept == SECRET, "an empty field keeps what is there"
    assert (rotating.auth_token, rotating.previous_auth_token) == ("another-token", SECRET)
    assert "Two tokens are good" in said
    assert secrets_of(session, app).previous_auth_token == ""
    changes = [entry.params["account_fields"] for entry in audited(session, "provider_account.changed")]
    assert ["account_sid"] in changes and any("auth_token" in fields for fields in changes)


def test_an_account_is_switched_off_and_on_and_removed_only_while_no_line_names_it(
    browser: FlaskClient, session: Session
) -> None:
    post(browser, f"{ACCOUNTS}/new", **GIVEN)
    post(browser, f"{ACCOUNTS}/trunk-1/switch", to="off")
    assert "switched off" in shown(browser, ACCOUNTS)
    post(browser, f"{ACCOUNTS}/trunk-1/switch", to="on")
    assert the_row(session).off_at is None

    line = session.scalars(select(Line).limit(1)).one()
    line.provider_account = "trunk-1"
    session.flush()
    post(browser, f"{ACCOUNTS}/trunk-1/remove")
    assert the_row(session)
    line.provider_account = None
    session.flush()
    post(browser, f"{ACCOUNTS}/trunk-1/remove")
    assert session.scalars(select(KeptAccount)).all() == []


def test_where_citizens_call_new_use_of_an_account_abroad_is_refused_without_a_decision(
    browser: FlaskClient, session: Session, app: HotlineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = app.settings.model_copy(update={"public_base_url": "https://hotline.example.vn", "demo": False})
    abroad = GIVEN | {"kind": "twilio", "country": "US"}
    add(session, app.settings, "older", ProviderKind.TWILIO, country="US")
    add(session, app.settings, "off", ProviderKind.TWILIO, country="US").off_at = utc_now()
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', shown(browser, HERE))
    assert csrf is not None
    monkeypatch.setattr(app, "settings", production)

    def send(**more: str) -> tuple[int, str]:
        answer = browser.post(
            f"{ACCOUNTS}/new", data=abroad | more | {"csrf_token": csrf[1]}, headers={"X-Forwarded-Proto": "https"}
        )
        return answer.status_code, answer.get_data(as_text=True)

    refused, taken = send(), send(decision_no="12/QĐ-UBND")
    switched = browser.post(
        f"{ACCOUNTS}/off/switch", data={"to": "on", "csrf_token": csrf[1]}, headers={"X-Forwarded-Proto": "https"}
    )

    assert switched.status_code == 303 and the_row(session, "off").off_at is not None
    assert refused[0] == 400 and "only by a decision" in refused[1]
    assert taken[0] == 303
    assert "Nothing is sent by older" in shown(browser, ACCOUNTS)
    assert "older keeps voice and text of citizens abroad" in shown(browser, "/administration")


class _Provider(BaseHTTPRequestHandler):
    """Lets one token in, and lists two numbers: one leads to us, one elsewhere."""

    def do_GET(self) -> None:
        numbers = [
            {"phone_number": "+842838000001", "voice_url": f"{self.server.ours}/voice#rc=2", "sms_url": "",
             "voice_fallback_url": f"{self.server.ours}/fallback"},
            {"phone_number": "+842838000002", "voice_url": "https://old.example/voice", "sms_url": "",
             "voice_fallback_url": ""},
        ]  # fmt: skip
        if self.server.says:
            self.send_response(self.server.status)
            self.end_headers()
            self.wfile.write(self.server.says)
            return
        status, body = 404, {"code": 20404, "message": "not found", "status": 404}
        if "IncomingPhoneNumbers" in self.path:
            status, body = 200, {"incoming_phone_numbers": numbers, "page": 0, "next_page_uri": None}
        if self.server.refuses:
            status, body = 401, {"code": 20003, "message": "no", "status": 401}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def provider(app: HotlineApp):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    server.ours, server.refuses = f"{app.settings.base_url}/webhooks/trunk-1", False
    # Somebody else in its place.
    server.status, server.says = 200, b""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_live_look_says_whether_it_lets_us_in_and_where_each_number_leads(
    browser: FlaskClient, session: Session, provider
) -> None:
    post(browser, f"{ACCOUNTS}/new", **GIVEN | {"api_base_url": f"http://127.0.0.1:{provider.server_port}"})
    line = session.scalars(select(Line).limit(1)).one()
    line.provider_account = "trunk-1"
    session.flush()

    page = post(browser, f"{ACCOUNTS}/trunk-1/check").get_data(as_text=True)
    provider.refuses = True
    refused = post(browser, f"{ACCOUNTS}/trunk-1/check").get_data(as_text=True)

    assert "The provider lets us in." in page
    assert "+842838000001 leads to us." in page
    assert "+842838000002 leads to https://old.example/voice. Set it to" in page
    assert f"{line.phone} is one of our lines, and this account does not have the number." in page
    assert "Our public address is not reached from here" in page
    assert "The provider refuses our account (401)" in refused


def test_what_is_not_reached_is_told_from_what_refuses(settings) -> None:
    nowhere = ProviderAccount(
        name="trunk-1", kind=ProviderKind.OWN_TRUNK, account_sid="1", auth_token="t", api_base_url="http://127.0.0.1:9"
    )

    found = account_check.look(settings.model_copy(update={"public_base_url": "http://127.0.0.1:9"}), nowhere, [])

    assert [one.what for one in found] == [account_check.Looked.AWAY, account_check.Looked.NOT_REACHED]


def test_why_nothing_is_reached_is_said_in_words_and_not_in_a_library_s(browser: FlaskClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        unused = f"http://127.0.0.1:{closed.getsockname()[1]}"
    said = {}
    for name, address in (("unused", unused), ("mistyped", "http://provider.invalid")):
        post(browser, f"{ACCOUNTS}/new", **GIVEN | {"name": name, "api_base_url": address})
        said[name] = post(browser, f"{ACCOUNTS}/{name}/check").get_data(as_text=True)

    assert "The provider is not reached from here: nothing listens at that address." in said["unused"]
    assert "The provider is not reached from here: no name service here knows its name" in said["mistyped"]
    assert not [word for word in ("Pool", "Error", "retries", "0x") for page in said.values() if word in page]


@pytest.mark.parametrize("says", [b"<html><body>Sign in to the network</body></html>", b"[]", b'{"error": "no route"}'])
def test_what_answers_and_is_no_provider_is_not_told_as_a_line_that_broke(browser: FlaskClient, provider, says) -> None:
    provider.says = says
    post(browser, f"{ACCOUNTS}/new", **GIVEN | {"api_base_url": f"http://127.0.0.1:{provider.server_port}"})

    page = post(browser, f"{ACCOUNTS}/trunk-1/check").get_data(as_text=True)

    assert "The provider is not reached from here: something answers at that address that does not speak" in page
