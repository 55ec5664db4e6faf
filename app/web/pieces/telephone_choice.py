"""Choosing by which telephone somebody talks: the same page for one's own and for whom a supervisor helps."""

from collections.abc import Mapping

from flask import Response, flash, g, render_template, request
from flask_babel import gettext as _

from app.phone.telephones import BrowserDriver, Ringing, browser_driver, is_voicemails, out_of_reach, ringing
from app.web.frame.current import rules, settings
from app.web.frame.fault_words import fault_words
from app.wording.codes import telephone_word
from telephony.floor import presence
from telephony.floor.telephones import ChosenTelephone, choose, telephone_of, typed_telephone
from tickets.errors import InvalidInput, NotAllowed
from tickets.schema import Staff
from tickets.states import PresenceState, TelephoneKind


def rung_of(staff_id: int) -> Ringing:
    """How this person's telephone is rung, as they chose it."""
    return ringing(settings(), telephone_of(g.session, staff_id), staff_id)


def choice_page(somebody: Staff, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    chosen = telephone_of(g.session, somebody.id)
    unreached, reaches_nobody = out_of_reach(settings(), ringing(settings(), chosen, somebody.id))
    page = render_template(
        "console/telephone_choice.html",
        somebody=somebody,
        is_own=somebody.id == g.viewer.staff_id,
        chosen=chosen,
        kind=request.form.get("kind", chosen.kind.value),
        address=request.form.get("address", chosen.address),
        kinds=[(one.value, telephone_word(one), _hint(one)) for one in TelephoneKind],
        driver=browser_driver(settings()).value,
        exchange=settings().exchange_domain,
        unreached=unreached,
        reaches_nobody=reaches_nobody,
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")


def keep_choice(somebody: Staff) -> Response | None:
    """None when it was kept; else the page again, with what was typed and what is wrong with it."""
    try:
        wanted = typed_telephone(
            request.form.get("kind", ""),
            request.form.get("address", "").replace("\0", "")[:300],
            exchange=settings().exchange_domain,
            our_numbers=[line.phone for line in rules().routing.lines.values()],
        )
        if is_voicemails(settings(), ringing(settings(), wanted, somebody.id)):
            raise InvalidInput("kind", "voicemail_would_answer")
    except InvalidInput as wrong:
        return choice_page(somebody, errors={wrong.field: fault_words(wrong)}, status=400)
    choose(g.session, somebody.id, wanted, actor=g.actor, now=g.now)
    _ring_there(somebody.id, wanted)
    return None


def _ring_there(staff_id: int, wanted: ChosenTelephone) -> None:
    """Who is taking calls is rung there from now on; during a call, from the next one on."""
    mine = presence.presence_of(g.session, staff_id)
    if mine is None or mine.state is not PresenceState.AVAILABLE:
        flash(_("Kept: it rings there from the next “Take calls” on."), "success")
        return
    rung = ringing(settings(), wanted, staff_id)
    try:
        with g.session.begin_nested():
            presence.go_available(g.session, staff_id, phone=rung.phone, must_register=rung.must_register, now=g.now)
    except NotAllowed:
        flash(_("Kept: it rings there from the next “Take calls” on."), "success")
        return
    flash(_("Kept: calls ring there from now on."), "success")


def _hint(kind: TelephoneKind) -> str:
    return {
        TelephoneKind.BROWSER: _browser_hint(),
        TelephoneKind.SIP: _("A telephone or program registered at an exchange; it rings once you have answered here."),
        TelephoneKind.NUMBER: _(
            "It rings once you have answered here. You hear “press 1” first, so that no voicemail takes a citizen’s "
            "call. Accounts that cannot ask for the key do not ring numbers."
        ),
    }[kind]


def _browser_hint() -> str:
    return {
        BrowserDriver.EXCHANGE: _("A headset at this computer, by the city’s own exchange."),
        BrowserDriver.PROVIDER: _("A headset at this computer, by the telephone provider."),
        BrowserDriver.SIMULATED: _("A demonstration: calls of the built-in telephone, without sound."),
        BrowserDriver.NONE: _(
            "Nothing rings in browsers here: no account can, and no exchange of the city is set up. Choose another one."
        ),
    }[browser_driver(settings())]
