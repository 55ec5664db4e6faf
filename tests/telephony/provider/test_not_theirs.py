"""A gateway or a sign-in page on the way says yes to everything: no message counts as sent, no list as read."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from telephony.provider.account import ProviderKind
from telephony.provider.account_kinds import provider_account
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.outcome import AccountTrouble, TryAgain
from telephony.provider.twilio_client import TwilioCarrier

PAGE = b"<html><body>Please sign in</body></html>"
YESES = [b"", b"{}", b'{"sid": null}', b'{"sid": ""}', PAGE, b"[]", b"null", b'"ok"', b'{"sid": ']
LONG_AGO = datetime(2026, 11, 23, tzinfo=UTC)
TO = {"to": "+84901234567", "sender": "+842838000000", "report_to": "http://a/?m=1"}


@contextmanager
def whoever_answers(status: str, body: bytes) -> Iterator[TwilioCarrier]:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    def answer() -> None:
        with suppress(OSError):
            while True:
                asked, _ = listening.accept()
                with asked:
                    asked.recv(65536)
                    asked.sendall(head + body)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, daemon=True).start()
        yield TwilioCarrier.of(
            provider_account(
                name="x", kind=ProviderKind.SIM, account_sid="AC1", auth_token="t",
                api_base_url=f"http://127.0.0.1:{listening.getsockname()[1]}",
            )
        )  # fmt: skip
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("body", YESES)
def test_a_yes_that_names_no_message_or_call_is_none_and_the_carrier_is_asked_before_the_next_try(body: bytes) -> None:
    with whoever_answers("201 Created", body) as carrier:
        outcomes = [carrier.send_sms(text="x", **TO), carrier.place_call(document="<Response/>", **TO)]

    assert [(type(one), one.code, one.may_have_left) for one in outcomes] == [(TryAgain, "not_theirs", True)] * 2


ASKED: dict[str, Callable[[TwilioCarrier], object]] = {
    "texts": lambda carrier: list(carrier.texts_since(LONG_AGO)),
    "calls": lambda carrier: list(carrier.calls_since(LONG_AGO)),
    "recordings": lambda carrier: list(carrier.recordings_since(LONG_AGO)),
    "texts to one": lambda carrier: list(carrier.texts_handed_over(to="+84901234567", since=LONG_AGO)),
    "calls to one": lambda carrier: carrier.calls_handed_over(to="+84901234567", since=LONG_AGO),
    "a call's state": lambda carrier: carrier.call_status("CA1"),
    "whether we are let in": lambda carrier: carrier.let_in(),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=list(ASKED))
def test_no_list_is_read_and_no_state_is_known_from_it(asked: Callable[[TwilioCarrier], object]) -> None:
    for body in (b"", b"{}", PAGE, b"null"):
        with whoever_answers("200 OK", body) as carrier, pytest.raises(ProviderUnreachable):
            asked(carrier)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("403 Forbidden", PAGE, AccountTrouble), ("401 Unauthorized", b"", AccountTrouble),
        ("429 Busy", PAGE, TryAgain), ("429 Busy", b'{"code": "busy"}', TryAgain), ("302 Found", PAGE, TryAgain),
    ],
)  # fmt: skip
def test_a_no_is_understood_by_its_status_whatever_words_come_with_it(status: str, body: bytes, kind: type) -> None:
    with whoever_answers(status, body) as carrier:
        assert isinstance(carrier.send_sms(text="x", **TO), kind)
