"""Following a request: reference and PIN open one ticket's page, and from there its citizen may go on talking."""

from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, Response, flash, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.storage.database_faults import PASSING_EXCEPTIONS
from app.storage.media import Picture
from app.web.frame.access import public
from app.web.frame.current import keys, places, rules
from app.web.frame.error_answers import answer_error
from app.web.frame.errors import trouble_of
from app.web.frame.fault_words import fault_words
from app.web.frame.limits import guesses, limiter, network_of, takes_pictures
from app.web.frame.page_context import shown_city
from app.web.pieces.attached_files import attached_file
from app.web.pieces.pictures import kept_files, take_pictures
from app.web.public import signed
from app.web.public.follow_cookie import end_following, followed_ticket_id, let_follow
from app.web.public.follow_words import shown_entries
from app.wording.emergency_words import danger_words
from app.wording.locale import chosen_locale
from tickets.errors import CitizensOwnWord, InvalidInput, NotFound, ReopeningWindowOver, TransitionNotAllowed
from tickets.intake import contacts
from tickets.intake.appealing import appeal_until, open_appeal, why_no_appeal
from tickets.intake.cleaning import Opened
from tickets.intake.continuing import continue_ticket
from tickets.matter import read_matter
from tickets.people.pins import check_pin
from tickets.queries.follow import followed
from tickets.schema import Message, Ticket
from tickets.states import UNFINISHED, Channel, TicketStatus
from tickets.work import after_answer, attachments, resolution
from tickets.work.judged_at import judged_at
from tickets.work.ticket import lock_ticket

blueprint = Blueprint("track", __name__)

log = structlog.get_logger()

# Nothing can be added to these any more: what is written opens a ticket that goes on from them.
_OVER = (TicketStatus.CLOSED, TicketStatus.WITHDRAWN, TicketStatus.SPAM)


def _by_request() -> str:
    """A carrier's subscribers share one address: whoever follows a request is counted by it."""
    ticket_id = followed_ticket_id()
    return f"request:{ticket_id}" if ticket_id is not None else network_of(request.remote_addr or "")


@blueprint.get("/track")
@public
def form() -> ResponseReturnValue:
    return _pin_page(reference=request.args.get("reference", "")[:40])


@blueprint.post("/track")
@public
@guesses("30 per minute")
def check() -> ResponseReturnValue:
    """Open the ticket's page. A wrong PIN, an unknown reference and an impossible one are answered alike."""
    reference, kept = request.form.get("reference", "")[:40], request.form.get("kept", "")[:20_000]
    pin, asker = request.form.get("pin", "")[:40], network_of(request.remote_addr or "")
    found = check_pin(g.session, reference=reference, pin=pin, asker=asker, keys=keys(), now=g.now)
    if found.ticket_id is None:
        wrong = "locked" if found.is_locked else "wrong"
        return _pin_page(reference=reference, wrong=wrong, kept=kept, status=429 if found.is_locked else 403)
    if kept or _kept_pictures():
        # The page itself instead of a redirect, which could not carry what was being written.
        page = _follow_page(found.ticket_id, message=kept, pictures=tuple(_kept_pictures()))
        return let_follow(page, found.ticket_id)
    return let_follow(_back(), found.ticket_id)


def _not_asked(error: Exception) -> Any:
    """The two numbers again, with what was being written: the page of errors never repeats a PIN."""
    if request.endpoint != "track.check":
        return answer_error(error)
    log.error("request not opened", request_id=g.get("request_id", ""), exc_info=error)
    page = _pin_page(
        reference=request.form.get("reference", "")[:40], wrong="away", kept=request.form.get("kept", "")[:20_000],
        status=503, city=shown_city(asks=False),
    )  # fmt: skip
    page.headers["Retry-After"] = "60"
    return page


for _kind in PASSING_EXCEPTIONS:
    blueprint.register_error_handler(_kind, _not_asked)


@blueprint.get("/track/request")
@public
def follow() -> ResponseReturnValue:
    ticket_id = followed_ticket_id()
    return _ask_again() if ticket_id is None else _follow_page(ticket_id)


@blueprint.post("/track/request/message")
@public
@limiter.limit("30 per minute", key_func=_by_request)
@takes_pictures
def write() -> ResponseReturnValue:
    """Another message, with pictures; sent twice it is one."""
    ticket_id, body = followed_ticket_id(), request.form.get("body", "")
    pictures, fault = take_pictures(request.files.getlist("pictures"), _kept_pictures())
    if ticket_id is None:
        return _ask_again(kept=body, pictures=pictures)
    if fault or not body.strip():
        errors = {"pictures": fault} if fault else {"body": _("Please write your message.")}
        return _follow_page(ticket_id, message=body, pictures=pictures, errors=errors, status=422)
    ticket = lock_ticket(g.session, ticket_id)
    opened_before = ticket.reopen_count
    judged, words = judged_at(g.session, ticket, now=g.now), rules().routing.words
    if ticket.status in _OVER and not after_answer.opens_again(ticket, body, words, now=judged):
        return _continued(_continue(ticket_id, body), pictures)
    try:
        message = _write(ticket_id, body)
    except InvalidInput:
        errors = {"body": _("This is too long: at most %(limit)s characters.", limit=10_000)}
        return _follow_page(ticket_id, message=body, pictures=pictures, errors=errors, status=422)
    if message is not None:
        attachments.add(g.session, ticket_id, kept_files(pictures), message_id=message.id, now=g.now)
    read = read_matter(body, words)
    if read.may_be_danger:
        flash(danger_words(read.danger.kinds), "error")
    if ticket.reopen_count > opened_before:
        flash(_("Your request has been reopened; the unit has been told."), "success")
    elif ticket.status is TicketStatus.RESOLVED and read.may_be_solved:
        flash(_("Your message has been added. If it is not solved, please press “No, it is not solved” below."), "info")
    else:
        flash(_("Your message has been added."), "success")
    return _back()


@blueprint.post("/track/request/not-solved")
@public
@limiter.limit("30 per minute", key_func=_by_request)
def not_solved() -> ResponseReturnValue:
    """The answer did not help: within fifteen days the ticket is open again, later a new one goes on from it."""
    ticket_id, reason = followed_ticket_id(), request.form.get("reason", "")[:10_000]
    if ticket_id is None:
        return _ask_again(kept=reason)
    if not reason.strip():
        return _follow_page(ticket_id, errors={"reason": _("Please write what is not solved.")}, status=422)
    try:
        resolution.not_solved(g.session, ticket_id, reason=reason, actor=g.actor, now=g.now)
    except ReopeningWindowOver:
        return _continued(_continue(ticket_id, reason), ())
    except TransitionNotAllowed:
        return _opened_meanwhile(ticket_id, reason)
    flash(_("Your request has been reopened; the unit has been told."), "success")
    return _back()


def _opened_meanwhile(ticket_id: int, reason: str) -> Response:
    """Pressed twice, or opened again by somebody else: that is what was wanted, and words not there yet are added."""
    ticket = lock_ticket(g.session, ticket_id)
    if ticket.status in UNFINISHED and not resolution.was_said(g.session, ticket_id, reason):
        _write(ticket_id, reason)
        flash(_("Your request is open again already; your message has been added."), "success")
    return _back()


@blueprint.post("/track/request/appeal")
@public
@limiter.limit("30 per minute", key_func=_by_request)
def appeal() -> ResponseReturnValue:
    """Somebody else, above, looks at the result of a closed request again; the appeal has numbers of its own."""
    ticket_id, said = followed_ticket_id(), request.form.get("said", "")
    if ticket_id is None:
        return _ask_again(kept=said)
    try:
        opened = open_appeal(
            g.session,
            ticket_id,
            said=said,
            channel=Channel.WEB,
            source_key=f"{_form_key()}:appeal",
            actor=g.actor,
            keys=keys(),
            places=places(),
            rules=rules(),
            now=g.now,
        )
    except InvalidInput as refused:
        errors = {"said": fault_words(refused)}
        return _follow_page(ticket_id, said=said, errors=errors, status=trouble_of(refused).status)
    flash(_("Your appeal has been received. Keep its two numbers: it is tracked by itself."), "success")
    return Response(status=303, headers={"Location": f"/sent/{signed.sent_token(opened.ticket_id)}"})


@blueprint.post("/track/request/withdraw")
@public
@limiter.limit("30 per minute", key_func=_by_request)
def withdraw() -> ResponseReturnValue:
    ticket_id = followed_ticket_id()
    if ticket_id is None:
        return _ask_again()
    reason = request.form.get("reason", "").strip()[:2_000]
    try:
        resolution.withdraw(g.session, ticket_id, reason=reason, actor=g.actor, now=g.now)
    except TransitionNotAllowed:
        return _back()
    except CitizensOwnWord:
        flash(_("You are signed in as staff: only the citizen can withdraw a request."), "warning")
        return _back()
    flash(_("You have withdrawn your request."), "success")
    return _back()


@blueprint.post("/track/request/rating")
@public
@limiter.limit("30 per minute", key_func=_by_request)
def rate() -> ResponseReturnValue:
    ticket_id, given = followed_ticket_id(), request.form.get("rating", "")
    if ticket_id is None:
        return _ask_again()
    if given not in ("1", "2", "3", "4", "5"):
        return _follow_page(ticket_id, errors={"rating": _("Please choose one to five.")}, status=422)
    try:
        resolution.rate(g.session, ticket_id, rating=int(given), actor=g.actor, now=g.now)
    except TransitionNotAllowed:
        return _back()
    flash(_("Thank you for your opinion."), "success")
    return _back()


@blueprint.post("/track/leave")
@public
def leave() -> ResponseReturnValue:
    """Forget the ticket in this browser, which may not be the citizen's own."""
    return end_following(Response(status=303, headers={"Location": "/track"}))


@blueprint.get("/track/pictures/<uuid:public_id>")
@public
def picture(public_id: UUID) -> ResponseReturnValue:
    """A file of the followed ticket; of any other it does not exist."""
    ticket_id = followed_ticket_id()
    found = attachments.find(g.session, ticket_id, public_id) if ticket_id is not None else None
    if found is None:
        raise NotFound("file")
    return attached_file(found)


def _write(ticket_id: int, body: str) -> Message | None:
    """The message's row; None when this very form was sent before."""
    key = _form_key()
    contact = contacts.register(g.session, channel=Channel.WEB, source_key=f"{key}", arrived_at=g.now)
    if not contact.is_new:
        return None
    message = after_answer.citizen_says(
        g.session, ticket_id, body=body, channel=Channel.WEB, contact_id=contact.id, actor=g.actor, now=g.now
    )
    contacts.link(g.session, contact.id, ticket_id)
    return message


def _form_key() -> str | None:
    """Names the form as it was shown, so that it acts once."""
    return signed.form_key(request.form.get("form_token", "")) or signed.form_key(signed.new_form_token())


def _continue(ticket_id: int, body: str) -> Opened:
    return continue_ticket(
        g.session,
        ticket_id,
        body=body,
        channel=Channel.WEB,
        source_key=f"{_form_key()}:next",
        actor=g.actor,
        keys=keys(),
        places=places(),
        rules=rules(),
        now=g.now,
    )


def _continued(opened: Opened, pictures: tuple[Picture, ...]) -> Response:
    if opened.is_new:
        attachments.add(g.session, opened.ticket_id, kept_files(pictures), now=g.now)
    flash(_("That request was closed, so a new one was opened to continue it."), "info")
    return Response(status=303, headers={"Location": f"/sent/{signed.sent_token(opened.ticket_id)}"})


def _follow_page(
    ticket_id: int,
    *,
    message: str = "",
    said: str = "",
    pictures: tuple[Picture, ...] = (),
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    locale = chosen_locale()
    ticket = followed(g.session, ticket_id, locale=locale)
    row = g.session.get_one(Ticket, ticket_id)
    may_appeal = ticket.status is TicketStatus.CLOSED and not why_no_appeal(g.session, row, now=g.now)
    page = render_template(
        "public/follow.html",
        ticket=ticket,
        entries=shown_entries(ticket, now=g.now),
        message=message,
        said=said,
        appeal_until=appeal_until(row) if may_appeal else None,
        kept_pictures=[(signed.picture_token(kept), kept) for kept in pictures],
        form_token=signed.new_form_token(),
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")


def _kept_pictures() -> list[Picture]:
    found = (signed.read_picture(token) for token in request.form.getlist("kept_picture")[:20])
    return [picture for picture in found if picture is not None]


def _back() -> Response:
    return Response(status=303, headers={"Location": "/track/request"})


def _ask_again(*, kept: str = "", pictures: tuple[Picture, ...] = ()) -> Response:
    """Reference and PIN once more, because two hours are over; what was being written and chosen comes along."""
    if not kept.strip() and not pictures:
        return Response(status=303, headers={"Location": "/track"})
    return _pin_page(wrong="over", kept=kept[:20_000], pictures=pictures, status=403)


def _pin_page(
    *,
    reference: str = "",
    wrong: str | None = None,
    kept: str = "",
    pictures: tuple[Picture, ...] | None = None,
    status: int = 200,
    **shown: Any,
) -> Response:
    """`wrong` says why it is asked (again); `shown` is for a page that must not ask the database."""
    tokens = [signed.picture_token(one) for one in (_kept_pictures() if pictures is None else pictures)]
    page = render_template(
        "public/track.html", reference=reference, wrong=wrong, kept=kept, kept_pictures=tokens, **shown
    )
    return Response(page, status, mimetype="text/html")
