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
    key = request.form.get("once", "")[:_LONGEST]
    if not key:
        return True
    scope = f"console:{g.viewer.staff_id}"
    return request_keys.take(g.session, scope=scope, key=key, fingerprint=request.path, now=g.now)
