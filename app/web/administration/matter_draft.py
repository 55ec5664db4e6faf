"""A draft of words before it holds: its changes, what it would make of last month's texts, and publishing it."""

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.administration.blueprint import blueprint
from app.web.administration.matter_words import WORDING, WORDS
from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.wording.language import language
from app.wording.matter_words import list_word, read_as
from tickets.matter.checking import danger_lost
from tickets.matter.kept import newest_version, publish_words, rows_of, words_in_force
from tickets.matter.rulebook import rulebook_of
from tickets.matter.word_drafts import draft_of, drafted_words, drop_edit, edits_as_text
from tickets.outbox.posting import POSTED
from tickets.promises.previews import ask_for_preview, preview_of
from tickets.promises.rule_drafts import kept_draft, throw_away
from tickets.queries.texts_read_anew import ReadAnew, ShownText, shown_texts

_HERE = f"{WORDS}/draft"
_LONGEST_REASON, _LONGEST_SHOWN = 300, 240


@blueprint.get(_HERE)
@signed_in(*WORDING)
def words_draft() -> ResponseReturnValue:
    return _page()


@blueprint.post(_HERE)
@signed_in(*WORDING)
def publish_words_draft() -> ResponseReturnValue:
    """`do`: "preview" counts, "drop" takes one change out, "discard" all of them, "publish" makes them hold."""
    deed = request.form.get("do")
    if deed == "discard":
        throw_away(g.session, draft_of(g.viewer.staff_id))
        flash(_("Your draft is thrown away; nothing else has changed."), "info")
        return redirect(WORDS, code=303)
    if deed == "drop":
        drop_edit(g.session, g.viewer.staff_id, request.form.get("key", "")[:20], now=g.now)
        return redirect(_HERE, code=303)
    if deed == "preview":
        ask_for_preview(g.session, draft_of(g.viewer.staff_id), _text(), now=g.now)
        g.session.info[POSTED] = True
        return redirect(_HERE, code=303)
    return _publish()


def _publish() -> ResponseReturnValue:
    draft = drafted_words(g.session, g.viewer.staff_id)
    reason = " ".join(request.form.get("reason", "").split())[:_LONGEST_REASON]
    if draft.gone:
        return _page(
            errors={"reason": _("Somebody has changed these rows meanwhile: drop them, and change them anew.")}
        )
    if not reason:
        return _page(errors={"reason": _("Say why: it stays with the version.")})
    after = rulebook_of(draft.rows_after(rows_of(g.session, newest_version(g.session))))
    if danger_lost(words_in_force(g.session), after) and request.form.get("loses") != "1":
        return _page(errors={"loses": _("Examples of danger would no longer be recognised: say that you know.")})
    number = publish_words(g.session, list(draft.edits.values()), reason=reason, actor=g.actor, now=g.now)
    throw_away(g.session, draft_of(g.viewer.staff_id))
    if number is None:
        flash(_("Nothing changed: this is in force already."), "info")
    else:
        flash(_("Version %(number)s is published; texts are read by it from now on.", number=number), "success")
    return redirect(WORDS, code=303)


def _text() -> str:
    typed = kept_draft(g.session, draft_of(g.viewer.staff_id))
    return edits_as_text(typed.fields if typed is not None else {})


def _page(*, errors: dict[str, str] | None = None) -> Response:
    draft = drafted_words(g.session, g.viewer.staff_id)
    preview = preview_of(g.session, draft_of(g.viewer.staff_id), _text())
    found = preview.found if preview is not None else None
    after = rulebook_of(draft.rows_after(rows_of(g.session, newest_version(g.session)))) if draft.edits else None
    page = render_template(
        "administration/matter_draft.html",
        edits=draft.edits,
        gone=draft.gone,
        list_word=list_word,
        preview=preview,
        found=found,
        shown=_shown(found["listed"]) if found else [],
        read_as=lambda told: read_as(told, _names()),
        lost=danger_lost(words_in_force(g.session), after) if after is not None else [],
        typed=request.form,
        errors=errors or {},
        longest=_LONGEST_REASON,
    )
    return Response(page, 400 if errors else 200, mimetype="text/html")


def _shown(listed: list[dict[str, object]]) -> list[ShownText]:
    return shown_texts(g.session, [ReadAnew(**one) for one in listed], g.viewer, longest=_LONGEST_SHOWN)  # type: ignore[arg-type]


def _names() -> dict[str, str]:
    is_english = language() == "en"
    return {one.code: one.name_en if is_english else one.name for one in rules().routing.categories.values()}
