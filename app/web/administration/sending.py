"""What is texted and called at the city's cost: prefixes that are allowed, budgets by number, range and hour."""

from collections.abc import Mapping
from dataclasses import replace

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.wording.sending_words import BUDGET_SCOPES, SENDING_KINDS
from tickets.directory.dialled_prefixes import LONGEST_NOTE, PrefixRule, keep_prefix, prefix_rules, remove_prefix
from tickets.errors import InvalidInput
from tickets.outbox.budgets import DAY, Budget, budgets_now, set_budgets
from tickets.outbox.over_budget import held_by_reason

_HERE = "/administration/sending"


@blueprint.get(_HERE)
@in_menu(_l("Numbers and budgets"), order=4, under="administration")
@signed_in(*ADMINISTERING)
def sending() -> ResponseReturnValue:
    return _page()


@blueprint.post(f"{_HERE}/prefixes")
@signed_in(*ADMINISTERING)
def keep_dialled_prefix() -> ResponseReturnValue:
    form = request.form
    try:
        most = _whole(form.get("most_an_hour", ""), "most_an_hour") if form.get("most_an_hour", "").strip() else None
        wanted = PrefixRule(form.get("prefix", "")[:40], form.get("is_allowed") == "1", most, _note())
        kept = keep_prefix(g.session, wanted, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(errors={wrong.field: fault_words(wrong)}, status=400)
    flash(_("Kept for %(prefix)s: it holds from the next message on.", prefix=kept.prefix), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/prefixes/remove")
@signed_in(*ADMINISTERING)
def remove_dialled_prefix() -> ResponseReturnValue:
    try:
        remove_prefix(g.session, request.form.get("prefix", "")[:40].replace("\0", ""), actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(list_error=fault_words(wrong), status=409)
    flash(_("Removed: it holds from the next message on."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/budgets")
@signed_in(*ADMINISTERING)
def change_budgets() -> ResponseReturnValue:
    try:
        typed = [replace(one, most=_whole(request.form.get(one.name, ""), one.name)) for one in budgets_now(g.session)]
        set_budgets(g.session, typed, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(errors={wrong.field: fault_words(wrong)}, status=400)
    flash(_("It holds for everything sent from now on."), "success")
    return redirect(_HERE, code=303)


def _note() -> str:
    return request.form.get("note", "").replace("\0", "")[: LONGEST_NOTE + 1]


def _whole(typed: str, field: str) -> int:
    """Thousands may be set apart: 10.000, 10,000 and 10 000 are what 10000 is."""
    digits = "".join(one for one in typed[:20] if one not in " .,\u00a0")
    if not (digits.isascii() and digits.isdecimal()):
        raise InvalidInput(field, "no_such_budget")
    return int(digits)


def _page(*, errors: Mapping[str, str] | None = None, list_error: str = "", status: int = 200) -> Response:
    held = {why: count for why, count in held_by_reason(g.session).items() if count}
    page = render_template(
        "administration/sending.html",
        rules=prefix_rules(g.session),
        kinds=_kinds(),
        held=held,
        typed=request.form,
        errors=errors or {},
        list_error=list_error,
        longest=LONGEST_NOTE,
    )
    return Response(page, status, mimetype="text/html")


def _kinds() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Of each kind its words, and of each of its budgets the field, its label and the number as it is or was typed."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for one in budgets_now(g.session):
        shown = request.form.get(one.name, str(one.most))
        found.setdefault(str(SENDING_KINDS[one.kind]), []).append((one.name, _label(one), shown))
    return list(found.items())


def _label(one: Budget) -> str:
    whom = BUDGET_SCOPES[one.scope]
    return _("%(whom)s in a day", whom=whom) if one.seconds == DAY else _("%(whom)s in an hour", whom=whom)
