"""What both pages of readiness show: units with what they lack, in words, with the page on which it is mended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import g
from sqlalchemy import select

from app.web.pieces.dot_map import DotMap, dot_map
from app.web.pieces.mending import where_mended
from app.web.pieces.names import in_locale
from app.wording.codes import role_word
from app.wording.readiness_words import lack_text
from escalation.queries.readiness import UnitReadiness
from escalation.queries.readiness_rules import GRAVE, Missing
from tickets.directory.going_live import LiveDecision
from tickets.people.roles import Viewer
from tickets.schema import Unit
from tickets.states import Role


@dataclass(frozen=True, slots=True)
class ShownLack:
    """A lack as a reader sees it; `url` is empty where somebody else must mend it."""

    code: str
    text: str
    who: str
    url: str
    is_grave: bool


@dataclass(frozen=True, slots=True)
class ShownUnit:
    unit_id: int
    code: str
    name: str
    is_live: bool
    live_from: date | None
    lacks: tuple[ShownLack, ...]

    @property
    def tone(self) -> str:
        if not self.lacks:
            return "good"
        return "bad" if any(one.is_grave for one in self.lacks) else "warn"


def shown_lacks(lacks: Sequence[Missing], unit_id: int, viewer: Viewer) -> tuple[ShownLack, ...]:
    return tuple(_shown(one, unit_id, viewer) for one in lacks)


def shown_unit(one: UnitReadiness, decided: LiveDecision | None, viewer: Viewer) -> ShownUnit:
    facts = one.facts
    to_come = decided is not None and decided.is_live and not facts.is_live
    return ShownUnit(
        facts.unit_id,
        facts.code,
        in_locale(facts.name, facts.name_en),
        facts.is_live,
        decided.on_day if decided is not None and to_come else None,
        shown_lacks(one.lacks, facts.unit_id, viewer),
    )


def units_as_dots(units: Sequence[ShownUnit]) -> DotMap:
    """A dot for every unit that lies somewhere; what it lacks says its colour, and its name in words."""
    rows = g.session.scalars(select(Unit).where(Unit.id.in_([one.unit_id for one in units]))).all()
    return dot_map(rows, locale=in_locale("vi", "en"))


def _shown(one: Missing, unit_id: int, viewer: Viewer) -> ShownLack:
    url = where_mended(one, unit_id)
    # Pages of administration are changed by administrators alone: whoever else mends it asks them.
    may_mend = viewer.holds(Role.ADMINISTRATOR) or (
        viewer.holds(one.mended_by) and not url.startswith("/administration")
    )
    return ShownLack(
        one.code.value,
        lack_text(one, now=g.now),
        role_word(one.mended_by.value),
        url if may_mend else "",
        one.weight >= GRAVE,
    )
