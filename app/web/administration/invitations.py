"""Invitations: who has been sent a link, who was not reached and why, who has come in, and whom to write to again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import segno
from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.accounts.demo_links import link_address
from app.phone.installation import ways_out
from app.web.administration.blueprint import ADMINISTERING, ROWS_OF_A_PAGE, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.menu import SETTING_UP, in_menu
from app.web.pieces.ledger_filters import address
from app.web.pieces.unit_choices import unit_options
from app.wording.posted_words import failure_word
from tickets.directory.staff import roles_of
from tickets.outbox.invitations import INVITATION_LIFETIME, InvitedNow, LinkByHand, hand_over, invite
from tickets.queries import invited
from tickets.queries.invited import TO_INVITE, InvitationState, Invited, Sought, invitation_counts, invited_people
from tickets.typed_text import typed_number

_HERE = "/administration/invitations"
# As many links as somebody hands over in a day; the next ones follow when these are printed.
MOST_LINKS = 100
INVITATION_STATES = {
    InvitationState.NOT_INVITED: _l("Not invited yet"),
    InvitationState.ON_ITS_WAY: _l("On its way"),
    InvitationState.ARRIVED: _l("Sent, not used yet"),
    InvitationState.FAILED: _l("Reached nobody"),
    InvitationState.HANDED_OVER: _l("Link handed over, not used yet"),
    InvitationState.EXPIRED: _l("Expired"),
    InvitationState.JOINED: _l("Has set up their access"),
}
_WHY = {
    invited.NO_MAIL_SERVER: _l("not sent: there is no mail server"),
    invited.NO_PROVIDER: _l("not sent: there is no telephone provider"),
    invited.NO_ADDRESS: _l("neither a mail address nor a phone is known"),
}
_MENDED_AT = {invited.NO_MAIL_SERVER: SETTING_UP, invited.NO_PROVIDER: "/administration/accounts"}


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as it is shown once: whose, at which units, and its code to be scanned."""

    name: str
    units: str
    address: str
    picture: str


@blueprint.get(_HERE)
@in_menu(_l("Invitations"), order=2, under="administration")
@signed_in(*ADMINISTERING)
def invitations() -> ResponseReturnValue:
    state, sought = _state_in(request.args.get("state", "")), _sought(request.args)
    after = typed_number(request.args.get("after", "")) or 0
    rows = invited_people(g.session, state, sought=sought, after=after, limit=ROWS_OF_A_PAGE + 1, now=g.now)
    shown = rows[:ROWS_OF_A_PAGE]
    return render_template(
        "administration/invitations.html",
        counts=invitation_counts(g.session, sought=sought, now=g.now),
        states=[(code, str(word), _address(code, sought)) for code, word in INVITATION_STATES.items()],
        state=state,
        sought=sought,
        units=unit_options(),
        people=[(one, _why(one), _MENDED_AT.get(one.why, "")) for one in shown],
        may_send=state in (*TO_INVITE, InvitationState.ARRIVED, InvitationState.HANDED_OVER),
        may_send_to_all=state in TO_INVITE,
        may_show_links=state is not InvitationState.JOINED,
        most_links=MOST_LINKS,
        ways=ways_out(settings()),
        setting_up=SETTING_UP,
        next_url=_address(state, sought, after=shown[-1].staff_id) if len(rows) > len(shown) else None,
        first_url=_address(state, sought) if after else None,
    )


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
def send_invitations() -> ResponseReturnValue:
    """To one person, to those that are ticked, or to everybody found whom it does good to write to."""
    state, sought = _state_in(request.form.get("state", "")), _sought(request.form)
    ids = _chosen(state, sought, of=TO_INVITE)
    flash(*_said(invite(g.session, ids, ways=ways_out(settings()), actor=g.actor, now=g.now)))
    return redirect(_address(state, sought), code=303)


@blueprint.post(f"{_HERE}/links")
@signed_in(*ADMINISTERING)
def show_links() -> ResponseReturnValue:
    """Links to be handed over in person, to copy or to print: the answer to this form, kept nowhere."""
    state, sought = _state_in(request.form.get("state", "")), _sought(request.form)
    ids = _chosen(state, sought, of=[one for one in InvitationState if one is not InvitationState.JOINED])
    links = hand_over(g.session, ids[:MOST_LINKS], actor=g.actor, now=g.now)
    if not links:
        flash(_("Nobody was chosen who still needs a link."), "info")
        return redirect(_address(state, sought), code=303)
    back = _address(state, sought)
    page = render_template(
        "administration/links.html", links=_shown(links), until=g.now + INVITATION_LIFETIME, back=back
    )
    return Response(page, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _chosen(state: InvitationState, sought: Sought, *, of: Sequence[InvitationState]) -> Sequence[int]:
    """The one whose button was pressed, everybody found, or those that are ticked."""
    only = typed_number(request.form.get("only", ""))
    if only is not None:
        return [only]
    if request.form.get("all") == "1":
        return invited.ids_in(g.session, [state], sought=sought, now=g.now) if state in of else []
    ticked = (typed_number(one) for one in request.form.getlist("person")[: 2 * ROWS_OF_A_PAGE])
    return [one for one in ticked if one is not None]


def _said(done: InvitedNow) -> tuple[str, str]:
    words = []
    if done.leaves:
        words.append(
            ngettext("%(num)d invitation is on its way.", "%(num)d invitations are on their way.", done.leaves)
        )
    if done.stays:
        words.append(
            ngettext(
                "%(num)d person is not reached: nothing leaves for them from here. Hand them a link.",
                "%(num)d people are not reached: nothing leaves for them from here. Hand them a link.",
                done.stays,
            )
        )
    if not words:
        return _("There was nobody to write to."), "info"
    return " ".join(words), "warning" if done.stays else "success"


def _shown(links: Sequence[LinkByHand]) -> list[ShownLink]:
    units: dict[int, list[str]] = {}
    for held in roles_of(g.session, [one.staff_id for one in links]):
        if held.unit_name not in (known := units.setdefault(held.staff_id, [])):
            known.append(held.unit_name)
    shown = []
    for one in links:
        url = link_address(settings().base_url, one.token)
        picture = segno.make(url, error="m").svg_data_uri(scale=4, border=2, light="#fff")
        shown.append(ShownLink(one.name, ", ".join(units.get(one.staff_id, [])), url, picture))
    return shown


def _why(one: Invited) -> str:
    return str(_WHY[one.why]) if one.why in _WHY else failure_word(one.why) if one.why else ""


def _sought(given: Mapping[str, str]) -> Sought:
    text = given.get("q", "").strip()[:80].replace("\0", "")
    return Sought(text, typed_number(given.get("unit", "")))


def _state_in(asked: str) -> InvitationState:
    return InvitationState(asked) if asked in set(InvitationState) else InvitationState.NOT_INVITED


def _address(state: InvitationState, sought: Sought, *, after: int | None = None) -> str:
    unit = str(sought.unit_id) if sought.unit_id is not None else None
    return address(
        _HERE, {"state": state.value, "q": sought.text, "unit": unit, "after": str(after) if after else None}
    )
