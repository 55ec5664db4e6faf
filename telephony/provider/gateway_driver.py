"""A domestic SMS gateway over HTTP and JSON: texts under a brand name, after registered templates, no calls.

The protocol is described in docs/operate/sms-gateway.md; who runs a gateway of another shape puts a converter before
it, or writes a driver like this one. Every request in either direction carries the time and a digest over time, address
and body, made with the account's secret.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from telephony.provider.account import ProviderAccount
from telephony.provider.driver import Carrier, Probe, Setting, WireRequest
from telephony.provider.gateway_client import GatewayCarrier
from telephony.provider.gateway_codes import trouble_of
from telephony.provider.gateway_signing import TIME_HEADER, digest, signed_headers
from telephony.provider.signatures import signed_url

# With its country a telephone has at least so many digits.
_LEAST_WHOLE = 11
_STATES = frozenset({"queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled"})


class GatewayDriver:
    """See `telephony.provider.driver.Driver`."""

    name = "gateway"
    nothing_to_do = ""

    def said_back(self, _words: str) -> str:
        """Gateways take texts to numbers alone."""
        return self.nothing_to_do

    def accounts(self, setting: Setting) -> Iterable[ProviderAccount]:
        """Gateways are rows; there is nothing to set for one."""
        return ()

    def refusal(self, account: ProviderAccount, request: WireRequest, *, public_base_url: str) -> str:
        given = request.headers.get(account.signature_header.lower(), "")
        if not given:
            return "no_signature"
        url = signed_url(public_base_url, request.raw_path, request.raw_query)
        at = request.headers.get(TIME_HEADER.lower(), "")
        # Every secret is tried, so that the time taken does not tell which one was used.
        verdicts = [hmac.compare_digest(given.encode(), digest(one, at, url, request.body).encode())
                    for one in account.tokens]  # fmt: skip
        if not any(verdicts):
            return "wrong_signature"
        return "" if _read(request.body) is not None else "no_fields"

    def fields(self, account: ProviderAccount, request: WireRequest) -> Mapping[str, str]:
        told = _read(request.body) or {}
        if "state" not in told:
            given = {"message_sid": "id", "from": "from", "to": "to", "body": "text", "opt_out": "opt_out"}
            fields = {ours: _text(told, theirs) for ours, theirs in given.items()}
            return {name: _whole(value) if name == "from" else value for name, value in fields.items() if value}
        state, code = _text(told, "state"), _text(told, "code")
        return {
            "message_sid": _text(told, "id"),
            "message_status": state if state in _STATES else "",
            "error_code": "" if code == "0" else code,
            "trouble": trouble_of(code),
        }

    def probe(self, account: ProviderAccount, url: str, *, is_forged: bool = False) -> Probe:
        body = json.dumps({"check": "doctor"}).encode()
        return Probe(signed_headers(account, url, body, token=account.auth_token + ("x" if is_forged else "")), body)

    def carrier(self, account: ProviderAccount) -> Carrier:
        return GatewayCarrier(account)


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _whole(phone: str) -> str:
    """They name numbers with or without the sign; a short number of a service has neither."""
    return f"+{phone}" if phone.isascii() and phone.isdecimal() and len(phone) >= _LEAST_WHOLE else phone
