"""The cookie of a browser in which accounts were opened before: what strangers get wrong locks nobody out of it.

An e-mail address of the city is no secret: eight wrong passwords would otherwise keep anybody off duty, from anywhere.
A browser that has been let in wholly counts its own failures, as few as an account does, and opens nothing by itself.
"""

import secrets
from typing import Any

import structlog
from flask import Response, current_app, request
from itsdangerous import BadSignature
from limits import RateLimitItemPerMinute
from redis.exceptions import RedisError

from app.accounts.credentials import LOCK_AFTER, LOCK_FOR
from app.web.frame.current import settings
from app.web.frame.limits import limiter
from app.web.frame.signed_time import SharedTimeSerializer
from app.web.frame.signing_keys import signing_keys

KNOWN_COOKIE = "hotline_known"
_KNOWN_SECONDS = 90 * 24 * 3600
# Desks are shared by the people of three shifts; whoever was let in longest ago is forgotten first.
_MOST_PEOPLE = 12
_FAILURES = RateLimitItemPerMinute(LOCK_AFTER, int(LOCK_FOR.total_seconds()) // 60)

log = structlog.get_logger()


class KnownBrowser:
    """The browser of this request; see `app.accounts.credentials.Browser`."""

    def __init__(self) -> None:
        self._mark, self._people = _read(request.cookies.get(KNOWN_COOKIE, ""))

    def may_try(self, staff_id: int) -> bool:
        """Without Redis nobody is counted here, and the account's own lock holds for all."""
        if staff_id not in self._people:
            return False
        try:
            return limiter.limiter.test(_FAILURES, "sign-in", self._mark, str(staff_id))
        except RedisError as trouble:
            log.warning("sign_in.not_counted", reason=type(trouble).__name__)
            return False

    def count_failure(self, staff_id: int) -> None:
        try:
            limiter.limiter.hit(_FAILURES, "sign-in", self._mark, str(staff_id))
        except RedisError as trouble:
            log.warning("sign_in.not_counted", reason=type(trouble).__name__)

    def remember(self, response: Response, staff_id: int) -> Response:
        """This person was let in here wholly."""
        others = [one for one in self._people if one != staff_id]
        people = [*others, staff_id][-_MOST_PEOPLE:]
        response.set_cookie(
            KNOWN_COOKIE,
            _serializer().dumps([self._mark or secrets.token_urlsafe(12), people]),
            max_age=_KNOWN_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
            path="/sign-in",
        )
        return response


def _read(cookie: str) -> tuple[str, list[int]]:
    try:
        found: Any = _serializer().loads(cookie, max_age=_KNOWN_SECONDS)
    except BadSignature:
        return "", []
    return str(found[0]), [int(one) for one in found[1]]


def _serializer() -> SharedTimeSerializer:
    return SharedTimeSerializer(signing_keys(settings()), salt="hotline/known-browser")
