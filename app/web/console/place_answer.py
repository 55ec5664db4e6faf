"""The place an agent types or chooses: one unit, or the question that decides."""

from collections.abc import Mapping

from app.web.frame.current import places, rules, today
from app.wording.locale import chosen_locale
from app.wording.place_words import question_text, why_text
from tickets.directory.places import Resolution, resolve
from tickets.errors import InvalidInput
from tickets.routing.rule_rows import UnitRule
from tickets.typed_text import typed_number

LONGEST_PLACE = 900


class PlaceUndecided(InvalidInput):
    """Several units are meant by what was typed; `resolution` has them and the question."""

    def __init__(self, resolution: Resolution) -> None:
        super().__init__("place", "undecided")
        self.resolution = resolution


def resolved(said: str) -> Resolution:
    return resolve(places(), said[:LONGEST_PLACE], on=today())


def placed_unit(form: Mapping[str, str]) -> int:
    """The chosen candidate, else the one unit the typed words mean. Raises InvalidInput, PlaceUndecided for several."""
    chosen = typed_number(form.get("unit", ""))
    if chosen is not None and chosen in rules().routing.units:
        return chosen
    said = form.get("place", "").strip()
    if not said:
        raise InvalidInput("place", "required")
    resolution = resolved(said)
    if resolution.outcome == "unique":
        return resolution.candidates[0].unit_id
    if not candidates(resolution):
        raise InvalidInput("place", "no_such_unit")
    raise PlaceUndecided(resolution)


def candidates(resolution: Resolution) -> list[tuple[UnitRule, str]]:
    """The units that may be meant, each with why."""
    units = rules().routing.units
    found = resolution.candidates or (resolution.hint.candidates if resolution.hint else ())
    return [(units[c.unit_id], why_text(c.why, chosen_locale())) for c in found if c.unit_id in units]


def question(resolution: Resolution) -> str:
    asked = resolution.question or (resolution.hint.question if resolution.hint else None)
    return question_text(asked, chosen_locale()) if asked else ""
