"""The domestic SMS gateway as an account of its own: out under the brand, in and reported with its digest."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from app.clock import utc_now
from app.delivery.deliver import Delivery, deliver_due
from app.phone.known_accounts import known_accounts
from app.settings import Settings
from app.web.factory import create_app
from app.wording.messages import message_app
from telephony.provider.account import ProviderAccount, ProviderKind
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.drivers import carrier_of
from telephony.provider.gateway_driver import GatewayDriver
from telephony.provider.outcome import AccountTrouble, GiveUp, Sent, TryAgain
from tests.faults.breakable import free_port
from tests.telephony.provider.account_rows import add
from tickets.schema import InboundSms, OutboundMessage, PhonePreference, Ticket
from tickets.states import OutboundChannel, OutboundState
from tools.sms_gateway import Gateway, serve

SECRET = "a-gateway-secret"
NUMBER = "+84901234567"


@pytest.fixture
def gateway():
    gateway = Gateway(SECRET)
    server = serve(gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gateway.url = f"http://127.0.0.1:{server.server_port}"
    yield gateway
    server.shutdown()
    server.server_close()


def account(gateway, **said):
    usual = {
        "name": "sms", "kind": ProviderKind.GATEWAY, "account_sid": "tp-hcm", "auth_token": SECRET,
        "api_base_url": gateway.url, "driver": GatewayDriver.name, "signature_header": "X-Hotline-Digest",
    }  # fmt: skip
    return ProviderAccount(**usual | said)


def sent(of, text="Đã nhận", reference=7):
    report_to = f"http://127.0.0.1:1/webhooks/sms/sms-status?m={reference}"
    return carrier_of(of).send_sms(to=NUMBER, sender="UBND TPHCM", text=text, report_to=report_to)


@pytest.fixture
def product(committed, settings, tmp_path, gateway):
    """The product on a port of its own, with the gateway as a row."""
    port = free_port()
    told = {
        "database_url": committed.url, "data_dir": tmp_path, "port": port,
        "public_base_url": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    own = Settings(**{**settings.model_dump(), **told}, _env_file=None)
    with committed.factory() as session:
        add(
            session, own, "sms", ProviderKind.GATEWAY, token=SECRET, api_base_url=gateway.url, text_sender="UBND TPHCM",
            templates=(("Hotline", "T-ANY"), ("Hotline: ", "T-CONFIRM")), longest_text=480,
        )  # fmt: skip
        session.commit()
    known_accounts(own).renew(committed.factory, at_once=True)
    server = make_server("127.0.0.1", port, create_app(own), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gateway.hotline = f"http://127.0.0.1:{port}/webhooks/sms"
    yield own
    server.shutdown()


def deliver(own, committed):
    clock = lambda _: utc_now()  # noqa: E731
    delivery = Delivery(own, committed.factory, message_app(own), "worker:test", clock, ThreadPoolExecutor(2))
    return deliver_due(delivery, (OutboundChannel.SMS,))


def rows(committed, statement):
    with committed.factory() as session:
        return session.scalars(statement).all()


def test_a_citizen_who_writes_by_the_gateway_is_answered_by_it_under_the_brand_and_the_report_is_kept(
    product, gateway, committed
):
    gateway.reports = ("sent", "delivered")

    assert gateway.text(NUMBER.removeprefix("+"), "Rác ở phường Bến Thành không ai lấy") == 200
    deliver(product, committed)

    (ticket,) = rows(committed, select(Ticket))
    (taken,) = gateway.received
    assert not ticket.is_simulated
    assert (taken["to"], taken["brand"]) == (NUMBER, "UBND TPHCM")
    assert ticket.reference in taken["text"].replace(" ", "")
    (message,) = rows(committed, select(OutboundMessage))
    assert (message.provider_account, message.state) == ("sms", OutboundState.DELIVERED)


def test_what_another_secret_signed_or_what_was_meant_for_another_address_is_refused(product, gateway, committed):
    told = {"id": "mo-x", "from": NUMBER, "to": "1022", "text": "Rác"}

    forged = gateway.tell(f"{gateway.hotline}/sms", told, secret="another")
    genuine = gateway.tell(f"{gateway.hotline}/sms", told)
    again = gateway.tell(f"{gateway.hotline}/sms", told)

    assert (forged, genuine, again) == (403, 200, 200)
    assert len(rows(committed, select(InboundSms.id))) == 1, "told twice, taken once"


def test_who_refuses_our_texts_by_the_carrier_gets_none_any_more(product, gateway, committed):
    gateway.text(NUMBER, "Rác ở phường Bến Thành không ai lấy")
    gateway.codes = [20]
    deliver(product, committed)

    assert rows(committed, select(PhonePreference.phone)) == [NUMBER]


def test_each_code_means_what_the_protocol_says(gateway):
    of = account(gateway)
    said = {}
    for number, code in enumerate((10, 20, 21, 22, 30, 99)):
        gateway.codes = [code]
        said[code] = sent(of, reference=100 + number)

    assert {code: type(outcome) for code, outcome in said.items()} == {
        10: TryAgain, 20: GiveUp, 21: GiveUp, 22: GiveUp, 30: AccountTrouble, 99: TryAgain,
    }  # fmt: skip
    assert said[20].opted_out and not said[21].opted_out


def test_a_text_whose_answer_was_lost_is_taken_once_when_it_comes_again(gateway):
    of = account(gateway)

    first, again = sent(of, reference=3), sent(of, reference=3)

    assert first == again == Sent("sms", "mt-1")
    assert len(gateway.received) == 1


def test_the_registered_text_with_most_in_common_is_named(gateway):
    of = account(gateway, templates=(("", "T-ANY"), ("Hotline: ma", "T-CODE"), ("Hotline", "T-HOTLINE")))

    for number, text in enumerate(("Hotline: ma 12", "Hotline xin chao", "Xin chao")):
        sent(of, text, reference=number + 1)

    assert [one["template"] for one in gateway.received] == ["T-CODE", "T-HOTLINE", "T-ANY"]


def test_a_text_longer_than_the_account_takes_never_leaves(gateway):
    outcome = sent(account(gateway, longest_text=20), "a" * 21)

    assert isinstance(outcome, GiveUp) and outcome.code == "too_long"
    assert gateway.received == []


def test_a_gateway_that_is_away_or_refuses_our_secret_is_told_apart(gateway):
    away = account(gateway, api_base_url="http://127.0.0.1:9")
    stranger = account(gateway, auth_token="another")

    assert isinstance(sent(away), TryAgain) and not sent(away).may_have_left
    assert isinstance(sent(stranger), AccountTrouble)
    assert carrier_of(account(gateway)).let_in() is None
    with pytest.raises(ProviderUnreachable) as refused:
        carrier_of(stranger).let_in()
    assert refused.value.status == 401
