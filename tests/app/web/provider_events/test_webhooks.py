"""The providers' door: who is believed, what is answered, and that nothing told twice happens twice."""

import json
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask, request
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.phone.accounts import simulated_account
from app.settings import Settings
from app.web.factory import create_app
from app.web.provider_events import webhooks
from telephony.provider.account import ProviderKind
from telephony.provider.account_kinds import provider_account
from telephony.provider.drivers import driver_of
from telephony.provider.signatures import sign
from tests.telephony.phone import Phone
from tickets.schema import Call, Ticket, WebhookEvent, WebhookRefusal

DATA = Path(__file__).resolve().parents[3] / "data"
VECTORS = json.loads((DATA / "signature_vectors.json").read_text("utf-8"))
WEBHOOKS = json.loads((DATA / "provider_webhooks.json").read_text("utf-8"))
OUR_PATHS = {
    "gather": "menu",
    "dial_action": "dial",
    "record_action": "voicemail",
    "call_status": "status",
    "recording_status": "recording",
    "message_status": "sms-status",
    "voice_fallback": "fallback",
}
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="session")
def twilio_app(settings, database):
    """The product with a real provider set up, whose account is the one in the stored bodies."""
    with_twilio = settings.model_copy(
        update={"twilio_account_sid": "AC" + "0" * 32, "twilio_auth_token": TOKEN, "demo": True}
    )
    app = create_app(with_twilio, engine=database)
    app.config["TESTING"] = True
    return app


@pytest.fixture
def twilio(twilio_app, session, now):
    with twilio_app.bound_to(session, now):
        yield twilio_app.test_client()


def send(client, path, params, method="POST", token=TOKEN):
    url = f"http://127.0.0.1:8000/webhooks/twilio/{path}"
    if method == "GET":
        url += "?" + urlencode(params)
        headers = {"X-Twilio-Signature": sign(token, url, {})}
        return client.get(url.removeprefix("http://127.0.0.1:8000"), headers=headers, base_url="http://127.0.0.1:8000")
    headers = {"X-Twilio-Signature": sign(token, url, MultiDict(params))}
    return client.post(f"/webhooks/twilio/{path}", data=params, headers=headers, base_url="http://127.0.0.1:8000")


@pytest.mark.parametrize("number", range(len(WEBHOOKS)), ids=[w["name"] for w in WEBHOOKS])
def test_every_body_a_provider_sends_is_taken_once_and_answered_alike_when_repeated(twilio, session, number):
    webhook = WEBHOOKS[number]
    own = {"CallSid": f"CA{number:032d}"} if "CallSid" in webhook["params"] else {}
    params = {**webhook["params"], **own}
    path = OUR_PATHS.get(webhook["path_kind"], webhook["path_kind"].replace("_", "-"))

    first = send(twilio, path, params, webhook["method"])
    events = session.scalar(select(func.count()).select_from(WebhookEvent))
    calls = session.scalar(select(func.count()).select_from(Call))
    again = send(twilio, path, params, webhook["method"])

    assert first.status_code in (200, 204), first.data
    assert (again.status_code, again.data, again.mimetype) == (first.status_code, first.data, first.mimetype)
    assert events == session.scalar(select(func.count()).select_from(WebhookEvent)) == 1
    assert calls == session.scalar(select(func.count()).select_from(Call))
    if webhook["path_kind"] in ("voice", "gather", "dial_action", "record_action", "voice_fallback"):
        assert first.mimetype == "text/xml" and b"<Response>" in first.data


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_every_signature_vector_is_judged_rightly_through_a_view(vector, monkeypatch):
    """The product's own check behind a view at the vector's address, with the public URL taken from the vector."""
    parts = urlsplit(vector["url"])
    view = Flask("vectors")
    account = provider_account(
        name="twilio", kind=ProviderKind.TWILIO, account_sid="AC1", auth_token=vector["auth_token"]
    )
    verdicts = []

    @view.route(parts.path, methods=["GET", "POST"])
    def receive():
        said = webhooks.wire_request()
        verdicts.append(driver_of(account).refusal(account, said, public_base_url=f"{parts.scheme}://{parts.netloc}"))
        return request.method

    target = parts.path + (f"?{parts.query}" if parts.query else "")
    sent = (
        {"data": vector["body"], "content_type": "application/json"}
        if vector["body"]
        else {"data": MultiDict(vector["params"])}
    )
    if vector["method"] == "GET":
        sent = {}
    headers = {"X-Twilio-Signature": vector["signature"]} if vector["signature"] else {}
    view.test_client().open(target, method=vector["method"], headers=headers, **sent)

    assert (verdicts == [""]) is vector["valid"]


@pytest.mark.parametrize(
    ("signature", "reason"),
    [("", "no_signature"), ("AAAA", "wrong_signature"), ("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "wrong_signature")],
)
def test_a_missing_or_wrong_signature_is_refused_without_a_body_and_noted(client, settings, session, signature, reason):
    phone = Phone(client, settings)

    answer = phone.post("voice", signature=signature)

    assert (answer.status_code, answer.data) == (403, b"")
    assert session.scalar(select(func.count()).select_from(Call)) == 0
    assert session.scalars(select(WebhookRefusal.reason)).one() == reason


def test_a_genuine_request_of_another_account_is_refused(client, settings, session):
    answer = Phone(client, settings).post("voice", AccountSid="AC" + "f" * 32)

    assert answer.status_code == 403
    assert session.scalars(select(WebhookRefusal.reason)).one() == "other_account"


def test_an_account_we_do_not_have_does_not_exist(client):
    answer = client.post("/webhooks/nobody/voice", data={"CallSid": "CA1"})

    assert (answer.status_code, answer.data) == (404, b"")


def test_a_trailing_slash_loses_no_keys(client, settings):
    phone = Phone(client, settings).ring()

    assert phone.post("menu/?turn=1", Digits="3").status_code == 200


@pytest.mark.parametrize("address", ["voice?unit=Ph%C6%B0%E1%BB%9Dng%20S%C3%A0i+G%C3%B2n&x=%2F", "voic%65", "voice%2f"])
def test_escapes_and_letters_in_the_address_do_not_cost_a_caller_the_call(client, settings, address):
    """The signature is over the address as it was sent, not over what a server reads in it."""
    phone = Phone(client, settings)

    assert phone.post(address).status_code == 200


def test_the_simulators_account_does_not_exist_on_a_public_address(settings, database):
    public = Settings(
        **{**settings.model_dump(), "public_base_url": "https://hotline.example.vn", "demo": False}, _env_file=None
    )
    app = create_app(public, engine=database)

    answer = app.test_client().post("/webhooks/sim/voice", data={"AccountSid": simulated_account(settings).account_sid})

    assert answer.status_code == 404


def test_neither_a_keyed_pin_nor_a_text_is_kept_in_the_log_of_requests(client, settings, session):
    phone = Phone(client, settings)
    phone.ring().press("3").press("2600421733").press("482913")
    phone.post("sms", MessageSid="SM-9", Body="TT 2600421733 482913")

    kept = session.scalars(select(WebhookEvent.form)).all()
    assert len(kept) >= 5
    assert "482913" not in str(kept)


def test_an_event_we_do_not_use_is_kept_and_accepted(client, settings, session):
    answer = Phone(client, settings).post("amd-status", AnsweredBy="machine_start")

    assert answer.status_code == 204
    assert session.scalars(select(WebhookEvent.kind)).one() == "amd-status"


@pytest.mark.parametrize(
    ("odd", "readable"),
    [
        ("\0", ""),
        ("\udc80".encode("utf-8", "surrogatepass").decode("latin-1"), "í²"),
        ("x" * 9000, "x" * 500),
        ("🙂" * 50, "🙂" * 50),
    ],
    ids=["nul", "half a pair", "long", "faces"],
)
def test_odd_letters_break_nothing_and_what_can_be_read_becomes_a_ticket(client, settings, session, odd, readable):
    answer = Phone(client, settings).post("sms", MessageSid="SM1", Body=f"Rác {odd} hẻm 12")

    assert answer.status_code == 200
    kept = session.scalars(select(Ticket.body)).one()
    assert kept.startswith(" ".join(["Rác", readable]).strip())


def test_a_letter_no_text_can_hold_is_left_out_of_fields_and_address_and_no_event_is_named_with_one(
    client, settings, session
):
    phone = Phone(client, settings).ring()

    field = phone.post("amd-status", AnsweredBy="human", FromCity="Sài\0Gòn")
    address = phone.post("menu?turn=1%00", Digits="")
    name = phone.post("vo%00ice")

    assert (field.status_code, address.status_code, name.status_code) == (204, 200, 404)
    kept = session.scalars(select(WebhookEvent).order_by(WebhookEvent.id)).all()
    assert [event.kind for event in kept] == ["voice", "amd-status", "menu"]
    assert kept[1].form["FromCity"] == "SàiGòn"


def test_a_flood_of_forgeries_is_refused_and_does_not_become_a_flood_of_rows(app, client, session):
    assert client.post("/webhooks/sim/voice").status_code == 403
    noted_lately = app.extensions["webhook_door"].refusals
    noted_lately.clear()

    statuses = {client.post("/webhooks/sim/voice").status_code for _ in range(webhooks.MOST_REFUSALS_A_MINUTE + 5)}
    # Other tests share this door.
    noted_lately.clear()

    assert statuses == {403}
    assert session.scalar(select(func.count()).select_from(WebhookRefusal)) == webhooks.MOST_REFUSALS_A_MINUTE + 1
