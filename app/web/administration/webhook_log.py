"""The webhook log: what providers sent, how we answered, and why we refused what we refused."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import ADMINISTERING, ROWS_OF_A_PAGE, blueprint
from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.web.pieces.ledger_filters import address, number
from telephony.provider.webhook_log import received, refused

_HERE = "/administration/webhooks"


@blueprint.get(_HERE)
@in_menu(_l("Webhooks"), order=4, under="administration")
@signed_in(*ADMINISTERING)
def webhooks() -> ResponseReturnValue:
    tab = "refused" if request.args.get("tab", "") == "refused" else "received"
    before = number(request.args.get("before", ""))
    look = refused if tab == "refused" else received
    rows = look(g.session, before_id=before, limit=ROWS_OF_A_PAGE + 1)
    following = {"tab": tab, "before": str(rows[ROWS_OF_A_PAGE - 1].id)} if len(rows) > ROWS_OF_A_PAGE else None
    return render_template(
        "administration/webhooks.html",
        tab=tab,
        rows=rows[:ROWS_OF_A_PAGE],
        reasons=_reasons(),
        next_url=address(_HERE, following) if following else None,
        first_url=address(_HERE, {"tab": tab}) if before is not None else None,
    )


def _reasons() -> dict[str, str]:
    return {
        "no_signature": _("It carried no signature."),
        "wrong_signature": _("Its signature does not fit: another token, or another public address than ours."),
        "other_account": _("It was signed for another account."),
        "too_large": _("It was larger than any request of a provider."),
    }
