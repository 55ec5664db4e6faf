"""A turn planned, changed or taken back by hand; what is refused comes back as it was typed, with the reason."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.fault_words import fault_words
from app.web.pieces.moments import read_moment
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.web.rota.blueprint import PLANNING, blueprint, require_planning
from app.web.rota.month import HERE, choices_of, month_page, way
from app.wording.spoken_time import moment_phrase
from tickets.city import wall_clock
from tickets.directory.on_call import posts_of
from tickets.directory.rota import WantedTurn, move_turn, plan_turn, take_turn_back
from tickets.directory.shifts import DutyTurn, turn
from tickets.errors import InvalidInput
from tickets.states import DraftForm
from tickets.typed_text import typed_number

_SHIFTS = f"{HERE}/shifts"
_ONE = f"{_SHIFTS}/<int:shift_id>"


@blueprint.post(_SHIFTS)
@signed_in(*PLANNING)
def plan_one() -> ResponseReturnValue:
    unit_id = typed_number(request.form.get("unit", "")) or 0
    require_planning(unit_id)
    try:
        wanted = _wanted(unit_id)
        plan_turn(g.session, wanted, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        was_refused(DraftForm.TURN, unit_id)
        return month_page(errors={wrong.field: fault_words(wrong)}, status=400)
    was_sent(DraftForm.TURN, unit_id)
    _tell(wanted, is_new=True)
    return redirect(way(unit_id, wall_clock(wanted.starts_at).date()), code=303)


@blueprint.get(_ONE)
@signed_in(*PLANNING)
def one_turn(shift_id: int) -> ResponseReturnValue:
    return _page(_planned_here(shift_id))


@blueprint.post(_ONE)
@signed_in(*PLANNING)
def change_one(shift_id: int) -> ResponseReturnValue:
    was = _planned_here(shift_id)
    try:
        wanted = _wanted(was.unit_id)
        move_turn(g.session, shift_id, wanted, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        was_refused(DraftForm.CHANGED_TURN, shift_id)
        return _page(was, errors={wrong.field: fault_words(wrong)}, status=400)
    was_sent(DraftForm.CHANGED_TURN, shift_id)
    _tell(wanted, is_new=False)
    return redirect(way(was.unit_id, wall_clock(wanted.starts_at).date()), code=303)


@blueprint.post(f"{_ONE}/remove")
@signed_in(*PLANNING)
def remove_one(shift_id: int) -> ResponseReturnValue:
    was = _planned_here(shift_id)
    try:
        take_turn_back(g.session, shift_id, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(was, errors={wrong.field: fault_words(wrong)}, status=400)
    was_sent(DraftForm.CHANGED_TURN, shift_id)
    flash(_("The shift is cancelled."), "success")
    return redirect(way(was.unit_id, wall_clock(was.starts_at).date()), code=303)


def _tell(kept: WantedTurn, *, is_new: bool) -> None:
    """From when on whoever is on it is asked first: at once, or when it begins."""
    if kept.starts_at > g.now:
        begins = moment_phrase(kept.starts_at, g.now)
        planned = _("The shift is planned. It begins at %(at)s.", at=begins)
        changed = _("The shift is changed. It begins at %(at)s.", at=begins)
    else:
        planned, changed = _("The shift is planned. It holds at once."), _("The shift is changed. It holds at once.")
    flash(planned if is_new else changed, "success")


def _planned_here(shift_id: int) -> DutyTurn:
    """Raises NotFound for a turn of a unit that is not theirs to plan."""
    found = turn(g.session, shift_id)
    require_planning(found.unit_id)
    return found


def _wanted(unit_id: int) -> WantedTurn:
    """What the form asks for; a post of another unit is none."""
    form = request.form
    post_id, staff_id = typed_number(form.get("post", "")), typed_number(form.get("staff", ""))
    if post_id is None or post_id not in {post.id for post in posts_of(g.session, unit_id)}:
        raise InvalidInput("post", "required")
    if staff_id is None:
        raise InvalidInput("staff", "required")
    return WantedTurn(
        post_id,
        staff_id,
        read_moment(form.get("starts", ""), settings().zone, field="starts"),
        read_moment(form.get("ends", ""), settings().zone, field="ends"),
    )


def _page(was: DutyTurn, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    form = typed_form(DraftForm.CHANGED_TURN, was.shift_id)
    page = render_template(
        "rota/turn.html",
        turn=was,
        turn_form=form,
        given=form.fields or _as_typed(was),
        back=way(was.unit_id, wall_clock(was.starts_at).date()),
        is_over=was.ends_at <= g.now,
        runs=was.runs_at(g.now),
        errors=errors or {},
        **choices_of(was.unit_id, posts_of(g.session, was.unit_id)),
    )
    return Response(page, status, mimetype="text/html")


def _as_typed(was: DutyTurn) -> dict[str, object]:
    starts, ends = wall_clock(was.starts_at), wall_clock(was.ends_at)
    return {
        "post": was.post_id,
        "staff": was.staff_id,
        "starts": starts.replace(tzinfo=None).isoformat(timespec="minutes"),
        "ends": ends.replace(tzinfo=None).isoformat(timespec="minutes"),
    }
