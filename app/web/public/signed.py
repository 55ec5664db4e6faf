"""Signed values that travel through a citizen's browser: form tokens, pending pictures, who may see which page."""

import hashlib
import hmac
import secrets
from dataclasses import asdict
from typing import Any

from flask import session as browser_session
from itsdangerous import BadSignature

from app.storage.media import Picture
from app.web.frame.current import settings
from app.web.frame.signed_time import SharedTimeSerializer
from app.web.frame.signing_keys import signing_keys

FORM_SECONDS = 7 * 24 * 3600
PICTURE_SECONDS = 24 * 3600
# Long enough to print the page or to be called to the door meanwhile.
SENT_SECONDS = 30 * 60
FOLLOW_SECONDS = 2 * 3600


def new_form_token() -> str:
    """Names one form: sent twice it is the same request. Signed, so that nobody can use the name of another's form."""
    return _serializer("form").dumps(secrets.token_urlsafe(18))


def form_key(token: str) -> str | None:
    """The key a form's contact is registered under; None for a token we did not make or that is too old."""
    name = _read("form", token, FORM_SECONDS)
    return f"form:{name}" if isinstance(name, str) else None


def picture_token(picture: Picture) -> str:
    return _serializer("picture").dumps(asdict(picture))


def read_picture(token: str) -> Picture | None:
    """The pending picture a form brings back; None when we did not make the token or the picture was swept."""
    found = _read("picture", token, PICTURE_SECONDS)
    return Picture(**found) if isinstance(found, dict) else None


def sent_token(ticket_id: int) -> str:
    """Opens the page with the PIN: in this browser only, and not for long. In a log it is worth nothing."""
    return _serializer("sent").dumps([ticket_id, _mark_of_browser()])


def read_sent(token: str) -> int | None:
    return _own(_read("sent", token, SENT_SECONDS))


def follow_token(ticket_id: int) -> str:
    """Says that this browser gave reference and PIN."""
    return _serializer("follow").dumps([ticket_id, _mark_of_browser()])


def read_follow(token: str) -> int | None:
    return _own(_read("follow", token, FOLLOW_SECONDS))


def _serializer(purpose: str) -> SharedTimeSerializer:
    return SharedTimeSerializer(signing_keys(settings()), salt=f"hotline/{purpose}")


def _read(purpose: str, token: str, max_age: int) -> Any:
    try:
        return _serializer(purpose).loads(token, max_age=max_age)
    except BadSignature:
        return None


def _mark_of_browser() -> str:
    """A digest of a random value in the browser's own signed cookie."""
    if "browser" not in browser_session:
        browser_session["browser"] = secrets.token_urlsafe(18)
    return hashlib.sha256(str(browser_session["browser"]).encode()).hexdigest()[:32]


def _own(found: Any) -> int | None:
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[0], int):
        return None
    return found[0] if hmac.compare_digest(str(found[1]), _mark_of_browser()) else None
