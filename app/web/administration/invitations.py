"""Invitations: who has been sent a link, who has come in with it, and whom to write to again."""

from flask import flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.web.administration.blueprint import ADMINISTERING, ROWS_OF_A_PAGE, blueprint
from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.web.pieces.ledger_filters import address
from tickets.outbox.invitations import TO_INVITE, InvitationState, ids_in, invitation_counts, invite, invited_people
from tickets.typed_text import typed_number

_HERE = "/administration/invitations"
INVITATION_STATES = {
    InvitationState.NOT_INVITED: _l("Not invited yet"),
    InvitationState.ON_ITS_WAY: _l("On its way"),
    InvitationState.ARRIVED: _l("Sent, not used yet"),
    InvitationState.FAILED: _l("Not delivered"),
    InvitationState.EXPIRED: _l("Expired"),
    InvitationState.JOINED: _l("Has set up their access"),
}


@blueprint.get(_HERE)
@in_menu(_l("Invitations"), order=2, under="administration")
@signed_in(*ADMINISTERING)
def invitations() -> ResponseReturnValue:
    state = _state_asked_for()
    rows = invited_people(
        g.session,
        state,
        after=typed_number(request.args.get("after", "")) or 0,
        limit=ROWS_OF_A_PAGE + 1,
        now=g.now,
    )
    shown = rows[:ROWS_OF_A_PAGE]
    following = {"state": state.value, "after": str(shown[-1].staff_id)} if len(rows) > len(shown) else None
    return render_template(
        "administration/invitations.html",
        counts=invitation_counts(g.session, now=g.now),
        words={code: str(word) for code, word in INVITATION_STATES.items()},
        state=state,
        people=shown,
        may_invite=state in (*TO_INVITE, InvitationState.ARRIVED),
        to_invite=[one.value for one in TO_INVITE],
        next_url=address(_HERE, following) if following else None,
    )


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
def send_invitations() -> ResponseReturnValue:
    """To one person, or to everybody of a state whom it does good to write to."""
    state = request.form.get("state", "")
    one = typed_number(request.form.get("person", ""))
    if one is not None:
        ids = [one]
    else:
        ids = list(ids_in(g.session, [InvitationState(state)], now=g.now)) if state in TO_INVITE else []
    sent = invite(g.session, ids, actor=g.actor, now=g.now)
    if sent:
        flash(ngettext("%(num)d invitation is on its way.", "%(num)d invitations are on their way.", sent), "success")
    else:
        flash(_("There was nobody to write to."), "info")
    back = {"state": state} if state in set(InvitationState) else {}
    return redirect(address(_HERE, back), code=303)


def _state_asked_for() -> InvitationState:
    asked = request.args.get("state", "")
    return InvitationState(asked) if asked in set(InvitationState) else InvitationState.NOT_INVITED
