"""What an agent typed into the form for a new ticket, and what is noticed in it before it is opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.web.console import place_answer
from app.web.frame.current import rules
from app.web.frame.fault_words import fault_words
from app.web.pieces.guidance_beside import beside_call
from app.web.pieces.moments import read_day
from app.web.pieces.names import in_locale
from tickets.directory.dialled_prefixes import refusal
from tickets.directory.places import Resolution
from tickets.errors import InvalidInput
from tickets.intake.repeats import open_tickets_of
from tickets.matter import read_matter
from tickets.people import citizens
from tickets.people.phones import parse_phone
from tickets.people.roles import Right, Viewer, may
from tickets.queries.similar import Similar, similar_open
from tickets.routing.decision import guess_category
from tickets.routing.guidance import AskedMatter, GuidanceRule
from tickets.routing.rule_rows import CategoryRule, UnitRule
from tickets.schema import Ticket
from tickets.typed_text import MAX_BODY, MAX_SHORT, clean_dossier_number, typed_number

_LIMITS = {"body": MAX_BODY, "place": place_answer.LONGEST_PLACE, "name": MAX_SHORT, "residence": MAX_SHORT}


@dataclass(frozen=True)
class NewForm:
    """The fields as they were sent, already judged: `faults` says what cannot be used."""

    given: Mapping[str, str]
    phone: str | None = None
    dossier_due_on: date | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")

    @property
    def unit_id(self) -> int | None:
        chosen = typed_number(self["unit"])
        return chosen if chosen in rules().routing.units else None


def read_form(given: Mapping[str, str]) -> NewForm:
    faults: dict[str, str] = {}
    phone = parse_phone(given.get("phone", "")) if given.get("phone", "").strip() else None
    if given.get("phone", "").strip() and phone is None:
        faults["phone"] = _("This is not a phone number we can call.")
    if not given.get("body", "").strip():
        faults["body"] = _("Please write what it is about.")
    for name, limit in _LIMITS.items():
        if len(given.get(name, "")) > limit:
            faults[name] = _("At most %(limit)s characters.", limit=limit)
    due_on: date | None = None
    try:
        clean_dossier_number(given.get("dossier_number", ""))
        due_on = read_day(given.get("dossier_due_on", ""), field="dossier_due_on")
    except InvalidInput as error:
        faults[error.field] = fault_words(error)
    return NewForm(given, phone.number if phone else None, due_on, faults)


@dataclass(frozen=True)
class Noticed:
    """What the form says beyond its words: the unit meant, the question that decides, the kind, and who else asked."""

    resolution: Resolution
    # The unit that was chosen among those the words could mean; `unit` is it, or the only one they mean.
    chosen_id: int | None
    # The agent's own unit, where it is one of them and nothing has been chosen yet.
    suggested_id: int | None
    unit: UnitRule | None
    question: str
    candidates: Sequence[tuple[UnitRule, str]]
    category: CategoryRule | None
    is_guess: bool
    is_emergency: bool
    # The words may accuse officials: what is opened from them only the City Office sees.
    may_accuse: bool
    repeats: Sequence[Ticket]
    similar: Sequence[Similar]
    # Why nobody is texted or called at the number that was given; empty where they are.
    refused_number: str = ""
    # What answers it already, to be told at once.
    guidance: Sequence[GuidanceRule] = ()

    @property
    def is_undecided(self) -> bool:
        return self.unit is None and bool(self.candidates)

    @property
    def category_name(self) -> str:
        return in_locale(self.category.name, self.category.name_en) if self.category else ""


def notice(
    session: Session, form: NewForm, viewer: Viewer, *, own_id: int | None = None, call_id: int | None = None,
    now: datetime,
) -> Noticed:  # fmt: skip
    """What is seen in the form; `own_id` is the ticket it is written into, which is no other matter of this person."""
    routing = rules().routing
    read = read_matter(form["body"], routing.words)
    said = form["place"] or form["body"]
    resolution = place_answer.resolved(said) if said.strip() else Resolution("none")
    chosen_id = _still_meant(form.unit_id, resolution)
    candidates, suggested_id = _own_first(place_answer.candidates(resolution), form, viewer)
    unit = routing.units.get(chosen_id or 0)
    if unit is None and resolution.outcome == "unique":
        unit = routing.units.get(resolution.candidates[0].unit_id)
    category = next((c for c in routing.categories.values() if c.code == form["category"]), None)
    guess = guess_category(form["body"], routing) if category is None else None
    category = guess[0] if guess else category
    return Noticed(
        resolution=resolution,
        chosen_id=chosen_id,
        suggested_id=suggested_id,
        unit=unit,
        question=place_answer.question(resolution),
        candidates=candidates,
        category=category,
        is_guess=guess is not None,
        is_emergency=read.is_danger,
        may_accuse=read.may_accuse and not read.is_danger,
        repeats=[one for one in _repeats(session, form, viewer, now=now) if one.id != own_id],
        similar=_similar(session, form, unit, category, viewer, now=now),
        refused_number=(refusal(session, form.phone) or "") if form.phone else "",
        guidance=beside_call(
            AskedMatter(unit.id if unit else None, category.id if category else None, said=form["body"]), call_id
        ),
    )


def _still_meant(chosen_id: int | None, resolution: Resolution) -> int | None:
    """What was chosen, unless other words have been typed since, which mean other places."""
    meant = {candidate.unit_id for candidate in resolution.candidates}
    return chosen_id if not meant or chosen_id in meant else None


def _own_first(
    candidates: Sequence[tuple[UnitRule, str]], form: NewForm, viewer: Viewer
) -> tuple[Sequence[tuple[UnitRule, str]], int | None]:
    """The unit for which the agent works stands on top, ticked until they choose; a desk of the city has none."""
    own = set() if viewer.covers_city(*viewer.roles) else viewer.unit_ids(*viewer.roles)
    mine = [unit.id for unit, _why in candidates if unit.id in own]
    suggested_id = mine[0] if len(mine) == 1 and "unit" not in form.given else None
    return sorted(candidates, key=lambda candidate: candidate[0].id not in own), suggested_id


def _repeats(session: Session, form: NewForm, viewer: Viewer, *, now: datetime) -> list[Ticket]:
    """What the same person has open with us, as far as this agent may work on it."""
    known = citizens.find(session, phone=form.phone, name=form["name"]) if form.phone else None
    if known is None:
        return []
    found = open_tickets_of(session, known.id, now=now)
    return [ticket for ticket in found if not ticket.is_restricted and may(viewer, Right.WORK, ticket)]


def _similar(
    session: Session, form: NewForm, unit: UnitRule | None, category: CategoryRule | None, viewer: Viewer, *,
    now: datetime,
) -> Sequence[Similar]:  # fmt: skip
    if unit is None or category is None or category.conduct:
        return ()
    if not viewer.covers_city(*viewer.roles) and unit.id not in viewer.unit_ids(*viewer.roles):
        return ()
    return similar_open(session, unit_id=unit.id, category_id=category.id, said=form["body"], viewer=viewer, now=now)
