"""How both sides of the domestic gateway sign: a digest over time, address and body."""

import hashlib
import hmac
import time

from telephony.provider.account import ProviderAccount

TIME_HEADER = "X-Hotline-Time"
ACCOUNT_HEADER = "X-Hotline-Account"


def digest(secret: str, at: str, url: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.{url}.".encode() + body, hashlib.sha256).hexdigest()


def signed_headers(account: ProviderAccount, url: str, body: bytes, *, token: str = "") -> dict[str, str]:
    """`token` is another than the account's own only where a forgery is wanted."""
    at = str(int(time.time()))
    return {
        "Content-Type": "application/json",
        ACCOUNT_HEADER: account.account_sid,
        TIME_HEADER: at,
        account.signature_header: digest(token or account.auth_token, at, url, body),
    }
