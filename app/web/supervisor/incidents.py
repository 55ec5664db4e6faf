"""Incidents: what many report at once is said before the queue, on the form and by SMS, from one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.current import keys, places, rules, today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.names import category_options
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.web.supervisor.blueprint import WATCHING, blueprint
from app.web.supervisor.incident_area import area_words, units_named
from app.wording.incident_words import first_bulletin, require_short
from app.wording.locale import chosen_locale
from app.wording.spoken_time import exact_phrase
from tickets.errors import InvalidInput, NotFound
from tickets.intake.cleaning import Matter
from tickets.intake.opening import open_ticket
from tickets.people.references import read_reference
from tickets.people.roles import visible_ticket
from tickets.queries.incidents import suggested
from tickets.routing.rule_rows import CategoryRule
from tickets.schema import Ticket
from tickets.states import Channel, DraftForm
from tickets.typed_text import typed_number
from tickets.work import incidents
from tickets.work.incidents import LONGEST_BULLETIN, LONGEST_CLOSING, WantedIncident, may_steer, steered_units

_HERE = "/supervisor/incidents"
_HOURS = (1, 2, 4, 8, 12, 24, 48, 72)
_EXTENDED_BY = timedelta(hours=1)
_MOST_SHOWN = 30
_MOST_PLACES_NAMED = 3


@dataclass(frozen=True, slots=True)
class TypedIncident:
    """What stands in the form."""

    master: str = ""
    area: str = ""
    category: str = ""
    bulletin_vi: str = ""
    bulletin_en: str = ""
    hours: str = "4"
    is_disaster: bool = False
    most_waiting: str = ""


@blueprint.get(_HERE)
@in_menu(_l("Incidents"), order=3, icon="warning")
@signed_in(*WATCHING)
def incident_list() -> ResponseReturnValue:
    if reference := request.args.get("from", ""):
        return _page(_from_ticket(visible_ticket(g.session, g.viewer, reference)), is_given=True)
    kept = typed_form(DraftForm.INCIDENT).fields
    return _page(_typed(kept) if kept else TypedIncident(area=_own_area()))


@blueprint.post(_HERE)
@signed_in(*WATCHING)
def set_incident() -> ResponseReturnValue:
    typed = _typed(request.form)
    try:
        # What is refused takes the ticket that was opened for it along.
        with g.session.begin_nested():
            wanted = _wanted(typed)
            found = incidents.set_incident(g.session, wanted, viewer=g.viewer, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        was_refused(DraftForm.INCIDENT)
        return _page(typed, errors={wrong.field: fault_words(wrong)}, status=422)
    was_sent(DraftForm.INCIDENT)
    flash(
        _("Set. Callers, the form and texts say it from now on, until %(at)s.", at=exact_phrase(found.expires_at)),
        "success",
    )
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:incident_id>/extend")
@signed_in(*WATCHING)
def extend_incident(incident_id: int) -> ResponseReturnValue:
    try:
        incidents.extend(g.session, incident_id, by=_EXTENDED_BY, viewer=g.viewer, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        flash(fault_words(wrong), "danger")
        return redirect(_HERE, code=303)
    flash(_("It runs for an hour longer."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:incident_id>/end")
@signed_in(*WATCHING)
def end_incident(incident_id: int) -> ResponseReturnValue:
    try:
        incidents.end(
            g.session, incident_id,
            closing_vi=request.form.get("closing_vi", ""), closing_en=request.form.get("closing_en", ""),
            viewer=g.viewer, actor=g.actor, now=g.now,
        )  # fmt: skip
    except InvalidInput as wrong:
        typed = {name: request.form.get(name, "") for name in ("closing_vi", "closing_en")}
        return _page(TypedIncident(), errors={"": fault_words(wrong)}, closing=(incident_id, typed), status=422)
    flash(_("Ended. Everybody who is counted is told now; at night in the morning."), "success")
    return redirect(_HERE, code=303)


def _typed(form: Mapping[str, str]) -> TypedIncident:
    def said(name: str) -> str:
        return form.get(name, "").replace("\0", "").strip()

    return TypedIncident(
        said("master"), said("area"), said("category"), said("bulletin_vi"), said("bulletin_en"), said("hours") or "4",
        form.get("is_disaster") == "1", said("most_waiting"),
    )  # fmt: skip


def _wanted(typed: TypedIncident) -> WantedIncident:
    """Everything is read before a ticket is opened for it. Raises InvalidInput."""
    unit_ids = units_named(typed.area, places(), rules().routing, on=today())
    if not may_steer(g.viewer, unit_ids):
        raise InvalidInput("area", "not_your_area")
    category = _category(typed.category)
    if not (typed.bulletin_vi or typed.bulletin_en):
        typed = _worded(typed, unit_ids, category)
    require_short("bulletin_vi", typed.bulletin_vi, "vi")
    require_short("bulletin_en", typed.bulletin_en, "en")
    for field, words in (("bulletin_vi", typed.bulletin_vi), ("bulletin_en", typed.bulletin_en)):
        if not words:
            # What one language tells to do, the other must not leave out.
            raise InvalidInput(field, "required")
    hours, most = typed_number(typed.hours), typed_number(typed.most_waiting)
    if hours is None:
        raise InvalidInput("hours", "incident_too_long")
    if typed.most_waiting and most is None:
        raise InvalidInput("most_waiting", "out_of_range")
    if typed.most_waiting and not typed.is_disaster:
        raise InvalidInput("most_waiting", "cap_without_disaster")
    return WantedIncident(
        master_id=_master_id(typed, unit_ids, category), unit_ids=unit_ids,
        category_id=category.id if category else None, bulletin_vi=typed.bulletin_vi, bulletin_en=typed.bulletin_en,
        lasts=timedelta(hours=min(hours, 1000)), is_disaster=typed.is_disaster, most_waiting=most,
    )  # fmt: skip


def _worded(typed: TypedIncident, unit_ids: Sequence[int], category: CategoryRule | None) -> TypedIncident:
    """Said of the place and the kind alone: in the first minutes nobody words two languages."""
    routing = rules().routing
    said = {
        locale: first_bulletin(
            locale,
            # More than three names nobody keeps in mind.
            place=", ".join(area_words(unit_ids, routing, locale)) if len(unit_ids) <= _MOST_PLACES_NAMED else "",
            matter="" if category is None else category.name if locale == "vi" else category.name_en,
        )
        for locale in ("vi", "en")
    }
    return replace(typed, bulletin_vi=said["vi"], bulletin_en=said["en"])


def _master_id(typed: TypedIncident, unit_ids: Sequence[int], category: CategoryRule | None) -> int:
    """The ticket that was named, or one that is opened for it, so that somebody works on it."""
    if typed.master:
        try:
            return visible_ticket(g.session, g.viewer, read_reference(typed.master) or "").id
        except NotFound as unknown:
            raise InvalidInput("master", "no_such_ticket") from unknown
    unit = rules().routing.units.get(unit_ids[0]) if unit_ids else None
    matter = Matter(
        channel=Channel.MANUAL, arrived_at=g.now, subject=typed.bulletin_vi, body=typed.bulletin_vi,
        unit_code=unit.code if unit else None, category_code=category.code if category else None, acknowledge=False,
    )  # fmt: skip
    opened = open_ticket(g.session, matter, actor=g.actor, keys=keys(), places=places(), rules=rules(), now=g.now)
    return opened.ticket_id


def _category(code: str) -> CategoryRule | None:
    if not code:
        return None
    found = next((one for one in rules().routing.categories.values() if one.code == code), None)
    if found is None or found.conduct:
        raise InvalidInput("category", "no_such_category")
    return found


def _from_ticket(ticket: Ticket) -> TypedIncident:
    """What a ticket says by itself: one more click, and it is set."""
    routing = rules().routing
    unit = routing.units.get(ticket.place_unit_id or ticket.unit_id)
    category = routing.categories.get(ticket.category_id or 0)
    place = unit if unit is not None and unit.id not in (routing.operations_unit_id, routing.office_unit_id) else None
    return TypedIncident(
        master=ticket.reference,
        area=place.name if place else _own_area(),
        category=category.code if category and not category.conduct else "",
        bulletin_vi=first_bulletin("vi", place=place.name if place else "", matter=category.name if category else ""),
        bulletin_en=first_bulletin(
            "en", place=place.name_en if place else "", matter=category.name_en if category else ""
        ),
    )


def _own_area() -> str:
    """The units this person steers; nothing for who steers the city."""
    own = steered_units(g.viewer)
    return "" if own is None else "; ".join(area_words(sorted(own), rules().routing, "vi"))


def _page(
    typed: TypedIncident,
    *,
    is_given: bool = False,
    errors: dict[str, str] | None = None,
    closing: tuple[int, dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    routing = rules().routing
    page = render_template(
        "supervisor/incidents.html",
        standing=incidents.standing_incidents(g.session, limit=_MOST_SHOWN),
        suggestions=suggested(g.session, g.viewer, now=g.now),
        area_of=lambda one: ", ".join(area_words(one.unit_ids, routing, chosen_locale())) or _("Whole city"),
        category_of=lambda one: routing.categories.get(one.category_id),
        may_steer=lambda one: may_steer(g.viewer, one.unit_ids),
        typed=typed,
        form=typed_form(DraftForm.INCIDENT),
        is_given=is_given,
        categories=category_options(),
        hours=[(hour, _("%(hours)s hours", hours=hour)) for hour in _HOURS],
        longest=LONGEST_BULLETIN,
        longest_closing=LONGEST_CLOSING,
        errors=errors or {},
        closing=closing,
    )
    return Response(page, status, mimetype="text/html")
