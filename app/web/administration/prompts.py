"""What callers hear, piece by piece: said by the voice, or recorded by the city's own speaker."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Response, abort, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.phone.known_recordings import known_recordings
from app.storage.media_kept import MediaRefused
from app.web.administration.blueprint import ADMINISTERING, LOOKING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import done_with_database, hotline, settings
from app.web.frame.limits import takes_pictures
from app.web.frame.menu import in_menu
from app.web.pieces.uploaded_sound import sound_refusal, uploaded_sound
from app.wording.locale import own_name_of
from app.wording.recorded_pieces import pieces_to_record, words_of_piece
from app.wording.spoken_length import spoken_seconds
from telephony import recorded_prompts
from telephony.recorded_prompts import NewRecording
from tickets.schema import RecordedPrompt
from tickets.states import LOCALES

_HERE = "/administration/prompts"
VOICE, RECORDED, STALE = "voice", "recorded", "stale"


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said, and who says it now."""

    code: str
    words: str
    state: str
    seconds: float
    recorded_at: datetime | None


@blueprint.get(_HERE)
@in_menu(_l("What callers hear"), order=6, under="administration")
@signed_in(*LOOKING)
def prompts() -> ResponseReturnValue:
    locale = request.args.get("language", "")
    locale = locale if locale in LOCALES else LOCALES[0]
    pieces = _pieces(locale)
    only = request.args.get("only", "")
    only = only if only in (VOICE, RECORDED, STALE) else ""
    counts = Counter(one.state for one in pieces)
    return render_template(
        "administration/prompts.html",
        here=_HERE,
        spoken=locale,
        tabs_of_languages=[_tab(own_name_of(one), one, "", is_active=one == locale) for one in LOCALES],
        tabs_of_states=[
            _tab(words, locale, code, is_active=only == code, count=counts.get(code)) for code, words in _states()
        ],
        stale=counts[STALE],
        pieces=[one for one in pieces if only in ("", one.state)],
    )


def _states() -> list[tuple[str, str]]:
    return [("", _("All")), (VOICE, _("said by the voice")), (RECORDED, _("recorded")), (STALE, _("out of date"))]


def _tab(words: str, locale: str, only: str, *, is_active: bool, count: int | None = None) -> dict[str, object]:
    address = f"{_HERE}?language={locale}" + (f"&only={only}" if only else "")
    return {"url": address, "label": words, "active": is_active, "count": count}


@blueprint.get(f"{_HERE}/<locale>/<piece>")
@signed_in(*LOOKING)
def prompt(locale: str, piece: str) -> ResponseReturnValue:
    return _page(locale, piece)


@blueprint.post(f"{_HERE}/<locale>/<piece>")
@signed_in(*ADMINISTERING)
@takes_pictures
def record_prompt(locale: str, piece: str) -> ResponseReturnValue:
    words = _words_or_404(locale, piece)
    if request.form.get("words", "") != words:
        # A release came between: what was recorded says something else.
        return _page(locale, piece, error=_("The words have changed meanwhile. Is this what you recorded?"), status=409)
    try:
        sound, name = uploaded_sound(request.files.get("sound"))
    except MediaRefused as refused:
        return _page(locale, piece, error=sound_refusal(refused), status=400)
    new = NewRecording(locale, piece, words, sound.wav, sound.seconds, name)
    recorded_prompts.keep(g.session, new, actor=g.actor, now=g.now)
    _renew()
    flash(_("Callers hear this recording from now on."), "success")
    return redirect(f"{_HERE}/{locale}/{piece}", code=303)


@blueprint.post(f"{_HERE}/<locale>/<piece>/withdraw")
@signed_in(*ADMINISTERING)
def withdraw_prompt(locale: str, piece: str) -> ResponseReturnValue:
    _words_or_404(locale, piece)
    if recorded_prompts.withdraw(g.session, locale, piece, actor=g.actor, now=g.now):
        _renew()
        flash(_("The voice speaks again."), "success")
    return redirect(f"{_HERE}/{locale}/{piece}", code=303)


@blueprint.get(f"{_HERE}/sounds/<int:version_id>")
@signed_in(*LOOKING)
def prompt_sound(version_id: int) -> ResponseReturnValue:
    sound = recorded_prompts.sound_of(g.session, version_id)
    if sound is None:
        abort(404)
    return Response(sound, mimetype="audio/wav")


def _renew() -> None:
    """This process at once, the others within seconds."""
    if not hotline().is_bound:
        done_with_database()
        known_recordings(settings()).renew(hotline().sessions, at_once=True)


def _words_or_404(locale: str, code: str) -> str:
    words = words_of_piece(code, locale)
    if not words:
        abort(404)
    return words


def _pieces(locale: str) -> list[Piece]:
    recorded = {row.code: row for row in recorded_prompts.in_force(g.session, locale)}
    return [_piece(code, words, locale, recorded) for code, words in pieces_to_record(locale).items()]


def _piece(code: str, words: str, locale: str, recorded: Mapping[str, RecordedPrompt]) -> Piece:
    row = recorded.get(code)
    if row is None:
        return Piece(code, words, VOICE, spoken_seconds(words, locale), None)
    state = RECORDED if row.words == words else STALE
    seconds = row.seconds if state == RECORDED else spoken_seconds(words, locale)
    return Piece(code, words, state, seconds, row.recorded_at)


def _page(locale: str, code: str, *, error: str = "", status: int = 200) -> Response:
    words = _words_or_404(locale, code)
    known = recorded_prompts.versions(g.session, locale, code)
    now = next((row for row, _who in known if row.ended_at is None), None)
    page = render_template(
        "administration/prompt.html",
        here=_HERE,
        spoken=locale,
        language=own_name_of(locale),
        piece=_piece(code, words, locale, {code: now} if now is not None else {}),
        current=now,
        versions=known,
        may_change=bool(g.viewer.roles & set(ADMINISTERING)),
        voice_seconds=spoken_seconds(words, locale),
        error=error,
    )
    return Response(page, status, mimetype="text/html")
