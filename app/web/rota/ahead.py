"""Rotations of a unit, which fill its rota ahead, and who is on leave there with who stands in."""

from collections.abc import Mapping
from datetime import date

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.frame.fault_words import fault_words
from app.web.pieces.names import in_locale, unit_name
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.web.rota.blueprint import PLANNING, blueprint, require_planning
from app.web.rota.days import leave_asked_for, required_day
from app.web.rota.month import HERE, choices_of
from app.wording.spoken_time import calendar_day_phrase
from tickets.directory.absences import end_leave, leave, leave_of, take_leave
from tickets.directory.on_call import posts_of
from tickets.directory.rotations import (
    MOST_PEOPLE,
    WantedRotation,
    rotation,
    running_rotations,
    start_rotation,
    take_rotation_back,
)
from tickets.directory.staff import people_at
from tickets.errors import InvalidInput, NotFound
from tickets.people.roles import SEEING
from tickets.schema import Post
from tickets.states import DraftForm
from tickets.typed_text import typed_number

_AHEAD = f"{HERE}/ahead"
_HOURS, _MINUTES = 24, 60


@blueprint.get(_AHEAD)
@signed_in(*PLANNING)
def ahead() -> ResponseReturnValue:
    if not request.args.get("unit"):  # without a unit there is nothing to plan; the rota lets one choose
        return redirect(HERE)
    return _page(_unit(request.args.get("unit", "")))


@blueprint.post(f"{HERE}/rotations")
@signed_in(*PLANNING)
def begin_rotation() -> ResponseReturnValue:
    unit_id = _unit(request.form.get("unit", ""))
    try:
        filled = start_rotation(g.session, _wanted(unit_id), actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        was_refused(DraftForm.ROTATION, unit_id)
        return _page(unit_id, errors={wrong.field: fault_words(wrong)}, status=400)
    was_sent(DraftForm.ROTATION, unit_id)
    until = calendar_day_phrase(filled.until)
    flash(
        ngettext("%(num)d shift is planned, until %(day)s.", "%(num)d shifts are planned, until %(day)s.",
            filled.planned, day=until),
        "success",
    )  # fmt: skip
    if filled.left_free:
        flash(
            ngettext(
                "%(num)d shift was left free: its person is on leave or on duty elsewhere then.",
                "%(num)d shifts were left free: their people are on leave or on duty elsewhere then.",
                filled.left_free,
            ),
            "warning",
        )
    return redirect(_here(unit_id), code=303)


@blueprint.post(f"{HERE}/rotations/<int:rotation_id>/end")
@signed_in(*PLANNING)
def end_rotation(rotation_id: int) -> ResponseReturnValue:
    post = g.session.get_one(Post, rotation(g.session, rotation_id).post_id)
    require_planning(post.unit_id)
    gone = take_rotation_back(g.session, rotation_id, actor=g.actor, now=g.now)
    flash(
        ngettext("Cancelled, with %(num)d shift to come.", "Cancelled, with %(num)d shifts to come.", gone), "success"
    )
    return redirect(_here(post.unit_id), code=303)


@blueprint.post(f"{HERE}/leave")
@signed_in(*PLANNING)
def give_leave() -> ResponseReturnValue:
    unit_id = _unit(request.form.get("unit", ""))
    staff_id = typed_number(request.form.get("person", ""))
    try:
        if staff_id is None or staff_id not in _people(unit_id):
            raise InvalidInput("person", "required")
        take_leave(g.session, leave_asked_for(staff_id), actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        was_refused(DraftForm.LEAVE, unit_id)
        return _page(unit_id, errors={wrong.field: fault_words(wrong)}, status=400)
    was_sent(DraftForm.LEAVE, unit_id)
    flash(_("The leave is saved. Whoever stands in is told in this person’s place during that time."), "success")
    return redirect(_here(unit_id), code=303)


@blueprint.post(f"{HERE}/leave/<int:absence_id>/end")
@signed_in(*PLANNING)
def end_anothers_leave(absence_id: int) -> ResponseReturnValue:
    unit_id = _unit(request.form.get("unit", ""))
    if leave(g.session, absence_id).staff_id not in _people(unit_id):
        raise NotFound("absence", absence_id)
    end_leave(g.session, absence_id, actor=g.actor, now=g.now)
    flash(_("The leave has ended."), "success")
    return redirect(_here(unit_id), code=303)


def _unit(asked: str) -> int:
    """Raises NotFound for a unit that is not theirs to plan."""
    unit_id = typed_number(asked) or 0
    if unit_id not in rules().routing.units:
        raise NotFound("unit", asked)
    require_planning(unit_id)
    return unit_id


def _here(unit_id: int) -> str:
    return f"{_AHEAD}?unit={unit_id}"


def _people(unit_id: int) -> set[int]:
    return {one.staff.id for one in people_at(g.session, [unit_id], roles=SEEING, now=g.now)}


def _wanted(unit_id: int) -> WantedRotation:
    form = request.form
    post_id = typed_number(form.get("post", ""))
    if post_id is None or post_id not in {post.id for post in posts_of(g.session, unit_id)}:
        raise InvalidInput("post", "required")
    typed = [typed_number(form.get(f"person_{place}", "")) for place in range(1, MOST_PEOPLE + 1)]
    starts_on: date = required_day("starts_on")
    return WantedRotation(
        post_id,
        [staff_id for staff_id in typed if staff_id is not None],
        typed_number(form.get("days_each", "")) or 0,
        starts_on,
        _minute("from"),
        _minute("to"),
    )


def _minute(name: str) -> int:
    """The minute of the day of a time field; empty means midnight. Raises InvalidInput."""
    typed = request.form.get(name, "").strip()
    hours, colon, minutes = (typed or "00:00").partition(":")
    hour, minute = typed_number(hours), typed_number(minutes[:2])
    if not colon or hour is None or minute is None or hour >= _HOURS or minute >= _MINUTES:
        raise InvalidInput(name, "not_a_time")
    return hour * _MINUTES + minute


def _page(unit_id: int, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    posts = posts_of(g.session, unit_id)
    choices = choices_of(unit_id, posts)
    running = running_rotations(g.session, [post.id for post in posts])
    page = render_template(
        "rota/ahead.html",
        unit_id=unit_id,
        unit=unit_name(rules().routing.units[unit_id]),
        rotations=running,
        post_names={post.id: in_locale(post.name, post.name_en) for post in posts},
        names=dict(choices["people_options"]),
        away=leave_of(g.session, _people(unit_id), from_at=g.now),
        most_people=MOST_PEOPLE,
        rotation_form=typed_form(DraftForm.ROTATION, unit_id),
        leave_form=typed_form(DraftForm.LEAVE, unit_id),
        errors=errors or {},
        **choices,
    )
    return Response(page, status, mimetype="text/html")
