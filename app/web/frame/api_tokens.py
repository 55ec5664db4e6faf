"""Bearer tokens: who a program is, which scopes it has, and what it may see."""

from datetime import datetime, timedelta
from typing import NamedTuple

from flask import abort, g, make_response, request
from flask_babel import gettext as _
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.web.frame.errors import ShownError, problem
from app.web.frame.session_cookie import token_hash
from tickets.directory import api_tokens
from tickets.people.actor import Actor
from tickets.people.roles import CITY_LEVEL, CurrentRole, Viewer
from tickets.schema import ApiToken, Unit
from tickets.states import ActorKind, Role, UnitKind

_USED_EVERY = timedelta(minutes=1)


def require_scope(session: Session, scope: str, *, now: datetime) -> None:
    """Let the request go on as the token's program, or end it with 401 or 403; sets `g.viewer` and `g.actor`."""
    row = _token(session)
    if row is None:
        _refuse(401, _("A token is required"), _("Send a valid token: Authorization: Bearer …"))
    elif scope not in row.scopes and "admin" not in row.scopes:
        _refuse(403, _("The token does not allow this"), _("It needs the scope %(scope)s.", scope=scope))
    else:
        _enter(session, row, now=now)


def optional_token(session: Session, *, now: datetime) -> None:
    """Open data: anybody may read it; a valid token only lifts the rate limit."""
    row = _token(session)
    if row is not None:
        _enter(session, row, now=now)


class _Program(NamedTuple):
    """A token's row, with the kind of the unit it belongs to."""

    id: int
    name: str
    scopes: list[str]
    unit_id: int
    last_used_at: datetime | None
    kind: UnitKind


_LIVE = (
    select(ApiToken.id, ApiToken.name, ApiToken.scopes, ApiToken.unit_id, ApiToken.last_used_at, Unit.kind)
    .join(Unit, Unit.id == ApiToken.unit_id)
    .where(ApiToken.token_hash == bindparam("hash"), ApiToken.revoked_at.is_(None))
)


def _token(session: Session) -> _Program | None:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    row = session.execute(_LIVE, {"hash": token_hash(token.strip())}).one_or_none()
    return _Program(*row) if row else None


def _enter(session: Session, row: _Program, *, now: datetime) -> None:
    held = CurrentRole(Role.AGENT, row.unit_id, row.kind in CITY_LEVEL)
    # No account has the id 0: a token is never "named" on a restricted ticket.
    # It has no language of its own either: each request says which it wants, else it gets the city's.
    g.viewer = Viewer(0, row.name, "", "", "auto", is_demo=False, held=(held,))
    g.actor = Actor(ActorKind.TOKEN, None, g.request_id)
    g.token_id = row.id
    if row.last_used_at is None or now - row.last_used_at > _USED_EVERY:
        api_tokens.note_used(session, row.id, now=now)


def _refuse(status: int, title: str, words: str) -> None:
    answer = make_response(problem(ShownError(status, title, words)))
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Hotline"'
    abort(answer)
