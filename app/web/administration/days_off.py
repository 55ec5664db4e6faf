"""Days off and worked weekend days, each with its decree: by hand, or chosen from a file (.ics) or a year's list."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.web.administration.blueprint import ADMINISTERING, LOOKING_AT_RULES, blueprint
from app.web.administration.draft_kinds import days_of, fields_of_days
from app.web.administration.file_faults import FaultLine, fault_lines
from app.web.administration.rule_trial import count_draft, publish_for
from app.web.frame.access import signed_in
from app.web.frame.current import today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.moments import read_day
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.wording.spoken_time import calendar_day_phrase
from tickets.errors import InvalidInput
from tickets.file_errors import RowError
from tickets.promises.calendar_files import OFF, WORKED, HolidayEntry, days_as_text
from tickets.promises.holidays import keep_days, known_days, take_day_back, worked_anyway
from tickets.promises.ics_days import MOST_DAYS_OF_AN_EVENT, FoundDay, days_of_ics
from tickets.promises.public_days import public_days, years_of_public_days
from tickets.promises.rule_drafts import DraftOf, RuleKind, TypedRule, keep_draft, kept_draft, throw_away
from tickets.states import DraftForm
from tickets.typed_text import typed_number

_HERE = "/administration/days-off"
_LONGEST_FILE = 1_000_000
_LONGEST_WORDS = 300
# As many as a draft has room for; a city has some thirty a year.
MOST_DAYS = 120
_ADDING = ("first", "last", "kind", "name", "name_en", "source")


@blueprint.get(_HERE)
@in_menu(_l("Days off"), order=5, under="administration")
@signed_in(*LOOKING_AT_RULES)
def days_off() -> ResponseReturnValue:
    draft = kept_draft(g.session, _mine())
    return _page(draft=days_of(draft.fields) if draft is not None else ())


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
def keep_day_off() -> ResponseReturnValue:
    try:
        days = _typed_days()
        _refuse_contradictions(days, field="first")
    except InvalidInput as wrong:
        was_refused(DraftForm.DAYS_OFF)
        return _page(errors={wrong.field: _words(wrong)}, status=400)
    was_sent(DraftForm.DAYS_OFF)
    return _kept(days)


@blueprint.post(f"{_HERE}/take-back")
@signed_in(*ADMINISTERING)
def take_back_day() -> ResponseReturnValue:
    try:
        day = read_day(request.form.get("day", ""), field="day") or g.now.date()
        take_day_back(g.session, day, reason=request.form.get("reason", "")[:_LONGEST_WORDS], actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(errors={f"reason-{request.form.get('day', '')[:10]}": fault_words(wrong)}, status=400)
    flash(_("It is an ordinary day again for matters that come from now on."), "success")
    return redirect(f"{_HERE}?year={day.year}", code=303)


@blueprint.post(f"{_HERE}/file")
@signed_in(*ADMINISTERING)
def look_at_file() -> ResponseReturnValue:
    """What the file holds, to choose from; nothing is kept yet."""
    file = request.files.get("file")
    raw = file.read(_LONGEST_FILE + 1) if file else b""
    if not raw.strip() or len(raw) > _LONGEST_FILE:
        return _page(errors={"file": _("Choose a calendar file (.ics) of at most 1 MB.")}, status=400)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _page(errors={"file": _("This is not text in UTF-8: export the calendar again as .ics.")}, status=400)
    found, wrong = days_of_ics(text)
    if not found:
        return _page(errors={"file": _("No whole day is in this file.")}, faults=_left_out(wrong), status=400)
    return _page(found=found, faults=_left_out(wrong))


@blueprint.post(f"{_HERE}/public")
@signed_in(*ADMINISTERING)
def look_at_public_days() -> ResponseReturnValue:
    """The public holidays of a year as they are computed beforehand, to choose from; nothing is kept yet."""
    days = public_days(typed_number(request.form.get("year", "")) or 0)
    if not days:
        return _page(errors={"public": _("No public holidays of this year are known beforehand.")}, status=400)
    known = {one.day for one in known_days(g.session)}
    return _page(draft=days, is_new=True, left_out=known)


@blueprint.post(f"{_HERE}/chosen")
@signed_in(*ADMINISTERING)
def keep_chosen_days() -> ResponseReturnValue:
    """The days of a file that were marked as off or as worked."""
    source = request.form.get("source", "").strip()[:_LONGEST_WORDS]
    found = [FoundDay(day, name) for day, name in _named_days()]
    chosen = [
        HolidayEntry(one.day, kind, one.name, _named("name_en", one.day) or one.name, source)
        for one in found
        if (kind := request.form.get(f"kind-{one.day.isoformat()}", "")) in (OFF, WORKED)
    ]
    if not chosen or not source or len(chosen) > MOST_DAYS:
        errors = {} if chosen else {"chosen": _("Say of at least one day that it is off or worked.")}
        errors |= {} if source else {"chosen_source": _("Give the number of the decree or notice.")}
        if len(chosen) > MOST_DAYS:
            errors["chosen"] = _("At most %(num)d days at once: are both dates right?", num=MOST_DAYS)
        return _page(found=found, errors=errors, status=400)
    try:
        _refuse_contradictions(chosen, field="chosen")
    except InvalidInput as wrong:
        return _page(found=found, errors={wrong.field: _words(wrong)}, status=400)
    return _kept(chosen)


def _left_out(errors: Sequence[RowError]) -> list[FaultLine]:
    """What of a file cannot be taken, each with the name of its event; of the whole file without any."""
    lines = fault_lines(errors)
    unnamed = [_("event %(number)s", number=one.where.rpartition(" ")[2]) for one in lines]
    return [
        FaultLine(one.where, one.words, "" if one.where == "file" else one.detail or name)
        for one, name in zip(lines, unnamed, strict=True)
    ]


def _refuse_contradictions(days: Sequence[HolidayEntry], *, field: str) -> None:
    """A day kept as the other kind, or made up though it is worked on anyway, is a slip. Raises InvalidInput."""
    known = {one.day: one for one in known_days(g.session)}
    other = next((known[one.day] for one in days if one.day in known and known[one.day].kind != one.kind), None)
    if other is not None:
        raise InvalidInput(field, f"stands_as_{other.kind}", day=other.day, source=other.source)
    anyway = worked_anyway(g.session, [one for one in days if one.day not in known])
    if anyway:
        raise InvalidInput(field, "worked_anyway", day=anyway[0])


def _named_days() -> list[tuple[date, str]]:
    try:
        days = [date.fromisoformat(one) for one in request.form.getlist("day")]
    except ValueError:
        return []
    return [(day, _named("name", day) or "-") for day in days]


def _named(what: str, day: date) -> str:
    return request.form.get(f"{what}-{day.isoformat()}", "").strip()[:_LONGEST_WORDS]


def _kept(days: Sequence[HolidayEntry]) -> ResponseReturnValue:
    """Kept for matters that come from now on, or for open ones too; or only looked at."""
    if request.form.get("do") == "preview":
        keep_draft(g.session, _mine(), TypedRule(fields_of_days(days), 0), now=g.now)
        return count_draft(_mine(), days_as_text(days))
    throw_away(g.session, _mine())
    flash(ngettext("%(num)d day is kept.", "%(num)d days are kept.", len(days)), "success")
    back = f"{_HERE}?year={days[0].day.year}"
    return publish_for(
        lambda: keep_days(g.session, days, actor=g.actor, now=g.now),
        to=request.form.get("to", ""),
        back=back,
        unchanged=_("No calendar changes by it: only the name and the decree are new."),
    )


def _mine() -> DraftOf:
    return DraftOf(g.viewer.staff_id, RuleKind.DAYS, 0)


def _typed_days() -> list[HolidayEntry]:
    """A stretch of days as it was typed. Raises InvalidInput for the first field that is wrong."""
    given = {name: request.form.get(name, "").strip()[:_LONGEST_WORDS] for name in _ADDING}
    first = read_day(given["first"], field="first")
    last = read_day(given["last"], field="last") or first
    if first is None or last is None:
        raise InvalidInput("first", "required")
    if not 0 <= (last - first).days < MOST_DAYS_OF_AN_EVENT:
        raise InvalidInput("last", "before_start" if last < first else "too_many_days")
    for name in ("name", "source"):
        if not given[name]:
            raise InvalidInput(name, "required")
    kind = WORKED if given["kind"] == WORKED else OFF
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [HolidayEntry(day, kind, given["name"], given["name_en"] or given["name"], given["source"]) for day in days]


def _words(wrong: InvalidInput) -> str:
    if wrong.code == "too_many_days":
        return _("At most %(num)d days at once: are both dates right?", num=MOST_DAYS_OF_AN_EVENT)
    day = wrong.params.get("day")
    told = {"day": calendar_day_phrase(day)} if isinstance(day, date) else {}
    if wrong.code == "worked_anyway":
        return _("%(day)s is a working day anyway: nothing would change. Is the date right?", **told)
    if wrong.code == "stands_as_off":
        return _("%(day)s is a day off here (%(source)s). Take that back first.", source=wrong.params["source"], **told)
    if wrong.code == "stands_as_worked":
        return _(
            "%(day)s is worked in place of another day here (%(source)s). Take that back first.",
            source=wrong.params["source"],
            **told,
        )
    return fault_words(wrong)


def _page(
    *,
    found: Sequence[FoundDay] = (),
    faults: Sequence[FaultLine] = (),
    errors: Mapping[str, str] | None = None,
    draft: Sequence[HolidayEntry] = (),
    is_new: bool = False,
    left_out: Collection[date] = (),
    status: int = 200,
) -> Response:
    """`draft`: days with what they are, not kept yet, to be chosen; `is_new` ones were not looked at before.

    Those `left_out` are not marked.
    """
    known = known_days(g.session)
    years = sorted({one.day.year for one in known} | {today().year, today().year + 1}, reverse=True)
    asked = typed_number(request.values.get("year", "")) or today().year
    page = render_template(
        "administration/days_off.html",
        days=[one for one in known if one.day.year == asked],
        year=asked,
        years=years,
        found=found or [FoundDay(one.day, one.name) for one in draft],
        names_en={one.day: one.name_en for one in draft},
        draft="/administration/drafts/days/0" if draft and not is_new else "",
        kept_already={one.day: one.kind for one in known},
        faults=faults,
        errors=errors or {},
        adding=typed_form(DraftForm.DAYS_OFF),
        typed=_typed() | ({"source": draft[0].source} if draft else {}),
        chosen=_chosen() | {f"kind-{one.day.isoformat()}": one.kind for one in draft if one.day not in left_out},
        public_years=[(str(year), str(year)) for year in years_of_public_days()],
        kinds=[(OFF, _("day off")), (WORKED, _("worked instead of another day"))],
        may_write=g.viewer.holds(*ADMINISTERING),
    )
    return Response(page, status, mimetype="text/html")


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in (*_ADDING, "day", "reason")}


def _chosen() -> dict[str, str]:
    return {name: kind for name, kind in request.form.items() if name.startswith("kind-")}
