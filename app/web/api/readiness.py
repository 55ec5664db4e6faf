"""Whether units and the city are ready, for programs that watch a city on its way to going live."""

from dataclasses import dataclass
from typing import Any

from flask import g

from app.phone.installation import installation
from app.web.api.blueprint import blueprint
from app.web.api.describing import takes_query
from app.web.api.directory_bodies import ReadinessList
from app.web.api.paging import PageQuery, keys_of, page_of
from app.web.api.reading import read_query
from app.web.frame.access import bearer
from app.web.frame.current import settings
from app.web.pieces.mending import where_mended
from app.wording.readiness_words import lack_text
from escalation.queries.readiness import CityReadiness, city_readiness
from escalation.queries.readiness_rules import Missing
from tickets.directory.going_live import LiveDecision, last_decisions


@blueprint.get("/readiness")
@takes_query(PageQuery)
@blueprint.output(ReadinessList)
@blueprint.doc(summary="What the city and each unit lack before anybody should rely on them, and which are live")
@bearer("admin")
def readiness() -> dict[str, Any]:
    query = read_query(PageQuery)
    after = keys_of(query.cursor, str, int)
    found = city_readiness(g.session, installation(g.session, settings()), now=g.now)
    rows = [row for row in _rows(found) if after is None or row.key > after]
    shown, following = page_of(rows[: query.limit + 1], query, lambda row: row.key)
    decided = last_decisions(g.session, [row.unit_id for row in shown])
    return {"items": [_item(row, decided.get(row.unit_id)) for row in shown], "next": following}


@dataclass(frozen=True, slots=True)
class _Row:
    """A body with the key it is paged by."""

    key: tuple[str, int]
    unit_id: int
    named: dict[str, str]
    is_live: bool
    lacks: tuple[Missing, ...]


def _rows(found: CityReadiness) -> list[_Row]:
    """The city first, then by name."""
    own = {"code": found.code, "name": found.name}
    rows = [_Row(("", 0), found.unit_id, own, found.is_live, found.lacks)]
    for one in found.units:
        facts = one.facts
        named = {"code": facts.code, "name": facts.name}
        rows.append(_Row((facts.sort_key, facts.unit_id), facts.unit_id, named, facts.is_live, one.lacks))
    return sorted(rows, key=lambda row: row.key)


def _item(row: _Row, decided: LiveDecision | None) -> dict[str, Any]:
    live_from = decided.on_day.isoformat() if decided is not None and decided.is_live else None
    lacks = [_lack(one, row.unit_id) for one in row.lacks]
    return {"unit": row.named, "live": row.is_live, "live_from": live_from, "lacks": lacks}


def _lack(lack: Missing, unit_id: int) -> dict[str, Any]:
    return {
        "code": lack.code.value,
        "text": {locale: lack_text(lack, now=g.now, locale=locale) for locale in ("vi", "en")},
        "mended_by": lack.mended_by.value,
        "where": where_mended(lack, unit_id),
    }
