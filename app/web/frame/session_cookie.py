"""The signed-in browser: a random token in a cookie, its hash in `web_session`, everything else decided per request."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, g, request
from sqlalchemy import Row, and_, bindparam, func
from sqlalchemy.orm import Session

from tickets.directory import web_sessions
from tickets.people.roles import PEOPLE_WITH_ROLES, Viewer, viewer_of
from tickets.schema import Staff, WebSession
from tickets.states import Role

SESSION_COOKIE = "hotline_session"
# Whoever can see or steer more than their own tickets proves it is them with a second factor.
_SECOND_FACTOR_ROLES = frozenset(Role) - {Role.AGENT}
# Written at most once a minute, so that reading pages does not write.
_SEEN_EVERY = timedelta(minutes=1)
# Who a token belongs to, with the roles they hold. Put together once: every request asks it.
_SIGNED_IN = PEOPLE_WITH_ROLES.add_columns(
    WebSession.id.label("session_id"),
    WebSession.second_factor_at,
    WebSession.last_seen_at,
    # A standby, or a primary that may not be written to, still answers who only reads.
    (func.current_setting("transaction_read_only") == "off").label("can_be_noted"),
).join(
    WebSession,
    and_(
        WebSession.staff_id == Staff.id,
        WebSession.token_hash == bindparam("token_hash"),
        WebSession.revoked_at.is_(None),
        WebSession.expires_at > bindparam("now"),
    ),
)


_LIVING = PEOPLE_WITH_ROLES.add_columns(
    WebSession.id.label("session_id"), WebSession.second_factor_at, WebSession.token_hash
).join(
    WebSession,
    and_(
        WebSession.staff_id == Staff.id,
        WebSession.token_hash.in_(bindparam("hashes", expanding=True)),
        WebSession.revoked_at.is_(None),
        WebSession.expires_at > bindparam("now"),
    ),
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a live session, and whether they gave a second factor in it."""

    session_id: int
    viewer: Viewer
    second_factor: bool

    @property
    def wholly(self) -> bool:
        """Whether they are signed in as far as the roles they hold today ask for."""
        return self.second_factor or not asks_second_factor(self.viewer)


def asks_second_factor(viewer: Viewer) -> bool:
    return bool(viewer.roles & _SECOND_FACTOR_ROLES)


def token_hash(token: str) -> str:
    """Tokens are random and long, so a plain digest protects them where a password would need more."""
    return hashlib.sha256(token.encode()).hexdigest()


def signed_in_person(session: Session, *, now: datetime) -> SignedIn | None:
    """Whoever this request's cookie belongs to; looked up once per request, in one statement."""
    if "signed_in" not in g:
        g.signed_in = look_up(session, request.cookies.get(SESSION_COOKIE, ""), now=now)
    found: SignedIn | None = g.signed_in
    return found


def look_up(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    if not token:
        return None
    rows = session.execute(_SIGNED_IN, {"token_hash": token_hash(token), "now": now}).all()
    viewer = viewer_of(rows)
    if viewer is None:
        return None
    found = rows[0]
    if found.can_be_noted and now - found.last_seen_at > _SEEN_EVERY:
        web_sessions.note_seen(session, found.session_id, now=now)
    return SignedIn(found.session_id, viewer, found.second_factor_at is not None)


def still_signed_in(session: Session, hashes: Collection[str], *, now: datetime) -> dict[str, SignedIn]:
    """Of many sessions, by the hash of their token, those that live now, with today's roles; one statement."""
    rows: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    for row in session.execute(_LIVING, {"hashes": list(hashes), "now": now}):
        rows.setdefault(row.token_hash, []).append(row)
    found = {}
    for token, held in rows.items():
        viewer = viewer_of(held)
        if viewer is not None:
            found[token] = SignedIn(held[0].session_id, viewer, held[0].second_factor_at is not None)
    return found


def begin_session(session: Session, *, staff_id: int, second_factor: bool, now: datetime) -> str:
    """Start a new session (never reuse a token given before sign-in) and return the token for the cookie."""
    token = secrets.token_urlsafe(32)
    web_sessions.begin(
        session,
        token_hash=token_hash(token),
        staff_id=staff_id,
        second_factor=second_factor,
        user_agent=(request.user_agent.string or "")[:200],
        now=now,
    )
    g.pop("signed_in", None)
    return token


def give_second_factor(session: Session, *, session_id: int, now: datetime) -> str:
    """The session may now do everything; under a new token, because somebody may have seen the weaker one."""
    token = secrets.token_urlsafe(32)
    web_sessions.give_second_factor(session, session_id, token_hash=token_hash(token), now=now)
    g.pop("signed_in", None)
    return token


def end_session(session: Session, *, session_id: int, now: datetime) -> None:
    web_sessions.end(session, session_id, now=now)


def set_cookie(response: Response, token: str) -> Response:
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(web_sessions.LIFETIME.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="Lax",
        path="/",
    )
    return response


def clear_cookie(response: Response) -> Response:
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response
