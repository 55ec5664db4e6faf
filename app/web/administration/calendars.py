"""Calendars: when time counts. Seen by whoever works under them, published as further versions by administrators."""

from collections.abc import Callable, Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import ADMINISTERING, LOOKING_AT_RULES, blueprint
from app.web.administration.calendar_form import (
    CALENDAR_FAULTS,
    TypedCalendar,
    calendar_as_typed,
    read_calendar,
    typed_calendar,
)
from app.web.administration.draft_kinds import calendar_fields
from app.web.administration.rule_trial import count_draft, publish_for
from app.web.administration.rule_words import opening_words, weekday_names
from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.web.frame.once import form_key, is_first
from app.web.pieces.names import in_locale
from tickets.promises.calendar_files import CalendarEntry, calendar_as_text
from tickets.promises.calendar_history import CalendarPast, calendar_past
from tickets.promises.holidays import import_calendars
from tickets.promises.rule_drafts import DraftOf, RuleKind, TypedRule, keep_draft, kept_draft, throw_away
from tickets.promises.rule_versions import RulesNow, rules_now
from tickets.typed_text import typed_number

_HERE = "/administration/calendars"


@blueprint.get(_HERE)
@in_menu(_l("Calendars"), order=5, under="administration")
@signed_in(*LOOKING_AT_RULES)
def calendars() -> ResponseReturnValue:
    in_force = rules_now(g.session)
    return render_template(
        "administration/calendars.html",
        calendars=in_force.calendars,
        uses=_uses(in_force),
        opening_words=opening_words,
        may_write=g.viewer.holds(*ADMINISTERING),
    )


@blueprint.get(f"{_HERE}/new")
@signed_in(*ADMINISTERING)
def new_calendar() -> ResponseReturnValue:
    draft = kept_draft(g.session, _mine(0))
    return _new_page(typed_calendar(draft.fields, key=draft.fields["key"]) if draft is not None else TypedCalendar())


@blueprint.post(f"{_HERE}/new")
@signed_in(*ADMINISTERING)
def add_calendar() -> ResponseReturnValue:
    typed = typed_calendar(request.form, key=request.form.get("key", "").strip()[:60])
    entry, faults = read_calendar(typed, now=g.now)
    known = {one.key: one.version.rule_id for one in rules_now(g.session).calendars}
    if typed.key in known:
        faults["key"] = "key_in_use"
    if entry is None or faults:
        keep_draft(g.session, _mine(0), TypedRule(calendar_fields(request.form, 0), 0), now=g.now)
        return _new_page(typed, faults)
    is_first()
    throw_away(g.session, _mine(0))
    import_calendars(g.session, [entry], actor=g.actor, now=g.now)
    flash(
        _("“%(name)s” is published. Promises can count in it now.", name=in_locale(entry.name, entry.name_en)),
        "success",
    )
    return redirect(_HERE, code=303)


@blueprint.get(f"{_HERE}/<int:calendar_id>")
@signed_in(*LOOKING_AT_RULES)
def one_calendar(calendar_id: int) -> ResponseReturnValue:
    """`?version=2` puts an earlier version into the form; publishing it again is how a change is taken back."""
    past = calendar_past(g.session, calendar_id)
    wanted = typed_number(request.args.get("version", ""))
    draft = kept_draft(g.session, _mine(calendar_id)) if wanted is None else None
    if draft is not None:
        return _page(past, typed_calendar(draft.fields, key=past.key), seen=draft.seen_version, is_draft=True)
    typed = calendar_as_typed(past.key, past.name, past.name_en, past.spec_of(wanted))
    return _page(past, typed, loaded=wanted)


@blueprint.post(f"{_HERE}/<int:calendar_id>")
@signed_in(*ADMINISTERING)
def publish_calendar(calendar_id: int) -> ResponseReturnValue:
    past = calendar_past(g.session, calendar_id)
    typed = typed_calendar(request.form, key=past.key)
    entry, faults = read_calendar(typed, now=g.now)
    seen = typed_number(request.form.get("seen", "")) or 0
    kept = TypedRule(calendar_fields(request.form, calendar_id), seen)
    if entry is None:
        keep_draft(g.session, _mine(calendar_id), kept, now=g.now)
        return _page(past, typed, faults=faults, status=400)
    is_first()
    if request.form.get("do") == "preview":
        keep_draft(g.session, _mine(calendar_id), kept, now=g.now)
        return count_draft(_mine(calendar_id), calendar_as_text(entry))
    if seen != past.versions[0][0].version:
        return _page(past, typed, is_overtaken=True, status=409)
    throw_away(g.session, _mine(calendar_id))
    return publish_for(_publishing(entry), to=request.form.get("to", ""), back=f"{_HERE}/{calendar_id}")


def _mine(calendar_id: int) -> DraftOf:
    return DraftOf(g.viewer.staff_id, RuleKind.CALENDAR, calendar_id)


def _publishing(entry: CalendarEntry) -> Callable[[], object]:
    return lambda: import_calendars(g.session, [entry], actor=g.actor, now=g.now)


def _new_page(typed: TypedCalendar, faults: Mapping[str, str] | None = None) -> Response:
    page = render_template(
        "administration/calendar.html",
        past=None,
        typed=typed,
        errors=_fault_words(faults or {}),
        weekdays=weekday_names(),
        once=form_key(),
        may_write=True,
    )
    return Response(page, 400 if faults else 200, mimetype="text/html")


def _page(
    past: CalendarPast,
    typed: TypedCalendar,
    *,
    faults: Mapping[str, str] | None = None,
    loaded: int | None = None,
    is_overtaken: bool = False,
    seen: int | None = None,
    is_draft: bool = False,
    status: int = 200,
) -> Response:
    page = render_template(
        "administration/calendar.html",
        past=past,
        typed=typed,
        errors=_fault_words(faults or {}),
        weekdays=weekday_names(),
        once=form_key(),
        loaded=loaded,
        is_overtaken=is_overtaken,
        seen=seen if seen is not None else past.versions[0][0].version,
        draft=f"/administration/drafts/calendar/{past.id}" if is_draft else "",
        opening_words=opening_words,
        used_by=_uses(rules_now(g.session)).get(past.key, []),
        may_write=g.viewer.holds(*ADMINISTERING),
    )
    return Response(page, status, mimetype="text/html")


def _fault_words(faults: Mapping[str, str]) -> dict[str, str]:
    return {name: str(CALENDAR_FAULTS[code]) for name, code in faults.items()}


def _uses(in_force: RulesNow) -> dict[str, list[str]]:
    """By calendar, the policies with a promise that counts in it, and the chains with a step that does."""
    found: dict[str, list[str]] = {}
    for policy, _version in in_force.policies:
        for key in sorted({row.calendar_key for row in policy.rows}):
            found.setdefault(key, []).append(policy.name)
    for chain, _version in in_force.chains:
        for key in sorted({step.calendar_key for step in chain.steps if step.calendar_key is not None}):
            found.setdefault(key, []).append(chain.name)
    return found
