"""A form sent twice, by a double click or a nervous browser, acts once."""

import secrets

from flask import g, request

from tickets.intake import request_keys

_LONGEST = 64


def form_key() -> str:
    """Names one form as it was shown; goes into its hidden field `once`."""
    return secrets.token_urlsafe(12)


def is_first() -> bool:
    """Whether this form acts now; a twin of it that is still on its way waits for the first one's commit."""
    key = _key()
    return not key or request_keys.take(g.session, scope=_scope(), key=key, fingerprint=request.path, now=g.now)


def has_acted() -> bool:
    """Whether this very form was sent before: what is still told of it then is out of date."""
    key = _key()
    return bool(key) and request_keys.fingerprint_of(g.session, scope=_scope(), key=key) is not None


def _key() -> str:
    return request.form.get("once", "")[:_LONGEST]


def _scope() -> str:
    return f"console:{g.viewer.staff_id}"
