"""The one-time link of a message: answer for one level without signing in; it says nothing about any citizen."""

from collections.abc import Mapping

from flask import Blueprint, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import public
from app.web.frame.fault_words import fault_words
from app.web.frame.limits import guesses
from app.web.leadership.answer_form import read_answer
from app.wording.raised_words import delay_sentence, matter_for_outsiders
from app.wording.spoken_time import moment_phrase
from escalation.acknowledging.acknowledge import AlreadyAcknowledged, acknowledge_by_link
from escalation.acknowledging.levels_above import passes_up_to
from escalation.acknowledging.links import LinkedStep, open_link
from escalation.acknowledging.locked_level import LONGEST_INSTRUCTION
from escalation.acknowledging.pass_up import NothingAbove, pass_up_by_link
from escalation.acknowledging.right import rights_to_answer
from escalation.queries.raised import load_raised
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.people.roles import load_viewer
from tickets.states import UNFINISHED

blueprint = Blueprint("acknowledge_link", __name__)


@blueprint.get("/a/<token>")
@public
@guesses("60 per minute")
def form(token: str) -> ResponseReturnValue:
    """Looking uses nothing up, nor does it count as read: messengers open links by themselves to show a preview."""
    try:
        return _page(token, open_link(g.session, token, now=g.now))
    except NotFound:
        return _gone()


@blueprint.post("/a/<token>")
@public
@guesses("20 per minute")
def answer(token: str) -> ResponseReturnValue:
    try:
        link = open_link(g.session, token, now=g.now)
    except NotFound:
        return _gone()
    if link.used_at is not None:
        return redirect(f"/a/{token}", code=303)
    try:
        with g.session.begin_nested():
            given = read_answer(request.form)
            acknowledge_by_link(g.session, token, instruction=given.instruction, new_due_at=given.new_due_at, now=g.now)
    except AlreadyAcknowledged:
        # The page itself says who has answered and when.
        return redirect(f"/a/{token}", code=303)
    except (NotFound, NotAllowed):
        return _gone()
    except InvalidInput as wrong:
        return _page(token, link, typed=request.form, errors={wrong.field: fault_words(wrong)}, status=400)
    return redirect(f"/a/{token}", code=303)


@blueprint.post("/a/<token>/pass-up")
@public
@guesses("20 per minute")
def passed_up(token: str) -> ResponseReturnValue:
    """What is typed as an instruction is the reason; refused, the page itself says what stands."""
    try:
        link = open_link(g.session, token, now=g.now)
        if link.used_at is None:
            with g.session.begin_nested():
                pass_up_by_link(g.session, token, reason=read_answer(request.form).instruction, now=g.now)
    except (NotFound, NotAllowed):
        return _gone()
    except NothingAbove:
        words = _("There is no level above this one any more.")
        return _page(token, link, typed=request.form, errors={"": words}, status=409)
    except InvalidInput as wrong:
        return _page(token, link, typed=request.form, errors={wrong.field: fault_words(wrong)}, status=400)
    return redirect(f"/a/{token}", code=303)


def _page(
    token: str,
    link: LinkedStep,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    found = load_raised(g.session, [link.step_id])
    if not found:
        return _gone()
    [raised] = found
    told_at = next((p.told_at for p in raised.told if p.staff_id == link.staff_id), raised.fired_at)
    answered = raised.answered
    is_mine = answered is not None and answered.by_id == link.staff_id
    page = render_template(
        "acknowledge/link.html",
        token=token,
        raised=raised,
        sentence=delay_sentence(raised, matter=matter_for_outsiders(raised), since=told_at, now=g.now),
        answered=answered,
        is_mine=is_mine,
        answered_words=moment_phrase(answered.at, g.now) if answered else "",
        is_finished=raised.status not in UNFINISHED,
        typed=typed or {},
        errors=errors or {},
        longest=LONGEST_INSTRUCTION,
        for_own_unit=_is_for_own_unit(link),
        next_level=passes_up_to(g.session, [link.step_id], staff_id=link.staff_id, now=g.now).get(link.step_id),
    )
    return _private(Response(page, status, mimetype="text/html"))


def _is_for_own_unit(link: LinkedStep) -> bool:
    viewer = load_viewer(g.session, link.staff_id, now=g.now)
    mine = rights_to_answer(g.session, [link.step_id], viewer=viewer, now=g.now) if viewer is not None else {}
    return link.step_id in mine and mine[link.step_id].for_own_unit


def _gone() -> Response:
    """Unknown and expired look alike: a link is not there to be guessed. What was typed is not lost."""
    typed = request.form.get("instruction", "").strip()[:LONGEST_INSTRUCTION]
    page = render_template("acknowledge/gone.html", title=_("This link is no longer valid"), typed=typed)
    return _private(Response(page, 404, mimetype="text/html"))


def _private(response: Response) -> Response:
    # The address is the secret: it must not travel to other sites or be found by a search engine.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
