"""Units to choose from in filters and forms, in the reader's language, the units of today by name."""

from app.web.frame.current import rules
from app.wording.locale import chosen_locale
from tickets.folding import fold


def unit_options(*, unit_ids: tuple[int, ...] | None = None) -> list[tuple[int, str]]:
    """(id, name) of all units, or of those named."""
    english = chosen_locale() == "en"
    known = rules().routing.units
    named = [
        (unit_id, (unit.name_en or unit.name) if english else unit.name)
        for unit_id, unit in known.items()
        if unit_ids is None or unit_id in unit_ids
    ]
    return sorted(named, key=lambda pair: fold(pair[1]))


def unit_codes() -> list[tuple[str, str]]:
    """(code, name) for forms that give a role or a token to a unit."""
    known = rules().routing.units
    coded = [(known[unit_id].code or "", name) for unit_id, name in unit_options()]
    return [(code, name) for code, name in coded if code]
