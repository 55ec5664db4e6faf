"""Posts: who holds each of a unit's, and a successor, a deputy or a duty officer from a day on."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import ADMINISTERING, LOOKING, blueprint
from app.web.administration.chosen_person import chosen_person
from app.web.frame.access import signed_in
from app.web.frame.current import rules, settings, today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.moments import read_day
from app.web.pieces.names import in_locale, unit_name
from app.web.pieces.unit_choices import unit_options
from app.wording.contact_codes import capacity_word
from app.wording.spoken_time import calendar_day_phrase
from tickets.city import wall_clock
from tickets.directory.holders import (
    HOLDING_KINDS,
    Appointment,
    Holding,
    appoint,
    end_holding,
    holdings_of,
    open_levels_of,
    post_named,
)
from tickets.directory.on_call import posts_of
from tickets.directory.staff import people_at
from tickets.errors import InvalidInput, NotFound
from tickets.outbox.post_news import tell_new_holder
from tickets.people.roles import SEEING
from tickets.schema import Post
from tickets.states import Role
from tickets.typed_text import typed_number

_HERE = "/administration/posts"
# "No other role": what they hold already is enough.
_KEEPS = ""
_NOBODY = "none"


@blueprint.get(_HERE)
@in_menu(_l("Posts"), order=2, under="administration")
@signed_in(*LOOKING)
def posts_of_a_unit() -> ResponseReturnValue:
    unit_id = _unit_asked_for()
    posts = posts_of(g.session, unit_id)
    held: dict[int, list[Holding]] = {}
    for one in holdings_of(g.session, [post.id for post in posts]):
        if not one.is_over(g.now):
            held.setdefault(one.post_id, []).append(one)
    return render_template(
        "administration/posts.html",
        unit_id=unit_id,
        units=unit_options(),
        posts=[(post.id, in_locale(post.name, post.name_en), _by_kind(held.get(post.id, ()))) for post in posts],
        may_change=g.viewer.holds(*ADMINISTERING),
    )


@blueprint.get(f"{_HERE}/<int:post_id>")
@signed_in(*LOOKING)
def one_post(post_id: int) -> ResponseReturnValue:
    return _page(post_named(g.session, post_id))


@blueprint.post(f"{_HERE}/<int:post_id>")
@signed_in(*ADMINISTERING)
def give_post(post_id: int) -> ResponseReturnValue:
    post = post_named(g.session, post_id)
    try:
        wanted = _wanted()
        with g.session.begin_nested():
            holding_id = appoint(g.session, post_id, wanted, actor=g.actor, now=g.now)
            tell_new_holder(g.session, holding_id, now=g.now)
    except InvalidInput as wrong:
        return _page(post, errors={wrong.field: fault_words(wrong)}, status=400)
    if wanted.from_at > g.now:
        day = calendar_day_phrase(wall_clock(wanted.from_at).date())
        flash(_("Saved. It holds from %(day)s on; until then everything stays as it is.", day=day), "success")
    else:
        flash(_("Saved. It holds now: open reports go on to them within a minute."), "success")
    return redirect(f"{_HERE}/{post_id}", code=303)


@blueprint.post("/administration/holdings/<int:holding_id>/end")
@signed_in(*ADMINISTERING)
def end_a_holding(holding_id: int) -> ResponseReturnValue:
    post_id = end_holding(g.session, holding_id, actor=g.actor, now=g.now)
    flash(_("Saved. What was to come is taken back, what was held has ended."), "success")
    return redirect(f"{_HERE}/{post_id}", code=303)


def _unit_asked_for() -> int:
    """The one of the address, else the reader's own, else the city. Raises NotFound for none."""
    known = rules().routing.units
    asked = request.args.get("unit", "")
    if asked:
        unit_id = typed_number(asked)
        if unit_id not in known:
            raise NotFound("unit", asked)
        return int(unit_id or 0)
    own = [unit_id for unit_id in g.viewer.unit_ids(*LOOKING) if unit_id in known]
    return own[0] if own else rules().routing.operations_unit_id


def _by_kind(held: Sequence[Holding]) -> list[tuple[str, list[Holding]]]:
    """By capacity, who is there and then who is to come."""
    ordered = sorted(held, key=lambda one: one.valid_from)
    return [(kind, found) for kind in HOLDING_KINDS if (found := [one for one in ordered if one.kind == kind])]


def _wanted() -> Appointment:
    form = request.form
    role = form.get("role", _KEEPS)
    if role != _KEEPS and role not in SEEING:
        raise InvalidInput("role", "required")
    return Appointment(
        staff_id=chosen_person(),
        kind=form.get("kind", ""),
        from_at=_begins(),
        decision_no=form.get("decision", "").strip().replace("\0", ""),
        role=Role(role) if role else None,
        in_place_of=_leaving(),
        ends_roles="ends_roles" in form,
    )


def _leaving() -> int | None:
    """The holding that was chosen to end; None for nobody. Raises InvalidInput where nothing was chosen."""
    chosen = request.form.get("before", "")
    if chosen == _NOBODY:
        return None
    holding_id = typed_number(chosen)
    if holding_id is None:
        raise InvalidInput("before", "required")
    return holding_id


def _begins() -> datetime:
    """Today means at once; another day begins at its midnight."""
    day = read_day(request.form.get("from", ""), field="from")
    if day is None:
        raise InvalidInput("from", "required")
    if day == today():
        return g.now  # type: ignore[no-any-return]
    if day < today():
        raise InvalidInput("from", "past")
    if day.year > today().year + 5:
        raise InvalidInput("from", "not_a_date")
    return datetime.combine(day, time(), settings().zone)


def _page(post: Post, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    held = holdings_of(g.session, [post.id])
    page = render_template(
        "administration/post.html",
        post=post,
        title=in_locale(post.name, post.name_en),
        unit=unit_name(rules().routing.units[post.unit_id]) if post.unit_id in rules().routing.units else "",
        held=held,
        waiting=open_levels_of(g.session, post.id),
        typed=request.form,
        errors=errors or {},
        may_change=g.viewer.holds(*ADMINISTERING),
        **_choices(post, [one for one in held if one.valid_from <= g.now and not one.is_over(g.now)]),
    )
    return Response(page, status, mimetype="text/html")


def _choices(post: Post, there: Sequence[Holding]) -> dict[str, Any]:
    """Where only one holds it, the successor follows that one; of several it has to be said whom."""
    people = {one.staff.id: one.staff.name for one in people_at(g.session, [post.unit_id], roles=SEEING, now=g.now)}
    return {
        "people_options": list(people.items()),
        "before_options": [(str(one.id), f"{one.name} ({capacity_word(one.kind)})") for one in there],
        "before": {0: _NOBODY, 1: str(there[0].id) if there else _NOBODY}.get(len(there), ""),
        "nobody": _NOBODY,
        "kind_options": [(kind, capacity_word(kind)) for kind in HOLDING_KINDS],
        "seeing_roles": SEEING,
        "today": today().isoformat(),
    }
