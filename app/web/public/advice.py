"""What we notice in a report before it is sent: danger to life, its kind, its place, others about the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.web.frame.current import places, rules, today
from app.web.public.report_form import ReportForm, mark
from app.wording.place_words import option_text, question_text
from tickets.directory.dialled_prefixes import refusal_to_citizen
from tickets.directory.places import Resolution, is_unread_link, resolve_whole
from tickets.intake.noise import NoiseRead, noise_in
from tickets.matter import MatterReading, read_matter
from tickets.people.phones import parse_phone
from tickets.queries.similar import Similar, similar_open
from tickets.routing.decision import guess_category
from tickets.routing.incidents import IncidentRule, incident_about, running
from tickets.routing.rule_rows import CategoryRule, UnitRule
from tickets.routing.rules import Rules
from tickets.routing.two_matters import TwoMatters, two_matters
from tickets.states import Level

# A list of buttons longer than this is a list to look through, and shown as one.
MOST_BUTTONS = 12


@dataclass(frozen=True)
class UnitChoice:
    """A unit that may be meant."""

    code: str
    name: str


# A reading of the words, and the units it may mean.
ReadingGroup = tuple[str, tuple[UnitChoice, ...]]


@dataclass(frozen=True)
class AskedPlace:
    """The one question that decides which unit it is; `groups` are its answers under the reading they belong to."""

    words: str
    asked_about: str
    groups: tuple[ReadingGroup, ...]

    @property
    def is_long(self) -> bool:
        return sum(len(choices) for _, choices in self.groups) > MOST_BUTTONS

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(choice.code for _, choices in self.groups for choice in choices)


@dataclass(frozen=True)
class Advice:
    """Everything noticed. `unit` is the one unit the place means; `question` is asked when there are several."""

    is_emergency: bool
    # The words may accuse officials: nobody of the body concerned will read it.
    may_accuse: bool
    category: CategoryRule | None
    is_guess: bool
    unit: UnitRule | None
    question: AskedPlace | None
    # The place field was filled in, and nothing in it is a place we know.
    is_unknown_place: bool
    # What lies outside the city, where nothing else was understood of the place.
    elsewhere: str
    # What was understood of the place field, where it was filled in.
    place: Resolution | None = None
    similar: tuple[Similar, ...] = ()
    # Two matters in one text, which may go to two bodies.
    apart: TwoMatters | None = None
    # Nobody is texted or called at the number that was given.
    is_number_refused: bool = False
    # The words leave a doubt whether anybody is in danger: who wrote them can say.
    asks_danger: bool = False
    # Of which kinds, the strongest first: whom to call comes first.
    danger_kinds: tuple[str, ...] = ()
    # Nothing says where it is, and that decides who answers.
    is_place_missing: bool = False
    # Only a short link to a map says where: nobody here can open it.
    is_link_unread: bool = False
    # Nothing that anybody could work on, as far as the words go.
    noise: NoiseRead | None = None
    # What many report now from there: they can be counted with one click.
    incident: IncidentRule | None = None

    def to_tell(self, form: ReportForm) -> tuple[str, ...]:
        """What this citizen has not been told or asked yet; the form goes back once for all of it."""
        wanted = self._of_the_words(form)
        if self.question is not None and not form.chosen_unit and not form.is_unsure:
            wanted.append(f"place:{self.question.asked_about}")
        if self.is_unknown_place:
            wanted.append(f"unknown:{mark(form.place)}")
        if self.is_number_refused:
            wanted.append(f"number:{form.phone[:40]}")
        if self.apart is not None:
            wanted.append(f"apart:{mark(self.apart.second)}")
        if self.incident is not None:
            wanted.append(f"incident:{self.incident.id}")
        if self.similar and self.unit and self.category:
            wanted.append(_similar_mark(self.unit, self.category))
        return tuple(notice[:120] for notice in wanted if notice[:120] not in form.told)

    def _of_the_words(self, form: ReportForm) -> list[str]:
        wanted: list[str] = []
        if self.is_emergency:
            wanted.append("emergency")
        if self.asks_danger and not form.danger:
            wanted.append("danger")
        if self.noise is not None:
            wanted.append(f"noise:{mark(form.body)}")
        elif self.is_place_missing:
            wanted.append("where")
        return wanted


def advise(session: Session, form: ReportForm, *, locale: str, now: datetime, only_new: bool = False) -> Advice:
    """What there is to say about a form as it stands, also while it is still being written.

    At most one statement. With `only_new` similar requests are not looked for again when this citizen has seen them.
    """
    known = rules()
    read = read_matter(form.body, known.routing.words)
    category, is_guess = _category(form, known)
    resolution = resolve_whole(places(), form.said, on=today()) if form.said else Resolution("none")
    question = _question(resolution, form, known, locale)
    unit = _unit(form, resolution, question, known)
    noise = None if _tells_more(form, unit) else noise_in(read)
    is_known = only_new and unit is not None and category is not None and _similar_mark(unit, category) in form.told
    return Advice(
        is_emergency=read.is_danger,
        may_accuse=read.may_accuse and not read.is_danger,
        category=category,
        is_guess=is_guess,
        unit=unit,
        question=question,
        is_unknown_place=bool(form.place) and not form.chosen_unit and _is_unknown(resolution),
        elsewhere=resolution.elsewhere,
        place=resolution if form.place else None,
        similar=() if is_known else _similar(session, form, unit, category, now),
        # Whoever may be in danger or accuses somebody is asked nothing that can wait.
        apart=None if read.may_be_danger or read.may_accuse else two_matters(form.body, known.routing),
        is_number_refused=_is_refused(form, known),
        asks_danger=read.may_be_danger and not read.is_danger,
        danger_kinds=read.danger.kinds,
        is_link_unread=_is_unknown(resolution) and is_unread_link(form.said),
        is_place_missing=_is_unknown(resolution) and not form.place and _goes_by_place(read, category),
        noise=noise,
        incident=None if read.may_be_danger or read.may_accuse else _incident(known, unit, category, now),
    )


def _tells_more(form: ReportForm, unit: UnitRule | None) -> bool:
    """A place, a kind of matter, a dossier or a picture is something to work on, whatever the words say."""
    return bool(form.place or form.category or form.dossier_number or form.pictures or unit)


def _goes_by_place(read: MatterReading, category: CategoryRule | None) -> bool:
    """Whether the place decides who answers; who accuses somebody or asks for nothing is asked nothing."""
    if read.may_accuse or read.is_praise or read.asks_for_nothing:
        return False
    return category is None or category.level is Level.WARD


def _is_unknown(resolution: Resolution) -> bool:
    return resolution.outcome == "none" and resolution.hint is None


def _is_refused(form: ReportForm, known: Rules) -> bool:
    phone = parse_phone(form.phone) if form.phone else None
    return phone is not None and refusal_to_citizen(phone.number, known.dialled) is not None


def _incident(known: Rules, unit: UnitRule | None, category: CategoryRule | None, now: datetime) -> IncidentRule | None:
    category_id = category.id if category is not None else None
    return incident_about(known.incidents, unit_id=unit.id if unit else None, category_id=category_id, now=now)


@dataclass(frozen=True, slots=True)
class SaidFirst:
    """A disaster, said before anybody writes: where, its bulletin, and the form that begins with its place and kind."""

    id: int
    area: str
    words: str
    link: str
    # It is of several places: nobody is counted before they have said theirs.
    asks_place: bool


def disasters(known: Rules, *, locale: str, now: datetime) -> list[SaidFirst]:
    """All that run, as callers hear them before the menu."""
    return [_said_first(one, known, locale) for one in running(known.incidents, now=now) if one.is_disaster]


def _said_first(one: IncidentRule, known: Rules, locale: str) -> SaidFirst:
    units = [unit for unit_id in sorted(one.unit_ids) if (unit := known.routing.units.get(unit_id))]
    category = known.routing.categories.get(one.category_id or 0)
    given = {"category": category.code} if category else {}
    # A place of several would have to be asked for again.
    given |= {"place": units[0].name} if len(units) == 1 else {}
    asks_place = bool(one.unit_ids) and "place" not in given
    link = (f"/?{urlencode(given)}" if given else "") + ("#f-place" if asks_place else "#f-body")
    area = ", ".join(name_of(unit, locale) for unit in units)
    return SaidFirst(one.id, area, one.bulletin(locale), link, asks_place)


def chosen_unit(form: ReportForm, advice: Advice) -> str | None:
    """The unit code to send on: what was chosen, if it was among what could be chosen."""
    chosen = form.chosen_unit
    if chosen is None:
        return None
    if advice.question is not None:
        return chosen if chosen in advice.question.codes else None
    return chosen if advice.unit is not None and advice.unit.code == chosen else None


def chosen_category(advice: Advice) -> str | None:
    """The category code to send on: what was chosen, if there is such a one; a guess is left to routing."""
    return advice.category.code if advice.category is not None and not advice.is_guess else None


def _category(form: ReportForm, known: Rules) -> tuple[CategoryRule | None, bool]:
    if form.category:
        chosen = next((c for c in known.routing.categories.values() if c.code == form.category), None)
        return chosen, False
    guess = guess_category(form.body, known.routing)
    return (guess[0], True) if guess else (None, False)


def _question(resolution: Resolution, form: ReportForm, known: Rules, locale: str) -> AskedPlace | None:
    question = resolution.question or (resolution.hint.question if resolution.hint else None)
    if resolution.outcome == "unique" or question is None:
        return None
    groups = tuple(
        (option_text(option, locale), _choices(option.unit_ids, known, locale)) for option in question.options
    )
    return AskedPlace(question_text(question, locale), mark(form.said), each_once(g for g in groups if g[1]))


def each_once(groups: Iterable[ReadingGroup]) -> tuple[ReadingGroup, ...]:
    """The answers to choose from, no unit twice.

    One that a longer list holds stands there; two readings that mean the same unit share a line.
    """
    given = list(groups)
    listed = {choice.code for _, choices in given if len(choices) > 1 for choice in choices}
    readings: dict[str, list[str]] = {}
    for reading, choices in given:
        if len(choices) == 1:
            readings.setdefault(choices[0].code, []).append(reading)
    once: list[ReadingGroup] = []
    for reading, choices in given:
        if len(choices) > 1:
            once.append((reading, choices))
        elif choices and choices[0].code not in listed and (named := readings.pop(choices[0].code, None)):
            once.append(("; ".join(named), choices))
    return tuple(once)


def _choices(unit_ids: tuple[int, ...], known: Rules, locale: str) -> tuple[UnitChoice, ...]:
    units = (known.routing.units.get(unit_id) for unit_id in unit_ids)
    return tuple(UnitChoice(unit.code, name_of(unit, locale)) for unit in units if unit and unit.code)


def _unit(form: ReportForm, resolution: Resolution, question: AskedPlace | None, known: Rules) -> UnitRule | None:
    if form.chosen_unit and (question is None or form.chosen_unit in question.codes):
        wards = (u for u in known.routing.units.values() if u.code == form.chosen_unit and u.level is Level.WARD)
        return next(wards, None)
    if resolution.outcome == "unique":
        return known.routing.units.get(resolution.candidates[0].unit_id)
    return None


def _similar_mark(unit: UnitRule, category: CategoryRule) -> str:
    return f"similar:{unit.id}:{category.id}"


def _similar(
    session: Session, form: ReportForm, unit: UnitRule | None, category: CategoryRule | None, now: datetime
) -> tuple[Similar, ...]:
    if unit is None or category is None or category.conduct or category.level is not Level.WARD:
        return ()
    return tuple(similar_open(session, unit_id=unit.id, category_id=category.id, said=form.body, now=now))


def name_of(unit: UnitRule, locale: str) -> str:
    return unit.name_en if locale == "en" else unit.name
