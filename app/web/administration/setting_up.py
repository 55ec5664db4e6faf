"""The guide of whoever sets a city up: a few steps, each of which knows by itself whether it is done."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import exists, or_, select

from app.phone.installation import installation
from app.seeding.example_lines import is_example
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.administration.setting_up_files import files_in_order
from app.web.administration.trial_call import heard_words, last_call, what_to_hear
from app.web.frame.access import signed_in
from app.web.frame.current import rules, settings, today
from app.web.frame.menu import GUIDE_COOKIE, GUIDE_LEFT, SETTING_UP
from app.web.pieces.names import in_locale
from tickets.city import city
from tickets.directory.lines import city_line
from tickets.queries.readiness_facts import Installation, WorkingUnit, unit_facts
from tickets.schema import RoleAssignment
from tickets.states import Role


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is, how it stands in words, and where it is done.

    `how`: what to do, line by line; `aside`: another way. `waits`: the page asks by itself whether it is done,
    until it `is_heard`.
    """

    title: str
    words: str
    is_done: bool
    url: str
    action: str
    how: Sequence[str] = ()
    aside: str = ""
    waits: bool = False
    is_heard: bool = False


@blueprint.get(SETTING_UP)
@signed_in(*ADMINISTERING)
def setting_up() -> ResponseReturnValue:
    """Left and come back to at will: nothing is kept but what was really entered."""
    steps = _steps()
    following = next((step for step in steps if not step.is_done), None)
    return render_template(
        "administration/setting_up.html",
        steps=steps,
        following=following,
        files=files_in_order(),
        is_left=request.cookies.get(GUIDE_COOKIE) == GUIDE_LEFT,
    )


def _steps() -> list[Step]:
    units, here = unit_facts(g.session, now=g.now), installation(g.session, settings())
    return [
        _city(),
        _line(),
        _provider(here),
        _mail(here),
        _directory(units),
        _people(units),
        _call(here),
        _live(units),
    ]


def _provider(here: Installation) -> Step:
    words = _("None yet: only the built-in one.")
    if here.has_provider:
        words = _("Calls and texts go through your provider.")
    return Step(_("Telephone provider"), words, here.has_provider, "/administration/accounts", _("Set it up"))


def _mail(here: Installation) -> Step:
    words = _("Set HOTLINE_SMTP_URL for every process and start again.")
    if here.has_mail:
        words = _("A mail server is set up.")
    return Step(_("Mail"), words, here.has_mail, "/administration", _("See what waits"))


def _city() -> Step:
    name = in_locale(city().name, city().name_en)
    words = _("It is called %(name)s on every page.", name=name)
    desk = rules().routing.units.get(rules().routing.operations_unit_id)
    if desk is not None:
        called = in_locale(desk.name, desk.name_en)
        words += " " + _("The desk that answers its line is called %(desk)s: is that your name for it?", desk=called)
    return Step(_("The city's name"), words, bool(name), "/administration/directory", _("See the directory"))


def _line() -> Step:
    line = city_line(g.session, on=today())
    is_own = line is not None and not is_example(line.phone)
    words = _("%(phone)s is the city's number.", phone=line.phone) if line is not None else _("There is none yet.")
    if line is not None and not is_own:
        words = _("%(phone)s is an example that nobody has: bring in your own.", phone=line.phone)
    return Step(_("The city's line"), words, is_own, "/administration/import?kind=lines", _("Bring it in"))


def _directory(units: list[WorkingUnit]) -> Step:
    wanting = [one for one in units if one.wants_office]
    known = sum(one.has_address and bool(one.lines) for one in wanting)
    words = _("%(known)s of %(all)s units have an address and a line.", known=known, all=len(wanting))
    return Step(
        _("Directory"),
        words,
        bool(wanting) and known == len(wanting),
        "/administration/import?kind=offices",
        _("Bring it in"),
    )


def _people(units: list[WorkingUnit]) -> Step:
    worked_at = sum(one.agents > 0 for one in units)
    held = select(RoleAssignment.id).where(
        RoleAssignment.role == Role.SUPERVISOR,
        RoleAssignment.valid_from <= g.now,
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > g.now),
    )
    is_led = bool(g.session.scalar(select(exists(held))))
    words = _("At %(count)s of %(all)s units somebody takes tickets.", count=worked_at, all=len(units))
    if not is_led:
        words += " " + _("Nobody supervises yet.")
    return Step(_("People"), words, worked_at > 0 and is_led, "/administration/import?kind=people", _("Enter people"))


def _call(here: Installation) -> Step:
    heard, line = last_call(), city_line(g.session, on=today())
    if heard is not None:
        told = heard_words(heard)
        return Step(_("A trial call"), told, True, "/supervisor/readiness", _("Have lines called"), is_heard=True)
    aside = ""
    if line is not None:
        aside = _(
            "Whoever sits at the server tries it without a provider too, by the command ./hotline call --from PHONE."
        )
    if line is None or is_example(line.phone) or not here.has_provider:
        words = _("There is no number to dial yet: it needs the telephone provider and the city’s line, further up.")
        return Step(_("A trial call"), words, False, "/administration/accounts", _("Set up the provider"), aside=aside)
    words = _("No call has come in yet.")
    how = what_to_hear(line.phone)
    return Step(
        _("A trial call"), words, False, "/administration/accounts", _("Where the numbers lead"), how, aside, waits=True
    )


def _live(units: list[WorkingUnit]) -> Step:
    live = sum(one.is_live for one in units)
    words = _("%(count)s of %(all)s units are live.", count=live, all=len(units))
    return Step(_("Going live"), words, live > 0, "/administration/readiness", _("See what is missing, and decide"))
