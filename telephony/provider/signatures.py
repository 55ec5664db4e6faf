"""Signing provider webhooks and telling genuine ones from forged ones.

The signed address is the configured public one plus the raw path and raw query of the request. A framework's own idea
of the URL decodes escapes, and a genuine request that fails here cuts a caller off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from twilio.request_validator import RequestValidator

from telephony.provider.account import ProviderAccount

FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def sign(token: str, url: str, params: Mapping[str, object] | None = None) -> str:
    """The signature a provider puts into `X-Twilio-Signature`; a MultiDict counts each of its values."""
    return str(RequestValidator(token).compute_signature(url, params or {}))


def signed_url(public_base_url: str, raw_path: str, raw_query: str) -> str:
    url = public_base_url.rstrip("/") + raw_path
    return f"{url}?{raw_query}" if raw_query else url


@dataclass(frozen=True)
class SignedRequest:
    """A webhook as it came over the wire.

    `form` must be the request's own MultiDict: `dict()` of it would drop repeated keys and with them the signature.
    """

    method: str
    raw_path: str
    raw_query: str
    content_type: str
    form: Mapping[str, object]
    body: bytes
    signature: str


def is_genuine(account: ProviderAccount, request: SignedRequest, *, public_base_url: str) -> bool:
    """Whether the account's provider signed this request; anything too odd for the check to compute was not."""
    if not request.signature:
        return False
    try:
        signed = _signed_parameters(request)
        if signed is None:
            return False
        url = signed_url(public_base_url, request.raw_path, request.raw_query)
        # Every token is tried, so that the time taken does not tell which one was used.
        verdicts = [bool(RequestValidator(token).validate(url, signed, request.signature)) for token in account.tokens]
    except ValueError:
        # Lone surrogates and impossible ports: UnicodeError is a ValueError.
        return False
    return any(verdicts)


def _signed_parameters(request: SignedRequest) -> Mapping[str, object] | str | None:
    """What is signed beside the URL: form values, the text of a hashed body, or nothing. None: it cannot be genuine."""
    if request.method in ("GET", "HEAD"):
        return {}
    if _bare(request.content_type) in FORM_TYPES:
        return request.form
    if not request.body:
        return {}
    # Without the hash in the URL the validator would be handed a string to walk as a mapping, and raise TypeError.
    if "bodySHA256" not in parse_qs(request.raw_query):
        return None
    return request.body.decode("utf-8")


def _bare(content_type: str) -> str:
    return content_type.split(";", 1)[0].strip().lower()
