"""The report form as it was filled in: read from the browser, judged, and kept whole when something is missing."""

import re
from dataclasses import dataclass

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.storage.media import Picture
from app.web.public import signed
from tickets.errors import InvalidInput
from tickets.people.phones import PhoneKind, parse_phone
from tickets.typed_text import MAX_BODY, MAX_SHORT, clean_dossier_number, clean_text

MAX_PLACE = 3 * MAX_SHORT
# What the citizen chose when asked which unit it is, and does not know.
UNSURE = "unsure"

_EMAIL = re.compile(r"[^@\s<>\"',;:()\[\]\\]{1,64}@[^@\s<>\"',;:()\[\]\\.]+(\.[^@\s<>\"',;:()\[\]\\.]+)+")
# A form cannot send more than the request's own limit; this only keeps what is shown again within reason.
_ANY_LENGTH = 1_000_000


@dataclass(frozen=True)
class ReportForm:
    """Everything the form holds. `told` names the questions and notices this citizen has seen already."""

    token: str
    body: str = ""
    place: str = ""
    # The unit chosen when the place left several, and the words the question was asked about.
    unit: str = ""
    asked_about: str = ""
    category: str = ""
    dossier_number: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    no_calls: bool = False
    # What the citizen answered when the words left a doubt whether anybody is in danger: "yes", "no" or nothing yet.
    danger: str = ""
    told: frozenset[str] = frozenset()
    pictures: tuple[Picture, ...] = ()
    # A field no person sees; programs that fill in everything fill it in too.
    trap: str = ""

    @property
    def said(self) -> str:
        """What the place is looked for in: its own field, else the text."""
        return self.place or self.body

    @property
    def chosen_unit(self) -> str | None:
        """The unit chosen for exactly these words; a choice made for other words counts no more."""
        return self.unit if self.unit not in ("", UNSURE) and self.asked_about == mark(self.said) else None

    @property
    def is_unsure(self) -> bool:
        return self.unit == UNSURE and self.asked_about == mark(self.said)

    def picture_tokens(self) -> list[tuple[str, Picture]]:
        return [(signed.picture_token(picture), picture) for picture in self.pictures]


def mark(said: str) -> str:
    """A short sign of the words a question was asked about, to know whether they changed since."""
    return " ".join(said.split())[:80]


def empty_form(*, place: str = "", category: str = "") -> ReportForm:
    return ReportForm(token=signed.new_form_token(), place=_kept(place)[:MAX_PLACE], category=category[:60])


def read_form(given: MultiDict[str, str]) -> ReportForm:
    """What the browser sent, without characters no text column can hold; nothing is refused here."""
    token = given.get("form_token", "")
    kept = [signed.read_picture(value) for value in given.getlist("kept_picture")[:20]]
    dropped = set(given.getlist("drop_picture"))
    return ReportForm(
        token=token if signed.form_key(token) else signed.new_form_token(),
        body=_kept(given.get("body", "")),
        place=_kept(given.get("place", "")),
        unit=_kept(given.get("unit", ""))[:20],
        asked_about=_kept(given.get("asked_about", "")),
        category=_kept(given.get("category", ""))[:60],
        dossier_number=_kept(given.get("dossier_number", "")),
        name=_kept(given.get("name", "")),
        phone=_kept(given.get("phone", "")),
        email=_kept(given.get("email", "")),
        no_calls=given.get("no_calls") == "1",
        danger=given.get("danger", "") if given.get("danger") in ("yes", "no") else "",
        told=frozenset(value for value in given.getlist("told") if len(value) <= 120),
        pictures=tuple(p for p in kept if p is not None and p.storage_key not in dropped),
        trap=given.get("website", ""),
    )


def faults(form: ReportForm) -> dict[str, str]:
    """Every field that cannot be sent as it is, with a sentence; empty when all is well."""
    found: dict[str, str] = {}
    if not form.body:
        found["body"] = _("Please write what it is about.")
    for name, limit in (("body", MAX_BODY), ("place", MAX_PLACE), ("name", MAX_SHORT)):
        if len(getattr(form, name)) > limit:
            found[name] = _("This is too long: at most %(limit)s characters.", limit=limit)
    try:
        clean_dossier_number(form.dossier_number)
    except InvalidInput:
        found["dossier_number"] = _(
            "This does not look like a dossier number. It is on your receipt, made of letters, digits, dots and dashes."
        )
    if (words := _phone_fault(form.phone)) is not None:
        found["phone"] = words
    if form.email and (len(form.email) > 254 or not _EMAIL.fullmatch(form.email)):
        found["email"] = _("This is not an e-mail address we can write to, such as name@example.vn.")
    return found


def _phone_fault(raw: str) -> str | None:
    if not raw:
        return None
    phone = parse_phone(raw)
    if phone is None:
        return _("This is not a phone number we can call, such as 090 123 4567. You may also leave it empty.")
    if phone.kind in (PhoneKind.SHORT_CODE, PhoneKind.SERVICE):
        return _("This is a service number. Please give your own, or leave it empty.")
    return None


def _kept(text: str) -> str:
    return clean_text(text[:_ANY_LENGTH], _ANY_LENGTH, field="text")
