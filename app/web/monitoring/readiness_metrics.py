"""How many units are live and what they lack, and gaps of the rota, for who watches a city on its way there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client.core import Metric
from sqlalchemy.orm import Session

from app.web.monitoring.families import gauge, gauges, seconds_since
from escalation.queries.readiness import units_readiness
from escalation.queries.readiness_rules import Shortfall
from escalation.queries.rota_gaps import gaps_ahead

# Every unit's night is played through for it: too dear for every scrape, and it changes when people change it.
_LOOK_AGAIN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Found:
    at: datetime
    live: int
    lacking: Counter[Shortfall]
    gaps: int


class KeptReadiness:
    """What one process found last, told with its age until it is too old."""

    def __init__(self) -> None:
        self._found: _Found | None = None

    def metrics(self, session: Session, *, now: datetime) -> Iterator[Metric]:
        found = self._found
        # A clock that was set back makes it old, not young.
        if found is None or not timedelta(0) <= now - found.at < _LOOK_AGAIN_AFTER:
            found = self._found = _look(session, now=now)
        yield gauge(
            "hotline_rota_gaps_ahead", "Stretches of the next week in which nobody answers for a post", found.gaps
        )
        yield gauge("hotline_units_live", "Units that receive what is their own", found.live)
        rows = (([code.value], found.lacking[code]) for code in Shortfall)
        yield gauges("hotline_units_lacking", "Units that lack something before they can be relied on", ("what",), rows)
        age = seconds_since(found.at, now=now)
        yield gauge("hotline_readiness_age_seconds", "Since units and the rota were looked at for these", age)


def _look(session: Session, *, now: datetime) -> _Found:
    units = units_readiness(session, now=now)
    lacking = Counter(lack.code for one in units for lack in one.lacks)
    return _Found(now, sum(one.facts.is_live for one in units), lacking, len(gaps_ahead(session, now=now)))
