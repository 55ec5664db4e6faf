"""How many units are live and what they lack, for who watches a city on its way there."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric
from sqlalchemy.orm import Session

from app.web.monitoring.families import gauge, gauges
from escalation.queries.readiness import units_readiness
from escalation.queries.readiness_rules import Shortfall


def readiness_metrics(session: Session, *, now: datetime) -> Iterator[Metric]:
    units = units_readiness(session, now=now)
    yield gauge("hotline_units_live", "Units that receive what is their own", sum(one.facts.is_live for one in units))
    lacking = Counter(lack.code for one in units for lack in one.lacks)
    rows = (([code.value], lacking[code]) for code in Shortfall)
    yield gauges("hotline_units_lacking", "Units that lack something before they can be relied on", ("what",), rows)
