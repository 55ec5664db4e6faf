"""What somebody types of a guidance, read, judged, and shown again."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.web.frame.current import places, rules, today
from app.web.supervisor.incident_area import area_words, units_named
from app.wording.incident_words import require_short
from tickets.errors import InvalidInput
from tickets.people.roles import Viewer
from tickets.schema import ArisingProblem, Guidance
from tickets.work.guidance import WantedGuidance
from tickets.work.incidents import steered_units


@dataclass(frozen=True, slots=True)
class TypedGuidance:
    """What stands in the form."""

    question_vi: str = ""
    question_en: str = ""
    answer_vi: str = ""
    answer_en: str = ""
    spoken_vi: str = ""
    spoken_en: str = ""
    area: str = ""
    category: str = ""
    procedure: str = ""
    words: str = ""


def typed_guidance(form: Mapping[str, str]) -> TypedGuidance:
    return TypedGuidance(*(form.get(name, "").replace("\0", "").strip() for name in TypedGuidance.__slots__))


def standing_guidance(one: Guidance) -> TypedGuidance:
    """As it was typed the last time."""
    routing = rules().routing
    category = routing.categories.get(one.category_id or 0)
    procedure = routing.procedures.get(one.procedure_id or 0)
    return TypedGuidance(
        one.question_vi, one.question_en, one.answer_vi, one.answer_en, one.spoken_vi, one.spoken_en,
        "; ".join(area_words(one.unit_ids, routing, "vi")), category.code if category else "",
        (procedure.code or "") if procedure else "", one.words,
    )  # fmt: skip


def new_guidance(viewer: Viewer) -> TypedGuidance:
    """Empty, but for the area of whoever steers no more than that."""
    own = steered_units(viewer)
    return TypedGuidance(area="" if own is None else "; ".join(area_words(sorted(own), rules().routing, "vi")))


def from_problem(problem: ArisingProblem) -> TypedGuidance:
    """What a problem says by itself: its kind, and the unit whose it is."""
    routing = rules().routing
    category = routing.categories.get(problem.category_id or 0)
    procedure = routing.procedures.get(problem.procedure_id or 0)
    area = area_words([problem.unit_id], routing, "vi") if problem.unit_id is not None else []
    return TypedGuidance(
        question_vi=category.name if category else "", question_en=category.name_en if category else "",
        area="; ".join(area), category=category.code if category else "",
        procedure=(procedure.code or "") if procedure else "",
    )  # fmt: skip


def wanted_guidance(typed: TypedGuidance) -> WantedGuidance:
    """Raises InvalidInput."""
    for locale, words in (("vi", typed.spoken_vi), ("en", typed.spoken_en)):
        require_short(f"spoken_{locale}", words, locale)
    return WantedGuidance(
        typed.question_vi, typed.question_en, typed.answer_vi, typed.answer_en, typed.spoken_vi, typed.spoken_en,
        units_named(typed.area, places(), rules().routing, on=today()), _category_id(typed.category),
        _procedure_id(typed.procedure), typed.words,
    )  # fmt: skip


def _category_id(code: str) -> int | None:
    if not code:
        return None
    found = next((one for one in rules().routing.categories.values() if one.code == code), None)
    if found is None or found.conduct:
        raise InvalidInput("category", "no_such_category")
    return found.id


def _procedure_id(code: str) -> int | None:
    if not code:
        return None
    found = next((one for one in rules().routing.procedures.values() if one.code == code), None)
    if found is None:
        raise InvalidInput("procedure", "no_such_procedure")
    return found.id
