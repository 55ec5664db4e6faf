"""Figures in the form in which Prometheus reads them."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily


def gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    """One figure that goes up and down."""
    family = GaugeMetricFamily(name, words)
    family.add_metric([], value)
    return family


def gauges(
    name: str, words: str, labels: tuple[str, ...], values: Iterable[tuple[Iterable[str], float]]
) -> GaugeMetricFamily:
    """The same of several things, each with its labels."""
    family = GaugeMetricFamily(name, words, labels=labels)
    for named, value in values:
        family.add_metric(list(named), value)
    return family


def total(name: str, words: str, value: float) -> CounterMetricFamily:
    """A number that never falls; told under `name` with `_total`."""
    family = CounterMetricFamily(name, words)
    family.add_metric([], value)
    return family


def seconds_since(at: datetime | None, *, now: datetime) -> float:
    """0 where nothing is there, or where it is still to come."""
    return max(0.0, (now - at).total_seconds()) if at else 0.0
