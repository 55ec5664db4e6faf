"""A provider that shares nothing with the first: JSON, another signature, numbers for states. Only its driver knows it.

A domestic text gateway as they are: one secret, a digest over time and body, no calls. It stands in this file alone;
the product hears, writes and is reported to through the very same views, outbox and tables.
"""

import hashlib
import hmac
import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from sqlalchemy import func, select

from app.clock import utc_now
from app.delivery.deliver import Delivery, deliver_due
from app.phone.accounts import provider_accounts, sending_account
from app.phone.answers import Phones
from app.phone.reconciliation import reconcile
from app.reference import Reference
from app.settings import Settings
from app.web.factory import create_app
from app.web.provider_events.webhooks import door
from app.wording.messages import message_app
from telephony.provider import drivers
from telephony.provider.account import Capability, ProviderAccount, ProviderKind
from telephony.provider.driver import Probe, WithoutVoice
from telephony.provider.outcome import GiveUp, Sent, TryAgain
from tickets.outbox.posting import OPTED_OUT, PASSING
from tickets.schema import InboundSms, Line, OutboundMessage, PhonePreference, Ticket, WebhookEvent, WebhookRefusal
from tickets.states import OutboundChannel, OutboundState

SECRET = "a-gateway-secret"
NUMBER = "+84901234567"
_STATES = {0: "queued", 1: "sent", 2: "delivered", 5: "undelivered", 9: "failed"}
_TROUBLES = {107: OPTED_OUT, 31: PASSING}
_ids = itertools.count(1)


def digest(time, body, secret=SECRET):
    return hmac.new(secret.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()


class WithGateway(Settings):
    """The two lines of `provider_settings.py` that its settings would be."""

    gateway_secret: str = ""
    gateway_url: str = ""


class GatewayDriver:
    name = "gateway"
    nothing_to_do = ""

    def said_back(self, _words):
        return self.nothing_to_do

    def accounts(self, setting):
        if setting("gateway_secret"):
            yield ProviderAccount(
                name="gateway",
                kind=ProviderKind.OTHER,
                account_sid="brand-hcm",
                auth_token=setting("gateway_secret"),
                api_base_url=setting("gateway_url"),
                capabilities=frozenset({Capability.SMS_INBOUND, Capability.SMS_OUTBOUND}),
                driver=self.name,
            )

    def refusal(self, account, request, *, public_base_url):
        given = request.headers.get("x-gw-digest", "")
        if not given:
            return "no_signature"
        right = digest(request.headers.get("x-gw-time", ""), request.body, account.auth_token)
        return "" if hmac.compare_digest(given, right) else "wrong_signature"

    def fields(self, account, request):
        told = json.loads(request.body)
        if "state" not in told:
            return {"message_sid": told["id"], "from": told["msisdn"], "to": told["shortcode"], "body": told["text"]}
        code = told.get("reason", 0)
        return {
            "message_sid": told["id"],
            "message_status": _STATES.get(told["state"], ""),
            "error_code": str(code or ""),
            "trouble": _TROUBLES.get(code, ""),
        }

    def probe(self, account, url, *, is_forged=False):
        body = json.dumps({"id": "probe", "state": 0}).encode()
        mark = digest("0", body, account.auth_token + ("x" if is_forged else ""))
        return Probe({"X-Gw-Time": "0", "X-Gw-Digest": mark, "Content-Type": "application/json"}, body)

    def carrier(self, account):
        return GatewayCarrier(account)


class GatewayCarrier(WithoutVoice):
    def __init__(self, account):
        self.account = account

    def send_sms(self, *, to, sender, text, report_to):
        body = json.dumps({"msisdn": to.removeprefix("+"), "brand": sender, "text": text, "dlr": report_to}).encode()
        headers = {"X-Gw-Time": "1", "X-Gw-Digest": digest("1", body, self.account.auth_token)}
        answer = requests.post(f"{self.account.api_base_url}/mt", data=body, headers=headers, timeout=5)
        told = answer.json()
        if told["rc"] == 0:
            return Sent(self.account.name, told["id"])
        return TryAgain(str(told["rc"]), "busy") if told["rc"] == 99 else GiveUp(str(told["rc"]), "refused")


@pytest.fixture
def gateway(monkeypatch):
    """The gateway's own server on loopback, and its driver named where drivers are."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["X-Gw-Digest"] == digest(self.headers["X-Gw-Time"], body)
            self.server.received.append(json.loads(body))
            rc = self.server.codes.pop(0) if self.server.codes else 0
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"rc": rc, "id": f"mt-{next(self.server.ids)}"}).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Two messages may come at the same moment; each has an id of its own all the same.
    server.received, server.codes, server.ids = [], [], itertools.count(1)
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setitem(drivers.DRIVERS, GatewayDriver.name, GatewayDriver())
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def own_settings(committed, settings, gateway, tmp_path):
    own = {"database_url": committed.url, "data_dir": tmp_path, "gateway_secret": SECRET, "gateway_url": gateway.url}
    return WithGateway(**{**settings.model_dump(), **own}, _env_file=None)


@pytest.fixture
def tell(own_settings):
    """A signed event of the gateway to our public address."""
    app = create_app(own_settings)
    # The first request of a process reads places and rules; that is not what is told here.
    with app.test_request_context("/"), app.sessions() as session:
        door().phones.desk(session, "gateway", now=utc_now())
    client = app.test_client()

    def tell(kind, told, *, secret=SECRET):
        body = json.dumps(told).encode()
        headers = {"X-Gw-Time": "1764300000", "X-Gw-Digest": digest("1764300000", body, secret)}
        return client.post(
            f"/webhooks/gateway/{kind}", data=body, headers=headers, content_type="application/json",
            base_url="http://127.0.0.1:8000",
        )  # fmt: skip

    return tell


def text(said, number=NUMBER):
    return {"id": f"mo-{next(_ids)}", "msisdn": number, "shortcode": "1022", "text": said}


def deliver(own_settings, committed):
    app = message_app(own_settings)
    delivery = Delivery(own_settings, committed.factory, app, "worker:test", lambda _: utc_now(), ThreadPoolExecutor(2))
    return deliver_due(delivery, (OutboundChannel.SMS, OutboundChannel.VOICE))


def rows(committed, statement):
    with committed.factory() as session:
        return session.scalars(statement).all()


def test_a_text_by_the_gateway_becomes_a_ticket_once_and_is_answered_by_the_gateway(
    tell, committed, own_settings, gateway
):
    told = text("Rác ở phường Bến Thành không ai lấy")

    first, again = tell("sms", told), tell("sms", told)
    deliver(own_settings, committed)

    assert (first.status_code, first.data) == (again.status_code, again.data) == (200, b"")
    (ticket,) = rows(committed, select(Ticket))
    assert not ticket.is_simulated, "it is a real citizen who writes"
    assert rows(committed, select(InboundSms.account)) == ["gateway"]
    assert [message["msisdn"] for message in gateway.received] == [NUMBER.removeprefix("+")]
    assert ticket.reference in gateway.received[0]["text"].replace(" ", "")
    assert rows(committed, select(OutboundMessage.provider_account)) == ["gateway"]


def test_its_reports_move_the_message_as_those_of_any_other_provider(tell, committed, own_settings, gateway):
    tell("sms", text("Rác ở phường Bến Thành không ai lấy"))
    deliver(own_settings, committed)
    report = gateway.received[0]["dlr"].split("/webhooks/gateway/")[1]

    for state in (2, 1, 0, 2):
        tell(report, {"id": "mt-1", "state": state})

    (message,) = rows(committed, select(OutboundMessage))
    assert (message.state, message.provider_status) == (OutboundState.DELIVERED, "delivered")


def test_its_own_codes_mean_what_they_mean(tell, committed, own_settings, gateway):
    tell("sms", text("Rác ở phường Bến Thành không ai lấy"))
    tell("sms", text("Đèn đường hỏng ở phường Sài Gòn", number="+84902222222"))
    deliver(own_settings, committed)
    first, second = sorted(rows(committed, select(OutboundMessage)), key=lambda message: message.provider_sid)

    tell("sms-status", {"id": first.provider_sid, "state": 5, "reason": 107})
    tell("sms-status", {"id": second.provider_sid, "state": 5, "reason": 31})

    states = dict(rows_of(committed, select(OutboundMessage.id, OutboundMessage.state)))
    assert states == {first.id: OutboundState.FAILED, second.id: OutboundState.WAITING}
    assert rows(committed, select(PhonePreference.phone)) == [first.address]


def rows_of(committed, statement):
    with committed.factory() as session:
        return [tuple(row) for row in session.execute(statement)]


def test_what_it_did_not_sign_is_refused_and_noted(tell, committed):
    answer = tell("sms", text("Rác"), secret="another")

    assert (answer.status_code, answer.data) == (403, b"")
    assert rows(committed, select(InboundSms.id)) == []
    assert wait_for(lambda: rows(committed, select(WebhookRefusal.reason)) == ["wrong_signature"])


def wait_for(happened):
    pause = threading.Event()
    return any(happened() or pause.wait(0.05) for _ in range(100))


def test_a_gateway_that_is_busy_is_asked_again_and_one_that_refuses_is_not(tell, committed, own_settings, gateway):
    gateway.codes = [99]
    tell("sms", text("Rác ở phường Bến Thành không ai lấy"))
    deliver(own_settings, committed)
    after_busy = rows(committed, select(OutboundMessage.state))
    gateway.codes = [12]
    tell("sms", text("Đèn đường hỏng ở phường Sài Gòn", number="+84902222222"))
    deliver(own_settings, committed)

    assert after_busy == [OutboundState.WAITING]
    failed = select(OutboundMessage.error_code).where(OutboundMessage.state == OutboundState.FAILED)
    assert rows(committed, failed) == ["12"]


def test_texts_go_by_the_gateway_and_calls_by_who_carries_calls(own_settings):
    assert sending_account(own_settings, Capability.SMS_OUTBOUND).name == "gateway"
    assert sending_account(own_settings, Capability.VOICE).name == "sim"
    assert set(provider_accounts(own_settings)) == {"sim", "gateway"}


def test_asking_it_what_was_lost_and_what_it_never_kept_harms_nobody(committed, own_settings):
    phones = Phones(
        own_settings.model_copy(update={"public_base_url": "https://hotline.example", "demo": False}),
        Reference.from_settings(own_settings),
    )

    repairs = reconcile(committed.factory, phones, now=utc_now())

    assert repairs.total == 0


def test_an_event_kept_on_disk_is_taken_up_later_in_our_own_words(tell, committed, own_settings):
    told = text("Rác ở phường Bến Thành không ai lấy")
    tell("sms", told)

    kept = rows(committed, select(WebhookEvent.form))

    assert kept == [{"message_sid": told["id"], "from": NUMBER, "to": "1022"}], "and never the words themselves"
    assert rows(committed, select(func.count()).select_from(Line))
