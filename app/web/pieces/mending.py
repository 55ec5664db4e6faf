"""Where what is missing is mended: the page for each lack, with the unit already chosen where the page knows units."""

from collections.abc import Mapping

from escalation.queries.readiness_rules import Missing, Shortfall

_PAGES: Mapping[Shortfall, str] = {
    Shortfall.OFFICE: "/administration/data/offices/row",
    Shortfall.ADDRESS: "/administration/units/{unit}#offices",
    Shortfall.HOURS: "/administration/units/{unit}#offices",
    Shortfall.LINE: "/administration/units/{unit}#lines",
    Shortfall.LINE_SILENT: "/supervisor/readiness/{unit}#lines",
    Shortfall.AGENTS: "/administration/people",
    Shortfall.AGENT_PHONES: "/supervisor/readiness/{unit}#people",
    Shortfall.DUTY: "/rota?unit={unit}",
    Shortfall.LEVEL_NOBODY: "/administration/posts?unit={unit}",
    Shortfall.LEVEL_ABOVE: "/administration/posts?unit={unit}",
    Shortfall.LEVEL_UNPROVED: "/supervisor/readiness/{unit}#tonight",
    Shortfall.PROCEDURES: "/administration/data/procedures",
    Shortfall.CITY_LINE: "/administration/data/lines",
    Shortfall.CATEGORIES: "/administration/data/categories",
    Shortfall.CALENDARS: "/administration/days-off",
    Shortfall.PROVIDER: "/administration/accounts",
    Shortfall.MAIL: "/administration",
    Shortfall.BACKUP: "/administration",
}


# Which leader answers is decided by field and area.
_LEADERS = "/administration/responsibilities"


def where_mended(lack: Missing, unit_id: int) -> str:
    if lack.params.get("of_leaders"):
        return _LEADERS
    return _PAGES[lack.code].format(unit=unit_id)
