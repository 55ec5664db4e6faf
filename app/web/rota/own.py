"""My own duty: my turns of this month and the next, my leave, who stands in for whom, swaps asked of me and by me."""

from collections.abc import Callable, Mapping, Sequence

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.current import today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.names import in_locale
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.web.rota.blueprint import ON_THE_ROTA, blueprint
from app.web.rota.days import leave_asked_for, midnight_of, next_month
from tickets.directory.absences import end_leave, leave, leave_of, possible_deputies, standing_in, take_leave
from tickets.directory.handovers import WRITTEN_UNTIL, handed_over
from tickets.directory.on_call import deputies_of, posts_of, stands_in_at
from tickets.directory.rota_feeds import feeds_of
from tickets.directory.shifts import DutyTurn, turns_of
from tickets.directory.swaps import Swap, accept_swap, ask_swap, open_swaps, refuse_swap, withdraw_swap
from tickets.errors import InvalidInput, NotFound
from tickets.outbox.rota_news import tell_swap
from tickets.people.roles import SEEING
from tickets.states import DraftForm
from tickets.typed_text import typed_number

_MINE = "/my/duty"
AnswerToSwap = Callable[..., Swap]


@blueprint.get(_MINE)
@in_menu(_l("My duty"), order=4, icon="clock", hotkey="g d")
@signed_in(*ON_THE_ROTA)
def own_duty() -> ResponseReturnValue:
    return own_page()


@blueprint.post(f"{_MINE}/leave")
@signed_in(*ON_THE_ROTA)
def take_own_leave() -> ResponseReturnValue:
    try:
        take_leave(g.session, leave_asked_for(g.viewer.staff_id), actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        was_refused(DraftForm.OWN_LEAVE)
        return own_page(errors={wrong.field: fault_words(wrong)}, status=400)
    was_sent(DraftForm.OWN_LEAVE)
    flash(_("Your leave is saved."), "success")
    return redirect(_MINE, code=303)


@blueprint.post(f"{_MINE}/leave/<int:absence_id>/end")
@signed_in(*ON_THE_ROTA)
def end_own_leave(absence_id: int) -> ResponseReturnValue:
    if leave(g.session, absence_id).staff_id != g.viewer.staff_id:
        raise NotFound("absence", absence_id)
    end_leave(g.session, absence_id, actor=g.actor, now=g.now)
    flash(_("The leave has ended."), "success")
    return redirect(_MINE, code=303)


@blueprint.post(f"{_MINE}/shifts/<int:shift_id>/swap")
@signed_in(*ON_THE_ROTA)
def ask_somebody(shift_id: int) -> ResponseReturnValue:
    try:
        to = typed_number(request.form.get("to", ""))
        if to is None:
            raise InvalidInput("to", "required")
        swap = ask_swap(g.session, shift_id, to_staff_id=to, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return own_page(errors={f"to-{shift_id}": fault_words(wrong)}, status=400)
    tell_swap(g.session, swap, now=g.now)
    flash(_("%(person)s is asked. Until they accept, the shift stays yours.", person=swap.to_person), "success")
    return redirect(_MINE, code=303)


@blueprint.post("/my/swaps/<int:swap_id>/accept")
@signed_in(*ON_THE_ROTA)
def accept(swap_id: int) -> ResponseReturnValue:
    return _answer(swap_id, accept_swap, _("The shift is yours now."))


@blueprint.post("/my/swaps/<int:swap_id>/refuse")
@signed_in(*ON_THE_ROTA)
def refuse(swap_id: int) -> ResponseReturnValue:
    return _answer(swap_id, refuse_swap, _("Refused: the shift stays where it was."))


@blueprint.post("/my/swaps/<int:swap_id>/withdraw")
@signed_in(*ON_THE_ROTA)
def withdraw(swap_id: int) -> ResponseReturnValue:
    return _answer(swap_id, withdraw_swap, _("The request is withdrawn."))


def _answer(swap_id: int, act: AnswerToSwap, done: str) -> ResponseReturnValue:
    try:
        swap = act(g.session, swap_id, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return own_page(errors={f"swap-{swap_id}": fault_words(wrong)}, status=400)
    tell_swap(g.session, swap, now=g.now)
    flash(done, "success")
    return redirect(_MINE, code=303)


def own_page(*, errors: Mapping[str, str] | None = None, new_feed: str = "", status: int = 200) -> Response:
    """`new_feed` is the address that was just made, shown this once."""
    mine: int = g.viewer.staff_id
    first = today().replace(day=1)
    until = midnight_of(next_month(next_month(first)))
    turns = turns_of(g.session, mine, from_at=midnight_of(first), to_at=until)
    running = [turn for turn in turns if turn.runs_at(g.now)]
    page = render_template(
        "rota/own.html",
        turns=turns,
        leave=leave_of(g.session, [mine], from_at=g.now),
        stands_in=standing_in(g.session, mine, from_at=g.now),
        deputies=deputies_of(g.session, mine, now=g.now),
        stands_in_at=stands_in_at(g.session, mine, now=g.now),
        swaps=open_swaps(g.session, mine, now=g.now),
        notes={turn.shift_id: handed_over(g.session, turn.post_id, before=turn.starts_at) for turn in running},
        to_hand_over={turn.shift_id for turn in turns if turn.starts_at <= g.now < turn.ends_at + WRITTEN_UNTIL},
        feeds=feeds_of(g.session, mine),
        feed_posts=_posts_of_mine(turns),
        new_feed=new_feed,
        colleagues=list(possible_deputies(g.session, mine, now=g.now).items()),
        mine=mine,
        typed=request.form,
        leave_form=typed_form(DraftForm.OWN_LEAVE),
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")


def _posts_of_mine(turns: Sequence[DutyTurn]) -> list[tuple[int, str]]:
    """The posts of the units where this person works, and those they have turns for: (id, name)."""
    units = {held.unit_id for held in g.viewer.held if held.role in SEEING} | {turn.unit_id for turn in turns}
    posts = [post for unit_id in sorted(units) for post in posts_of(g.session, unit_id)]
    return [(post.id, in_locale(post.name, post.name_en)) for post in posts]
