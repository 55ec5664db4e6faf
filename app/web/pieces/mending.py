"""Where what is missing is mended: the page for each lack, with the unit already chosen where the page knows units."""

from collections.abc import Mapping

from escalation.queries.readiness_rules import Missing, Shortfall

_PAGES: Mapping[Shortfall, str] = {
    Shortfall.OFFICE: "/administration/import",
    Shortfall.ADDRESS: "/administration/import",
    Shortfall.HOURS: "/administration/import",
    Shortfall.LINE: "/administration/import",
    Shortfall.LINE_SILENT: "/supervisor/readiness/{unit}#lines",
    Shortfall.AGENTS: "/administration/people",
    Shortfall.AGENT_PHONES: "/supervisor/readiness/{unit}#people",
    Shortfall.DUTY: "/rota?unit={unit}",
    Shortfall.LEVEL_NOBODY: "/administration/posts?unit={unit}",
    Shortfall.LEVEL_ABOVE: "/administration/posts?unit={unit}",
    Shortfall.LEVEL_UNPROVED: "/supervisor/readiness/{unit}#tonight",
    Shortfall.PROCEDURES: "/administration/import",
    Shortfall.CITY_LINE: "/administration/import",
    Shortfall.CATEGORIES: "/administration/import",
    Shortfall.CALENDARS: "/administration/days-off",
    Shortfall.PROVIDER: "/administration/accounts",
    Shortfall.MAIL: "/administration",
    Shortfall.BACKUP: "/administration",
}


def where_mended(lack: Missing, unit_id: int) -> str:
    return _PAGES[lack.code].format(unit=unit_id)
