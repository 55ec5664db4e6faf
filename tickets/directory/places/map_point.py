"""A point on the map in a text ("10.7769, 106.7009", a link to a map): which units lie nearest. It never decides.

A unit is known by one point of it, so that the nearest point may be a neighbour's: what is told is a distance, and a
question.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tickets.directory.places.outcome import Candidate, Option, Question, SpotHint, Why
from tickets.directory.places.rows import AreaUnit, PointRow

# As programs for maps write them: "?q=10.77,106.70", "@10.77,106.70,17z", "geo:10.77,106.70", "!3d10.77!4d106.70".
_POINT = re.compile(
    r"(?<![\d.])(?P<lat>-?\d{1,2}\.\d{3,15})(?:\s{0,3}(?:,|;|%2[Cc])\s{0,3}|!4d|&(?:lon|lng|long)=)(?P<lon>-?\d{1,3}\.\d{3,15})(?!\d)"
)
# Links that only lead to a map: what stands behind them is known to whoever opens them.
_SHORT_LINK = re.compile(
    r"\b(?:maps\.app\.goo\.gl|goo\.gl/maps|g\.co/kgs|maps\.apple(?:\.com)?/p|her\.is)/?\S*", re.IGNORECASE
)
_MOST_NEAR, _FARTHEST_METRES = 3, 15_000
_METRES_OF_A_DEGREE = 111_195


@dataclass(frozen=True, slots=True)
class MapPoint:
    lat: float
    lon: float
    written: str


def point_in(said: str) -> MapPoint | None:
    """The first point of a text."""
    found = _POINT.search(said)
    return MapPoint(float(found["lat"]), float(found["lon"]), found.group()) if found is not None else None


def is_unread_link(said: str) -> bool:
    """Whether a link to a map stands in a text that says nothing of where: nobody is told that it was understood."""
    return _SHORT_LINK.search(said) is not None and point_in(said) is None


def near_point(point: MapPoint, points: Sequence[PointRow], units: Mapping[int, AreaUnit]) -> SpotHint | None:
    """The nearest of `units`; None where it is far from all of them."""
    lat, lon = point.lat, point.lon
    near = _nearest(lat, lon, [one for one in points if one.unit in units])
    if not near:
        return None
    candidates = tuple(_candidate(units[unit], metres) for unit, metres in near)
    options = tuple(Option("unit", {"unit": one.unit_name}, (one.unit_id,)) for one in candidates)
    return SpotHint(point.written, _question(point, near[0][1], options), candidates)


def _question(point: MapPoint, metres: int, options: tuple[Option, ...]) -> Question:
    said = {"said": f"{point.lat:.5f}, {point.lon:.5f}", "metres": _shown(metres)}
    return Question("which_ward_near", said, options)


def _shown(metres: int) -> str:
    return f"{metres:,}".replace(",", "\u202f")


def _nearest(lat: float, lon: float, points: Sequence[PointRow]) -> list[tuple[int, int]]:
    """Units with their distance in metres, the nearest first."""
    by_unit: dict[int, float] = {}
    for one in points:
        metres = _METRES_OF_A_DEGREE * math.hypot(lat - one.lat, (lon - one.lon) * math.cos(math.radians(lat)))
        by_unit[one.unit] = min(metres, by_unit.get(one.unit, math.inf))
    nearest = sorted(by_unit.items(), key=lambda item: item[1])[:_MOST_NEAR]
    return [(unit, _rounded(metres)) for unit, metres in nearest if metres <= _FARTHEST_METRES]


def _rounded(metres: float) -> int:
    """As exact as one point of a ward can say."""
    return max(50, round(metres / 50) * 50)


def _candidate(unit: AreaUnit, metres: int) -> Candidate:
    why = Why("near_point", {"name": unit.name, "metres": _shown(metres)})
    return Candidate(unit.id, unit.code, unit.name, unit.kind, why)
