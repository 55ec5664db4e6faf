"""Secret addresses for calendars: made and revoked by their owner, read by a program, judged when read."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Response, abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from app.web.frame.access import public, signed_in
from app.web.frame.current import rules, settings
from app.web.frame.fault_words import fault_words
from app.web.frame.limits import guesses
from app.web.rota.blueprint import ON_THE_ROTA, blueprint, may_see
from app.web.rota.ics import calendar_text
from app.web.rota.own import own_page
from tickets.directory.covered_turns import CoveredTurn, covered_turns_of, covered_turns_of_post
from tickets.directory.rota_feeds import feed_with, make_feed, revoke_feed
from tickets.directory.shifts import DutyTurn
from tickets.errors import InvalidInput, NotFound
from tickets.people.roles import Viewer, load_viewer
from tickets.schema import Post, RotaFeed
from tickets.typed_text import typed_number

_BACK, _AHEAD = timedelta(days=31), timedelta(days=92)


@blueprint.post("/my/feeds")
@signed_in(*ON_THE_ROTA)
def add_feed() -> ResponseReturnValue:
    """The address is shown on the page that answers, and nowhere again."""
    post_id = typed_number(request.form.get("post", ""))
    if post_id is not None:
        post = g.session.get(Post, post_id)
        if post is None or not may_see(g.viewer, post.unit_id):
            raise NotFound("post", post_id)
    try:
        secret = make_feed(g.session, staff_id=g.viewer.staff_id, post_id=post_id, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return own_page(errors={wrong.field: fault_words(wrong)}, status=400)
    return own_page(new_feed=f"{settings().base_url}/calendar/{secret}.ics")


@blueprint.post("/my/feeds/<int:feed_id>/revoke")
@signed_in(*ON_THE_ROTA)
def end_feed(feed_id: int) -> ResponseReturnValue:
    revoke_feed(g.session, feed_id, staff_id=g.viewer.staff_id, actor=g.actor, now=g.now)
    flash(_("The address has been revoked."), "success")
    return redirect("/my/duty", code=303)


@blueprint.get("/calendar/<token>.ics")
@public
@guesses("120 per hour")
def calendar_feed(token: str) -> ResponseReturnValue:
    """What is not to be seen any more looks like what never was."""
    try:
        feed = feed_with(g.session, token)
    except NotFound:
        abort(404)
    owner = load_viewer(g.session, feed.staff_id, now=g.now)
    if owner is None or not owner.holds(*ON_THE_ROTA):
        abort(404)
    with force_locale(owner.locale):
        name, events = _shown(feed, owner)
    host = urlsplit(settings().base_url).hostname or "hotline"
    text = calendar_text(name, events, host=host, zone=settings().timezone, now=g.now)
    answer = Response(text, mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


def _shown(feed: RotaFeed, owner: Viewer) -> tuple[str, list[tuple[CoveredTurn, str]]]:
    """The calendar's name, and its turns with a summary each, as they are kept: leave and who stands in count."""
    stretch = {"from_at": g.now - _BACK, "to_at": g.now + _AHEAD}
    english = owner.locale == "en"
    if feed.post_id is None:
        own = covered_turns_of(g.session, feed.staff_id, **stretch)
        return _("My duty"), [(one, _own_summary(one, english)) for one in own]
    post = g.session.get_one(Post, feed.post_id)
    if not may_see(owner, post.unit_id):
        abort(404)
    turns = covered_turns_of_post(g.session, post.id, **stretch)
    name = f"{post.name_en if english else post.name}, {_unit(post.unit_id, english)}"
    return name, [(one, _who_has_it(one)) for one in turns]


def _own_summary(one: CoveredTurn, english: bool) -> str:
    where = f"{_post(one.turn, english)}, {_unit(one.turn.unit_id, english)}"
    if not one.in_place_of:
        return where
    return _("%(duty)s (in place of %(name)s)", duty=where, name=one.in_place_of)


def _who_has_it(one: CoveredTurn) -> str:
    if not one.in_place_of:
        return one.turn.person
    if not one.turn.person:
        return _("nobody: %(name)s is on leave", name=one.in_place_of)
    return _("%(duty)s (in place of %(name)s)", duty=one.turn.person, name=one.in_place_of)


def _post(turn: DutyTurn, english: bool) -> str:
    return turn.post_en if english else turn.post


def _unit(unit_id: int, english: bool) -> str:
    unit = rules().routing.units.get(unit_id)
    return "" if unit is None else (unit.name_en if english else unit.name) or unit.name
