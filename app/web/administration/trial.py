"""The hourly trial of the chain: how the last ones went, whose telephone it texts, and one at once (R26)."""

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.phone.chain_trial import begin_trial, is_ready_for_trial
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import keys, places, rules, settings
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from escalation.canary.runs import canary_state, lateness, newest_runs
from tickets.directory.trial_recipient import appoint, choose_phone, recipient
from tickets.errors import InvalidInput
from tickets.schema import CanaryRun
from tickets.states import CanaryStage

_HERE = "/administration/trial"
_SHOWN = 48


@blueprint.get(_HERE)
@in_menu(_l("Hourly trial"), order=8, under="administration")
@signed_in(*ADMINISTERING)
def canary() -> ResponseReturnValue:
    return _page()


@blueprint.post(f"{_HERE}/phone")
@signed_in(*ADMINISTERING)
def choose_test_telephone() -> ResponseReturnValue:
    typed = request.form.get("phone", "").replace("\0", "")
    to = appoint(g.session, unit_id=rules().routing.operations_unit_id, now=g.now)
    try:
        choose_phone(g.session, to, typed, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(typed=typed, errors={wrong.field: fault_words(wrong)}, status=400)
    flash(_("Kept. The next trial texts this telephone."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/begin")
@signed_in(*ADMINISTERING)
def begin_now() -> ResponseReturnValue:
    begun = begin_trial(g.session, settings(), actor=g.actor, keys=keys(), places=places(), rules=rules(), now=g.now)
    if begun is not None:
        flash(_("A trial has begun; its result stands here in about three minutes."), "success")
    elif is_ready_for_trial(settings(), recipient(g.session)):
        flash(_("A trial is under way already."), "info")
    else:
        flash(_("Choose a test telephone first."), "warning")
    return redirect(_HERE, code=303)


def _page(*, typed: str | None = None, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    to = recipient(g.session)
    phone = to.phone if to is not None else None
    page = render_template(
        "administration/trial.html",
        is_ready=is_ready_for_trial(settings(), to),
        phone=phone,
        typed=typed if typed is not None else phone or "",
        state=canary_state(g.session),
        runs=[_line(run) for run in newest_runs(g.session, limit=_SHOWN)],
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")


def _line(run: CanaryRun) -> tuple[CanaryRun, str, str]:
    """A trial, how late its level was in words, and what of it did not come, where something did not."""
    late = lateness(run)
    seconds = round(late.total_seconds()) if late is not None else 0
    missed = {
        None: "",
        CanaryStage.FIRED: _("no report was made"),
        CanaryStage.SENT: _("the message did not leave"),
        CanaryStage.DELIVERED: _("not delivered"),
    }
    said = ngettext("%(num)s second after the deadline", "%(num)s seconds after the deadline", seconds)
    return run, said, missed[run.missing]
