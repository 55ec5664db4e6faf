"""Reporting: one form, sent once however often the button is pressed, and never lost when something goes wrong."""

from dataclasses import replace
from typing import Any

import segno
import structlog
from flask import Blueprint, Response, after_this_request, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import TooManyRequests
from wtforms.validators import ValidationError

from app.storage.database_faults import PASSING_EXCEPTIONS
from app.web.frame.access import public
from app.web.frame.current import keys, rules, settings
from app.web.frame.error_answers import answer_error
from app.web.frame.limits import count_told, limiter, may_be_told, takes_pictures
from app.web.frame.page_context import shown_city
from app.web.frame.typed_again import sent_files
from app.web.pieces.pictures import take_pictures
from app.web.public import signed
from app.web.public.advice import Advice, advise, chosen_category, chosen_unit, disasters
from app.web.public.choices import category_options, last_known_categories
from app.web.public.follow_cookie import let_follow
from app.web.public.report_form import ReportForm, empty_form, faults, read_form
from app.web.public.report_sending import (
    count_report,
    keep_without_ticket,
    send_apart,
    send_report,
    sent_before,
    told_addresses,
)
from app.wording.locale import chosen_locale
from tickets.intake.noise import NoiseRead
from tickets.intake.opening import opened_before
from tickets.queries.follow import followed
from tickets.routing.incidents import IncidentRule
from tickets.routing.two_matters import TwoMatters

blueprint = Blueprint("report", __name__)
# An expired cookie must not cost anybody what they wrote: the form checks its own token and comes back filled in.
blueprint.without_csrf = True  # type: ignore[attr-defined]

log = structlog.get_logger()


@blueprint.before_request
def ask_who_may_be_told() -> None:
    """Redis is asked here, before the request's transaction is opened.

    A sixth report in an hour is taken like the first; only the message to whoever was named is left out.
    """
    if request.endpoint == "report.send":
        # Kept for the view, and for the page that says that nothing could be saved.
        g.report_form = read_form(request.form)
        g.may_be_told = all(may_be_told(address) for address in told_addresses(g.report_form))


@blueprint.get("/")
@public
def form() -> ResponseReturnValue:
    given = empty_form(place=request.args.get("place", ""), category=request.args.get("category", ""))
    is_given = given.place or given.category
    advice = advise(g.session, given, locale=chosen_locale(), now=g.now) if is_given else None
    return _page(given, advice=advice)


@blueprint.post("/")
@public
@limiter.limit("120 per minute")
@takes_pictures
def send() -> ResponseReturnValue:
    """Send the report on, or give the form back with what is missing, asked or worth knowing before."""
    given = g.report_form
    pictures, picture_fault = take_pictures(request.files.getlist("pictures"), given.pictures)
    given = g.report_form = replace(given, pictures=pictures)
    if not _is_own_form():
        return _page(given, notice=_("This page was open for too long. Please send it again."), status=400)
    found = faults(given) | ({"pictures": picture_fault} if picture_fault else {})
    if given.trap:
        found["website"] = _("Please leave this field empty and send again.")
        given = replace(given, trap="")
    if request.form.get("count") and not given.body:
        found.pop("body", None)
    if found:
        return _page(given, errors=found, advice=_advice(given), status=422)
    advice = _advice(given, only_new=True)
    if (answer := _before_sending(given, advice)) is not None:
        return answer
    if request.form.get("apart") == "1" and advice.apart is not None:
        return _sent_apart(given, advice, advice.apart)
    if advice.noise is not None:
        return _kept(given, advice.noise)
    opened = send_report(
        g.session,
        replace(given, category=chosen_category(advice) or ""),
        unit_code=chosen_unit(given, advice),
        locale=chosen_locale(),
        acknowledge=g.may_be_told,
        place=advice.place,
        now=g.now,
    )
    if opened.is_new:
        _count_when_done(given)
    return _to_the_numbers(opened.ticket_id)


def _before_sending(given: ReportForm, advice: Advice) -> ResponseReturnValue | None:
    """Counted at once, if that is wanted; otherwise what there is to tell or ask first, once. None: it can be sent."""
    if request.form.get("count") and advice.incident is not None:
        return _counted(given, advice, advice.incident)
    if not given.body:
        # What they wanted to be counted on is over.
        return _page(given, errors=faults(given), advice=_advice(given), status=422)
    if not (news := advice.to_tell(given)):
        return None
    # A second click must not be told of the first as of somebody else's; opening finds the first by itself.
    if (before := sent_before(g.session, given)) is not None:
        return _to_the_numbers(before)
    return _page(replace(given, told=given.told | set(news)), advice=_advice(given), asks=True)


def _kept(given: ReportForm, noise: NoiseRead) -> ResponseReturnValue:
    """Asked once what it is about and sent all the same: somebody looks at it, and nothing is promised."""
    keep_without_ticket(g.session, given, noise, locale=chosen_locale(), now=g.now)
    flash(
        _("Somebody will look at what you sent, but no request was opened: it does not say what it is about. "
          "Write what happened and where whenever you like."),
        "info",
    )  # fmt: skip
    return redirect("/", code=303)


def _counted(given: ReportForm, advice: Advice, incident: IncidentRule) -> ResponseReturnValue:
    """With words of their own it is a request of their own, answered with the incident's; without, a number to tell."""
    if not (given.phone or given.email):
        wrong = {"phone": _("Give a phone or an e-mail address, so that we can tell you when it is over.")}
        return _page(given, errors=wrong, advice=_advice(given), status=422)
    unit_code, category = chosen_unit(given, advice), chosen_category(advice) or ""
    sending = replace(given, category=category)
    ticket_id = count_report(
        g.session, sending, incident, unit_code=unit_code, locale=chosen_locale(), acknowledge=g.may_be_told, now=g.now
    )
    _count_when_done(given)
    flash(_("You are counted. We will tell you when it is over."), "success")
    return _to_the_numbers(ticket_id) if ticket_id is not None else redirect("/", code=303)


def _sent_apart(given: ReportForm, advice: Advice, two: TwoMatters) -> ResponseReturnValue:
    first, second = send_apart(
        g.session,
        given,
        two,
        unit_code=chosen_unit(given, advice),
        locale=chosen_locale(),
        acknowledge=g.may_be_told,
        now=g.now,
    )
    if first.is_new:
        _count_when_done(given)
    return _to_the_numbers(first.ticket_id, second.ticket_id)


@blueprint.post("/report/advice")
@public
@limiter.limit("240 per minute")
def advice_while_writing() -> ResponseReturnValue:
    """The same advice while the form is being filled in; changes nothing."""
    given = read_form(request.form)
    return render_template("public/advice.html", form=given, advice=_advice(given))


@blueprint.get("/sent/<token>")
@public
def sent(token: str) -> ResponseReturnValue:
    """Reference and PIN, for the browser that sent the form and for half an hour."""
    tickets = [signed.read_sent(one) for one in (token, request.args.get("second", "")) if one]
    ticket_ids = [ticket_id for ticket_id in tickets if ticket_id is not None]
    if not ticket_ids or None in tickets:
        flash(
            _("The page with the two numbers opens only in the browser that sent the form, and for half an hour."),
            "info",
        )
        page = render_template("public/track.html", reference="", wrong=None, kept="", kept_pictures=[])
        return Response(page, 404, mimetype="text/html")
    page = render_template("public/sent.html", slips=[_slip(ticket_id) for ticket_id in ticket_ids])
    return let_follow(Response(page, mimetype="text/html"), ticket_ids[0])


def _slip(ticket_id: int) -> dict[str, Any]:
    """What somebody keeps of one request: its two numbers, and where it went."""
    opened = opened_before(g.session, ticket_id, keys=keys())
    address = f"{settings().base_url}/track?reference={opened.reference}"
    return {
        "opened": opened,
        "ticket": followed(g.session, ticket_id, locale=chosen_locale()),
        "address": address,
        # Any mask can be read; trying all eight for the prettiest took longer than the rest of the page.
        "picture": segno.make(address, error="m", mask=4).svg_data_uri(scale=5, border=2, dark="#000", light="#fff"),
    }


def _count_when_done(given: ReportForm) -> None:
    @after_this_request
    def count(answer: Response) -> Response:
        for address in told_addresses(given):
            count_told(address)
        return answer


def _to_the_numbers(ticket_id: int, second_id: int | None = None) -> ResponseReturnValue:
    second = f"?second={signed.sent_token(second_id)}" if second_id is not None else ""
    return redirect(f"/sent/{signed.sent_token(ticket_id)}{second}", code=303)


def _advice(given: ReportForm, *, only_new: bool = False) -> Advice:
    return advise(g.session, given, locale=chosen_locale(), now=g.now, only_new=only_new)


def _is_own_form() -> bool:
    try:
        validate_csrf(request.form.get("csrf_token", ""))
    except ValidationError:
        return False
    return True


def _page(
    given: ReportForm,
    *,
    errors: dict[str, str] | None = None,
    advice: Advice | None = None,
    notice: str | None = None,
    asks: bool = False,
    status: int = 200,
) -> Response:
    page = render_template(
        "public/report.html",
        form=given,
        errors=errors or {},
        advice=advice,
        notice=notice,
        asks=asks,
        disasters=disasters(rules(), locale=chosen_locale(), now=g.now),
        categories=category_options(g.session, chosen_locale()),
    )
    return Response(page, status, mimetype="text/html")


def _not_saved(notice: str, status: int) -> Response:
    """The form as it was filled in, with an honest word on top; asks nothing of the database."""
    given = g.get("report_form") or (read_form(request.form) if request.method == "POST" else empty_form())
    kept = {picture.file_name for picture in given.pictures}
    lost = [name for name in sent_files() if name not in kept]
    choose_again = _("Please choose these pictures again: %(names)s.", names=", ".join(lost))
    page = render_template(
        "public/report.html",
        form=given,
        errors={"pictures": choose_again} if lost else {},
        advice=None,
        notice=notice,
        asks=False,
        categories=last_known_categories(chosen_locale()),
        city=shown_city(asks=False),
    )
    return Response(page, status, mimetype="text/html", headers={"Retry-After": "60"})


def _database_away(error: Exception) -> Any:
    if request.endpoint == "report.form":
        return _not_saved(
            _("Our database is not responding at the moment. You can write here all the same and send it in a minute."),
            503,
        )
    if request.endpoint != "report.send":
        # Whoever comes for their two numbers has sent it: they must not be told that nothing was saved.
        return answer_error(error)
    log.error("report not saved", request_id=g.get("request_id", ""), exc_info=error)
    return _not_saved(
        _(
            "Our database is not responding at the moment. Nothing was saved, but everything "
            "you typed is still here: please send it again in a minute."
        ),
        503,
    )


def _too_many(error: TooManyRequests) -> Response:
    return _not_saved(_("Too many reports came from your connection. Nothing was saved; please wait a minute."), 429)


for _kind in PASSING_EXCEPTIONS:
    blueprint.register_error_handler(_kind, _database_away)
blueprint.register_error_handler(TooManyRequests, _too_many)
