"""What goes wrong in browsers, counted: a fault that only the person in front of it sees is one that nobody mends."""

import re
from datetime import UTC, datetime
from enum import StrEnum

import structlog
from flask import Blueprint, abort, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.web.frame.access import public
from app.web.frame.limits import limiter
from app.web.frame.own_pages import From, comes_from
from tickets.schema import ClientFault

blueprint = Blueprint("client_faults", __name__)
# A page whose form token is out of date must be able to say just that. Nothing is done in anybody's name here, and
# other sites are told apart by what a browser says of the request itself.
blueprint.without_csrf = True  # type: ignore[attr-defined]

log = structlog.get_logger()

_WHERE = re.compile(r"[a-z0-9_.-]{1,60}:\d{1,6}")


class BrowserTrouble(StrEnum):
    """What the scripts of app/static/js tell of, by the names of the sentences in templates/layouts/troubles.html."""

    HEARTBEAT_SIGNED_OUT = "heartbeat_signed_out"
    HEARTBEAT_REFUSED = "heartbeat_refused"
    HEARTBEAT_UNHEARD = "heartbeat_unheard"
    SERVER_WITHOUT_DATABASE = "server_without_database"
    PAGE_WITHOUT_DATABASE = "page_without_database"
    WORKER_FAILED = "worker_failed"
    DRAFT_NOT_KEPT = "draft_not_kept"
    STREAM_LOST = "stream_lost"
    PRESS_FAILED = "press_failed"
    SCRIPT_ERROR = "script_error"


@blueprint.post("/client-faults")
@public
@limiter.limit("60 per minute")
def tell() -> ResponseReturnValue:
    """Count one fault. Takes its kind and, for a script error, file and line; nothing that is somebody's."""
    if comes_from() is not From.OURS:
        abort(403)
    kind = request.form.get("kind", "")
    if kind not in set(BrowserTrouble):
        abort(400)
    where = request.form.get("where", "")
    log.warning("client.fault", kind=kind, where=where if _WHERE.fullmatch(where) else "")
    count_fault(g.session, BrowserTrouble(kind), now=g.now)
    return "", 204


def count_fault(session: Session, kind: BrowserTrouble, *, now: datetime) -> None:
    row = {"kind": kind.value, "on_day": now.astimezone(UTC).date(), "times": 1, "last_at": now}
    session.execute(
        insert(ClientFault)
        .values(row)
        .on_conflict_do_update(index_elements=["kind", "on_day"], set_={"times": ClientFault.times + 1, "last_at": now})
    )


def faults_by_kind(session: Session, *, since: datetime | None = None) -> dict[str, int]:
    """How often each kind was told of, on the days from `since` on or ever."""
    counted = select(ClientFault.kind, func.sum(ClientFault.times)).group_by(ClientFault.kind)
    if since is not None:
        counted = counted.where(ClientFault.on_day >= since.astimezone(UTC).date())
    return {kind: int(times) for kind, times in session.execute(counted)}
