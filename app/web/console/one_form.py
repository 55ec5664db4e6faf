"""All forms of a ticket's page as one, for browsers without script: no button loses another form's words.

A browser sends one form and forgets the rest of the page. So every field is drawn as part of the page's one form, under
a name that says whose it is (`transfer.reason`), and every button names the form it acts for (`?form=transfer`). Script
takes the forms apart again before anybody can press (`fromPageForm` in app/static/js/hotline.js).
"""

import re

from flask import flash, g, request
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import ImmutableMultiDict

from app.web.console.blueprint import blueprint
from app.web.pieces.kept_drafts import keep_fields
from tickets.schema import Ticket
from tickets.states import DraftForm
from tickets.work.drafts import about_ticket

PAGE_FORM = "page-form"
_CONTROL = re.compile(r"<(input|textarea|select|button)\b([^>]*)>")
_NAME = re.compile(r'(?<=\sname=")')
_ADDRESS = re.compile(r'(?<=\sformaction=")([^"]*)')
# What somebody types into a form; its other fields are filled in already when the page is shown.
_WORDS = {
    DraftForm.REPLY: ("body",),
    DraftForm.NOTE: ("note",),
    DraftForm.HEARD: ("heard",),
    DraftForm.TRANSFER: ("queue", "reason"),
    DraftForm.ARBITRATE: ("arbitrated_queue", "reason"),
    DraftForm.LINK: ("master",),
    DraftForm.ELSEWHERE: ("code",),
    DraftForm.PLACE: ("place",),
    DraftForm.INSTRUCTED: ("answer",),
    DraftForm.DOSSIER: ("dossier_number", "dossier_due_on"),
}
_REASON = ("reason",)
# A form whose file only its own button sends: with any other, the browser tells the file's name and forgets the file.
_PICTURES = "pictures"
_LONGEST_NAME = 80
# Between the name of a form that stands on the page several times and what tells one from the other.
_NUMBER = "-"


@blueprint.app_template_filter("in_page_form")
def in_page_form(drawn: str, form: str, address: str) -> Markup:
    """The drawn fields and buttons of a form as parts of the page's; `address` is where the form is sent."""

    def part(found: re.Match[str]) -> str:
        kind, said = found.groups()
        said = _NAME.sub(f"{form}.", said, count=1)
        said += f' form="{PAGE_FORM}" data-page-form'
        if kind == "button":
            said = _button(said, form, address) + (
                ' formenctype="multipart/form-data"' if 'type="file"' in drawn else ""
            )
        return f"<{kind}{said}>"

    return Markup(_CONTROL.sub(part, drawn))  # noqa: S704  (drawn with escaping)


def _button(said: str, form: str, address: str) -> str:
    """It says for which form it acts. The server checks: required fields of other forms may well be empty."""
    if "formaction=" not in said:
        said += f' formaction="{address}"'
    return _ADDRESS.sub(rf"\1?form={form}", said) + " formnovalidate data-validated"


@blueprint.before_request
def take_apart() -> None:
    """The form whose button was pressed is the request's form, as script would have sent it; the others wait in `g`."""
    if request.method != "POST" or not any("." in name for name in request.form):
        return
    pressed = request.args.get("form", "")
    forms: dict[str, list[tuple[str, str]]] = {"": [], pressed: []}
    for name, words in request.form.items(multi=True):
        form, _, field = name.rpartition(".")
        forms.setdefault(form, []).append((field, words))
    g.whole_form = request.form
    request.form = ImmutableMultiDict(forms.pop("") + forms.pop(pressed, []))
    g.other_forms = {form: dict(fields) for form, fields in forms.items()}


def keep_other_forms(ticket: Ticket) -> None:
    """Keep what stands in the forms whose buttons were not pressed; a chosen file is asked for again."""
    others: dict[str, dict[str, str]] = g.get("other_forms", {})
    if left_behind := others.get(_PICTURES, {}).pop(_PICTURES, ""):
        flash(_("The picture “%(name)s” was not sent: choose it again.", name=left_behind[:_LONGEST_NAME]), "warning")
    shown, typed = _shown_in(ticket), dict[DraftForm, dict[str, str]]()
    for form, fields in others.items():
        # A page may hold several answers to instructions: the one that is begun is kept.
        name = form.partition(_NUMBER)[0] if form.startswith(DraftForm.INSTRUCTED) else form
        if name not in set(DraftForm):
            continue
        draft = DraftForm(name)
        words = [fields.get(field, "").strip() for field in _WORDS.get(draft, _REASON)]
        known = [shown.get(field) for field in _WORDS.get(draft, _REASON)]
        if any(said and said != before for said, before in zip(words, known, strict=True)):
            typed[draft] = fields
        typed.setdefault(draft, {})
    for draft, fields in typed.items():
        keep_fields(draft, about_ticket(ticket.id), fields)


def _shown_in(ticket: Ticket) -> dict[str, str | None]:
    due_on = ticket.dossier_due_on
    return {
        "place": ticket.place_text.strip(),
        "dossier_number": ticket.dossier_number,
        "dossier_due_on": due_on.isoformat() if due_on else None,
    }
