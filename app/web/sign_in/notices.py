"""My own page: what I was told on my screens, the newest first, and the bell above every page that counts it."""

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.pieces.ledger_filters import address
from app.wording.locale import chosen_locale
from app.wording.messages import render
from tickets.outbox import posting
from tickets.queries.notices import Notice, notices_of
from tickets.states import OutboundChannel, Role
from tickets.typed_text import typed_number

blueprint = Blueprint("notices", __name__)

_HERE = "/my/notices"
_ON_A_PAGE = 50


@blueprint.get(_HERE)
@signed_in(*Role)
def my_notices() -> ResponseReturnValue:
    before = typed_number(request.args.get("before", ""))
    found = notices_of(g.session, g.viewer, before_id=before, limit=_ON_A_PAGE + 1, now=g.now)
    shown = found[:_ON_A_PAGE]
    return render_template(
        "sign_in/notices.html",
        notices=[(one, _words(one)) for one in shown],
        newest=shown[0].id if shown and not before else None,
        next_url=address(_HERE, {"before": str(shown[-1].id)}) if len(found) > _ON_A_PAGE else None,
        first_url=_HERE if before else None,
    )


def _words(notice: Notice) -> str:
    """As of now and in the reader's language: "due at 15:00 today" was yesterday."""
    return render(
        notice.template,
        OutboundChannel.SCREEN.value,
        notice.params,
        locale=chosen_locale(),
        base_url=settings().base_url,
        now=g.now,
    ).text


@blueprint.get(f"{_HERE}/bell")
@signed_in(*Role)
def bell() -> ResponseReturnValue:
    return render_template("layouts/bell.html")


@blueprint.post(f"{_HERE}/read")
@signed_in(*Role)
def all_read() -> ResponseReturnValue:
    """Up to the newest one that was shown: what came in between is still unread."""
    up_to = typed_number(request.form.get("up_to", ""))
    if up_to is not None:
        posting.mark_notices_read(g.session, g.viewer.staff_id, up_to_id=up_to, now=g.now)
    return redirect(_HERE, code=303)
