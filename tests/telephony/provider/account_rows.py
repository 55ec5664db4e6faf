"""Accounts as rows, for tests: as the page would have kept them."""

from decimal import Decimal

from app.clock import utc_now
from telephony.provider.account import ProviderKind
from telephony.provider.account_kinds import ACCOUNT_KINDS
from telephony.provider.account_secrets import AccountSecrets
from telephony.provider.kept_accounts import AccountFields, add_account
from tickets.keys import account_keys
from tickets.people.actor import SYSTEM


def fields_of(kind, **said):
    usual = {
        "account_sid": "11111111-2222-3333-4444-555555555555",
        "signature_header": "",
        "api_base_url": "http://127.0.0.1:9",
        "capabilities": tuple(sorted(ACCOUNT_KINDS[kind].capabilities)),
        "media_hosts": (),
        "voice": "",
        "text_sender": "",
        "call_sender": "",
        "longest_text": 1600,
        "templates": (),
        "asked_in_order": 100,
        "rate_text": Decimal("300"),
        "rate_minute": None,
        "currency": "VND",
        "country": "VN",
        "decision_no": "",
    }
    return AccountFields(**usual | said)


def add(session, settings, name, kind=ProviderKind.OWN_TRUNK, *, token="the-token", **said):
    """An account whose REST side nobody answers, unless told otherwise."""
    return add_account(
        session, name, kind, fields_of(kind, **said), AccountSecrets(auth_token=token),
        key=account_keys(settings.secret_key)[0], actor=SYSTEM, now=utc_now(),
    )  # fmt: skip
