"""The words by which texts are read: their lists, one row of them, and every version that was published."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import LOOKING, ROWS_OF_A_PAGE, blueprint
from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.wording.matter_words import LIST_WORDS, list_word
from app.wording.table_faults import TABLE_FAULTS
from tickets.errors import InvalidInput, NotFound
from tickets.folding import fold
from tickets.matter.checking import LONGEST_WORDS
from tickets.matter.kept import KeptRow, WordEdit, edits_back_to, newest_version, past_versions, rows_of
from tickets.matter.lists import SHAPES, WordList, WordRow
from tickets.matter.word_drafts import check_edit, draft_edits, drafted_words
from tickets.sheets.values import BadValue
from tickets.states import Role
from tickets.typed_text import clean_text, typed_number

WORDING = (Role.ADMINISTRATOR, Role.SUPERVISOR)
WORDS = "/administration/words"
_LONGEST_SAYS = 60


@blueprint.get(WORDS)
@in_menu(_l("Words of texts"), order=6, under="administration")
@signed_in(*LOOKING)
def matter_words() -> ResponseReturnValue:
    of = request.args.get("list", "")
    of = of if of in LIST_WORDS else WordList.DANGER.value
    sought = fold(request.args.get("q", "")[:80])
    rows = [one for one in _rows() if one.row.list.value == of]
    found = [one for one in rows if not sought or sought in fold(f"{one.row.says} {one.row.words}")]
    first = min(typed_number(request.args.get("from", "")) or 0, len(found))
    return render_template(
        "administration/matter_words.html",
        lists=[(code, list_word(code)) for code in LIST_WORDS],
        chosen=of,
        sought=request.args.get("q", "")[:80],
        rows=found[first : first + ROWS_OF_A_PAGE],
        count=len(found),
        first=first,
        following=first + ROWS_OF_A_PAGE if len(found) > first + ROWS_OF_A_PAGE else 0,
        are_patterns=SHAPES[WordList(of)].are_patterns,
        versions=past_versions(g.session, limit=20),
        drafted=len(drafted_words(g.session, g.viewer.staff_id).edits),
        may_write=g.viewer.holds(*WORDING),
    )


@blueprint.get(f"{WORDS}/<int:row_id>")
@signed_in(*WORDING)
def matter_row(row_id: int) -> ResponseReturnValue:
    """A row to be changed; 0 is a new one of the list that is asked for."""
    old = _row(row_id)
    of = request.args.get("list", "")
    new = WordRow(WordList(of if of in LIST_WORDS else WordList.DANGER.value), "", 2, "")
    return _form(old, old.row if old else new)


@blueprint.post(f"{WORDS}/<int:row_id>")
@signed_in(*WORDING)
def draft_row(row_id: int) -> ResponseReturnValue:
    """Into this person's draft: changed, new, or (`do` is "remove") taken out."""
    old = _row(row_id)
    typed, errors = _typed(old)
    edit = WordEdit(old, None if old and request.form.get("do") == "remove" else typed)
    if errors:
        return _form(old, typed, errors)
    try:
        draft = drafted_words(g.session, g.viewer.staff_id)
        check_edit(edit, [*draft.rows_after(_rows()), *([edit.new] if edit.new else [])])
        draft_edits(g.session, g.viewer.staff_id, [edit], now=g.now)
    except BadValue as bad:
        return _form(old, typed, {_field_of(typed, bad.column): _fault(bad)})
    flash(_("Kept in your draft. It holds when you publish it."), "success")
    return redirect(f"{WORDS}/draft", code=303)


@blueprint.post(f"{WORDS}/versions/<int:number>")
@signed_in(*WORDING)
def draft_version_again(number: int) -> ResponseReturnValue:
    """What an earlier version said, as a draft: going back is published like any other change."""
    if not 1 <= number <= newest_version(g.session):
        raise NotFound("matter_version", number)
    edits = edits_back_to(g.session, number)
    if not edits:
        flash(_("Nothing changed: this is in force already."), "info")
        return redirect(WORDS, code=303)
    try:
        draft_edits(g.session, g.viewer.staff_id, edits, now=g.now)
    except BadValue:
        flash(_("These are more changes than one draft holds; bring that version in from a file."), "warning")
        return redirect(WORDS, code=303)
    return redirect(f"{WORDS}/draft", code=303)


def _rows() -> list[KeptRow]:
    return rows_of(g.session, newest_version(g.session))


def _row(row_id: int) -> KeptRow | None:
    found = next((one for one in _rows() if one.id == row_id), None)
    if row_id and found is None:
        raise NotFound("matter_row", row_id)
    return found


def _typed(old: KeptRow | None) -> tuple[WordRow, dict[str, str]]:
    form = request.form
    of = old.row.list.value if old else form.get("list", "")
    kept, errors = {"says": "", "words": ""}, {}
    for name, limit in (("says", _LONGEST_SAYS), ("words", LONGEST_WORDS)):
        try:
            kept[name] = " ".join(clean_text(form.get(name, ""), limit, field=name).split())
        except InvalidInput:
            kept[name] = form.get(name, "")[: 2 * limit]
            errors[name] = _("This is too long: at most %(limit)s characters.", limit=limit)
    words = WordList(of if of in LIST_WORDS else WordList.DANGER.value)
    weight = (typed_number(form.get("weight", "")) or 0) if SHAPES[words].are_patterns else 0
    return WordRow(words, kept["says"], min(weight, 1_000), kept["words"]), errors


def _field_of(row: WordRow, column: str) -> str:
    return "says" if column == SHAPES[row.list].says else "weight" if column == "weight" else "words"


def _fault(bad: BadValue) -> str:
    words = str(TABLE_FAULTS[bad.code])
    return f"{words}: {bad.detail}" if bad.detail else words


def _form(old: KeptRow | None, row: WordRow, errors: Mapping[str, str] | None = None) -> Response:
    page = render_template(
        "administration/matter_row.html",
        old=old,
        row=row,
        list_name=list_word(row.list.value),
        are_patterns=SHAPES[row.list].are_patterns,
        errors=errors or {},
        longest=LONGEST_WORDS,
        longest_says=_LONGEST_SAYS,
    )
    return Response(page, 400 if errors else 200, mimetype="text/html")
