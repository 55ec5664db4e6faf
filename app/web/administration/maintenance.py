"""Announced work and outages of ours: asked for by one administrator, decided by another, given back to promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import ADMINISTERING, ROWS_OF_A_PAGE, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import hotline, settings
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.moments import read_moment
from app.web.pieces.names import in_locale
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.wording.codes import clock_word
from escalation.firing.gaps import gap_by_id
from tickets.directory.people import names_of
from tickets.errors import InvalidInput
from tickets.promises import exclusions
from tickets.promises.clock_moves import PROMISED
from tickets.promises.crediting import credits_of, preview
from tickets.promises.exclusions import Wanted
from tickets.promises.rule_versions import rules_now
from tickets.schema import ExclusionWindow
from tickets.states import ClockKind, DraftForm
from tickets.typed_text import typed_number

_HERE = "/administration/maintenance"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form."""

    from_at: str = ""
    to_at: str = ""
    reason: str = ""
    clocks: tuple[str, ...] = tuple(PROMISED)
    holds_reports: bool = True


@blueprint.get(_HERE)
@in_menu(_l("Maintenance"), order=9, under="administration")
@signed_in(*ADMINISTERING)
def maintenance() -> ResponseReturnValue:
    outage_id = typed_number(request.args.get("outage", ""))
    gap = gap_by_id(g.session, outage_id) if outage_id is not None else None
    if gap is None:
        kept = typed_form(DraftForm.MAINTENANCE).fields
        return _page(_typed(kept) if kept else Typed())
    # A window is whole minutes, and takes in the whole gap.
    return _page(
        Typed(_local(gap.from_at), _local(gap.to_at, rounds_up=True), _("Outage of the system"), holds_reports=False),
        is_given=True,
    )


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
def ask_for_window() -> ResponseReturnValue:
    typed = _typed(request.form)
    try:
        window = exclusions.ask(g.session, _wanted(typed), actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        was_refused(DraftForm.MAINTENANCE)
        return _page(typed, errors={wrong.field: fault_words(wrong)}, status=400)
    was_sent(DraftForm.MAINTENANCE)
    flash(_("Asked for. It holds once another administrator has approved it."), "success")
    return redirect(f"{_HERE}/{window.id}", code=303)


@blueprint.get(f"{_HERE}/<int:window_id>")
@signed_in(*ADMINISTERING)
def window(window_id: int) -> ResponseReturnValue:
    return _window_page(exclusions.window_by_id(g.session, window_id))


@blueprint.post(f"{_HERE}/<int:window_id>/decide")
@signed_in(*ADMINISTERING)
def decide_window(window_id: int) -> ResponseReturnValue:
    is_approved = request.form.get("decision") == "approve"
    try:
        exclusions.decide(g.session, window_id, is_approved=is_approved, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        found = exclusions.window_by_id(g.session, window_id)
        return _window_page(found, error=fault_words(wrong), status=409)
    hotline().announcements.read(g.session, now=g.now)
    flash(_("Approved. The promises get their time back within a minute.") if is_approved else _("Refused."), "success")
    return redirect(f"{_HERE}/{window_id}", code=303)


def _typed(form: Mapping[str, str]) -> Typed:
    return Typed(
        form.get("from_at", ""),
        form.get("to_at", ""),
        form.get("reason", "").replace("\0", ""),
        tuple(kind.value for kind in PROMISED if form.get(f"clock_{kind.value}")),
        form.get("holds_reports") == "1",
    )


def _wanted(typed: Typed) -> Wanted:
    zone = settings().zone
    return Wanted(
        from_at=read_moment(typed.from_at, zone, field="from_at"),
        to_at=read_moment(typed.to_at, zone, field="to_at"),
        reason=typed.reason,
        clocks=[ClockKind(kind) for kind in typed.clocks],
        holds_reports=typed.holds_reports,
    )


def _local(at: datetime, *, rounds_up: bool = False) -> str:
    """As a datetime-local field wants it."""
    seconds = 59 if rounds_up and (at.second or at.microsecond) else 0
    local = datetime.fromtimestamp(at.timestamp() + seconds, settings().zone)
    return local.replace(tzinfo=None).isoformat(timespec="minutes")


def _page(typed: Typed, *, is_given: bool = False, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    """`is_given`: an outage that was chosen stands in the form, whatever was typed before."""
    windows = exclusions.newest_windows(g.session, limit=ROWS_OF_A_PAGE)
    page = render_template(
        "administration/maintenance.html",
        windows=windows,
        state_of=_state_words,
        kinds=[(kind.value, clock_word(kind.value)) for kind in PROMISED],
        typed=typed,
        form=typed_form(DraftForm.MAINTENANCE),
        is_given=is_given,
        longest=exclusions.LONGEST_WINDOW_REASON,
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")


def _window_page(found: ExclusionWindow, *, error: str = "", status: int = 200) -> Response:
    people = names_of(g.session, [one for one in (found.asked_by_id, found.decided_by_id) if one is not None])
    shown: dict[str, Any] = {
        "window": found,
        "state": _state_words(found),
        "people": people,
        "is_mine": found.asked_by_id == g.viewer.staff_id,
        "kinds": ", ".join(clock_word(kind) for kind in found.clocks),
        "affected": preview(g.session, found) if found.decided_at is None else [],
        "calendar_names": {one.key: in_locale(one.name, one.name_en) for one in rules_now(g.session).calendars},
        "given": credits_of(g.session, found.id) if found.is_approved else None,
        "error": error,
    }
    return Response(render_template("administration/maintenance_window.html", **shown), status, mimetype="text/html")


def _state_words(found: ExclusionWindow) -> tuple[str, str]:
    """How far it has come, with the tone of its badge."""
    if found.decided_at is None:
        return _("waits for another administrator"), "warn"
    if not found.is_approved:
        return _("refused"), "neutral"
    if found.applied_at is not None:
        return _("given back"), "good"
    return (_("announced"), "accent") if found.to_at > g.now else (_("being given back"), "accent")
