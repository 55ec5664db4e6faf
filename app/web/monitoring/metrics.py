"""`/metrics` for Prometheus: the rows, so that every process tells the same, and what this node counted."""

from collections.abc import Callable, Iterator
from datetime import datetime

from flask import Blueprint, Response, g
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from app.web.frame.access import internal
from app.web.frame.application import HotlineApp
from app.web.frame.current import hotline
from app.web.frame.pool_watch import most_connections
from app.web.monitoring.families import gauge
from app.web.monitoring.health import judged, known_schema
from app.web.monitoring.latest_answer import PATIENCE_SECONDS, LatestAnswer
from app.web.monitoring.media_check import media_check
from app.web.monitoring.node_metrics import NodeMetrics, redis_seconds
from app.web.monitoring.process_metrics import ProcessMetrics
from app.web.monitoring.readiness_metrics import KeptReadiness
from app.web.monitoring.row_metrics import RowMetrics

blueprint = Blueprint("metrics", __name__)

# Beside the database's, and together within the two seconds that whoever watches us waits.
_REDIS_WITHIN_SECONDS = 0.3


@blueprint.get("/metrics")
@internal
def metrics() -> Response:
    """What the rows say, or said last when the database does not answer; `hotline_metrics_age_seconds` tells."""
    app, now = hotline(), g.now
    redis = _redis_now(app)
    told = _rows_told(app, now=now)
    if app.is_bound:
        return _page(told(g.session), _of_node(app, redis, now=now), is_new=True, age_seconds=0.0)
    last: LatestAnswer[bytes] = app.extensions.setdefault("metrics", LatestAnswer())
    sessions = app.monitoring_sessions

    def work() -> bytes:
        with sessions() as session:
            return told(session)

    is_new = last.ask(work, patience_seconds=PATIENCE_SECONDS)
    return _page(last.value or b"", _of_node(app, redis, now=now), is_new=is_new, age_seconds=last.age_seconds)


def _rows_told(app: HotlineApp, *, now: datetime) -> Callable[[Session], bytes]:
    """What a thread of its own will ask, which knows nothing of this request."""
    here, tables, media, readiness = app.settings, known_schema(), media_check(app), _known_readiness(app)

    def told(session: Session) -> bytes:
        rows = _written(RowMetrics(session, here, readiness, now=now))
        # Last: where health meets trouble it gives the session back as new.
        checks = judged(session, here, tables, now=now).checks | media
        return rows + _written(ProcessMetrics(session, checks, now=now))

    return told


def _known_readiness(app: HotlineApp) -> KeptReadiness:
    """What this process found of units and rota a few minutes ago."""
    found: KeptReadiness = KeptReadiness() if app.is_bound else app.extensions.setdefault("readiness", KeptReadiness())
    return found


def _redis_now(app: HotlineApp) -> float | None:
    """How long Redis took to answer, None where it did not in time, or where there is none to ask."""
    url = app.settings.redis_url
    if not url:
        return None
    last: LatestAnswer[float | None] = app.extensions.setdefault("redis_answer", LatestAnswer())
    return last.value if last.ask(lambda: redis_seconds(url), patience_seconds=_REDIS_WITHIN_SECONDS) else None


def _of_node(app: HotlineApp, redis: float | None, *, now: datetime) -> NodeMetrics:
    pools = {"pages": app.sessions, "telephone": app.webhook_sessions}
    most = {name: most_connections(sessions.kw["bind"]) for name, sessions in pools.items()}
    return NodeMetrics(app.settings.data_dir, app.counts, most, redis_seconds=redis, now=now)


def _page(rows: bytes, node: NodeMetrics, *, is_new: bool, age_seconds: float | None) -> Response:
    own = _written(node) + _written(_Answered(is_new, age_seconds))
    return Response(rows + own, content_type=CONTENT_TYPE_LATEST)


class _Answered(Collector):
    """Whether what stands above is of now; `age_seconds` is None where it was never read."""

    def __init__(self, is_new: bool, age_seconds: float | None) -> None:
        self._is_new, self._age_seconds = is_new, age_seconds

    def collect(self) -> Iterator[Metric]:
        yield gauge("hotline_database_answers", "Whether the database answered this scrape", self._is_new)
        age = float("nan") if self._age_seconds is None else self._age_seconds
        yield gauge("hotline_metrics_age_seconds", "Since the figures from rows were read", age)


def _written(figures: Collector) -> bytes:
    registry = CollectorRegistry()
    registry.register(figures)
    return generate_latest(registry)
