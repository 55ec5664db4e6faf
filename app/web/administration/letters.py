"""Messages that need a person: dead, uncertain or held ones, and mails kept because there is no mail server."""

from collections.abc import Mapping
from datetime import datetime

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.web.administration.blueprint import ADMINISTERING, ROWS_OF_A_PAGE, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.ledger_filters import address, number
from tickets.errors import InvalidInput
from tickets.outbox.letters import LONGEST_REASON, dead_letters, discard, kept_mails, read_kept_mail, send_again
from tickets.outbox.outages import outages, send_outage_again
from tickets.outbox.over_budget import OVER, held_by_reason, kept_back, release, release_all
from tickets.states import OutboundChannel

_HERE = "/administration/messages"
_LOOKS = {"dead": dead_letters, "kept": kept_mails, "held": kept_back}


@blueprint.get(_HERE)
@in_menu(_l("Messages"), order=3, under="administration")
@signed_in(*ADMINISTERING)
def messages() -> ResponseReturnValue:
    return _page()


@blueprint.post(f"{_HERE}/<int:message_id>/again")
@signed_in(*ADMINISTERING)
def again(message_id: int) -> ResponseReturnValue:
    send_again(g.session, message_id, actor=g.actor, now=g.now)
    flash(_("The message is being sent again."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:message_id>/discard")
@signed_in(*ADMINISTERING)
def throw_away(message_id: int) -> ResponseReturnValue:
    try:
        discard(g.session, message_id, reason=request.form.get("reason", ""), actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(refused=message_id, errors={wrong.field: fault_words(wrong)}, status=400)
    flash(_("The message was discarded."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:message_id>/release")
@signed_in(*ADMINISTERING)
def release_held(message_id: int) -> ResponseReturnValue:
    release(g.session, message_id, actor=g.actor, now=g.now)
    flash(_("The message leaves now."), "success")
    return redirect(f"{_HERE}?tab=held", code=303)


@blueprint.post(f"{_HERE}/release")
@signed_in(*ADMINISTERING)
def release_for_a_reason() -> ResponseReturnValue:
    """Everything that one kind of budget holds, whatever the budget."""
    why = request.form.get("reason", "")
    count = release_all(g.session, why, actor=g.actor, now=g.now) if why in OVER.values() else 0
    flash(ngettext("%(num)d message leaves now.", "%(num)d messages leave now.", count), "success")
    return redirect(f"{_HERE}?tab=held", code=303)


@blueprint.post(f"{_HERE}/outage/again")
@signed_in(*ADMINISTERING)
def again_after_outage() -> ResponseReturnValue:
    """Everything an outage has left behind; nobody has to press a button two hundred times."""
    form = request.form
    since, until = _instant(form.get("since", "")), _instant(form.get("until", ""))
    channel = next((one for one in OutboundChannel if one.value == form.get("channel")), None)
    if since is None or until is None or channel is None:
        return _page(outage_error=_("That is no outage. Choose one of the list."), status=400)
    try:
        letters = send_outage_again(g.session, since=since, until=until, channel=channel, actor=g.actor, now=g.now)
    except InvalidInput:
        return _page(outage_error=_("That is no outage. Choose one of the list."), status=400)
    flash(ngettext("%(num)d message is sent again.", "%(num)d messages are sent again.", letters), "success")
    return redirect(_HERE, code=303)


def _instant(said: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


@blueprint.get(f"{_HERE}/<int:message_id>")
@signed_in(*ADMINISTERING)
def kept_mail(message_id: int) -> ResponseReturnValue:
    mail = read_kept_mail(g.session, message_id, actor=g.actor, now=g.now)
    return render_template("administration/mail.html", mail=mail)


def _page(
    *, refused: int = 0, errors: Mapping[str, str] | None = None, outage_error: str = "", status: int = 200
) -> Response:
    chosen = request.args.get("tab", "")
    chosen = chosen if chosen in _LOOKS else "dead"
    before = number(request.args.get("before", ""))
    rows = _LOOKS[chosen](g.session, before_id=before, limit=ROWS_OF_A_PAGE + 1)
    tab = {"tab": chosen} if chosen != "dead" else {}
    following = {**tab, "before": str(rows[ROWS_OF_A_PAGE - 1].id)} if len(rows) > ROWS_OF_A_PAGE else None
    held = held_by_reason(g.session)
    page = render_template(
        "administration/messages.html",
        tab=chosen,
        held=held,
        count_held=sum(held.values()),
        rows=rows[:ROWS_OF_A_PAGE],
        refused=refused,
        outages=outages(g.session) if chosen == "dead" and not before else [],
        outage_error=outage_error,
        errors=errors or {},
        longest=LONGEST_REASON,
        has_mail_server=bool(settings().smtp_url),
        next_url=address(_HERE, following) if following else None,
        first_url=address(_HERE, tab) if before is not None else None,
    )
    return Response(page, status, mimetype="text/html")
