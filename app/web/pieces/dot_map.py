"""The city as dots: one point a unit, placed on a drawing; no boundaries, no tiles, nothing from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from tickets.schema import Unit
from tickets.states import UnitKind

WIDTH = 640
_MARGIN = 14
# The archipelago lies 180 km out at sea: drawn to scale it would leave the city a corner of the map.
_INSET_WIDTH, _INSET_HEIGHT = 110, 64


@dataclass(frozen=True, slots=True)
class Dot:
    """A unit's place on the drawing."""

    unit_id: int
    code: str
    name: str
    x: float
    y: float
    is_inset: bool = False


@dataclass(frozen=True, slots=True)
class DotMap:
    """A drawing of `width` × `height`; `inset` is the box (x, y, width, height) of what lies far out at sea."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    inset: tuple[int, int, int, int] | None


def dot_map(units: Sequence[Unit], *, locale: str) -> DotMap:
    """Place every unit that has a point: north is up, distances are true but for the inset."""
    placed = [unit for unit in units if unit.lat is not None and unit.lon is not None]
    mainland = [unit for unit in placed if unit.kind is not UnitKind.SPECIAL_ZONE]
    if not mainland:
        return DotMap(WIDTH, WIDTH, (), None)
    west, east = _ends([float(unit.lon or 0) for unit in mainland])
    south, north = _ends([float(unit.lat or 0) for unit in mainland])
    narrowing = cos(radians((south + north) / 2))
    scale = (WIDTH - 2 * _MARGIN) / ((east - west) * narrowing)
    height = round((north - south) * scale) + 2 * _MARGIN
    dots = [
        _dot(
            unit,
            _MARGIN + (float(unit.lon or 0) - west) * narrowing * scale,
            _MARGIN + (north - float(unit.lat or 0)) * scale,
            locale,
        )
        for unit in mainland
    ]
    islands = [unit for unit in placed if unit.kind is UnitKind.SPECIAL_ZONE]
    left, top = _MARGIN, height - _MARGIN - _INSET_HEIGHT
    for number, unit in enumerate(islands, start=1):
        x = left + _INSET_WIDTH * number / (len(islands) + 1)
        dots.append(_dot(unit, x, top + _INSET_HEIGHT - 18, locale, is_inset=True))
    return DotMap(WIDTH, height, tuple(dots), (left, top, _INSET_WIDTH, _INSET_HEIGHT) if islands else None)


def _dot(unit: Unit, x: float, y: float, locale: str, *, is_inset: bool = False) -> Dot:
    name = unit.name_en if locale == "en" else unit.name
    return Dot(unit.id, unit.code or "", name, round(x, 1), round(y, 1), is_inset)


def _ends(values: list[float]) -> tuple[float, float]:
    least, most = min(values), max(values)
    return (least, most) if most > least else (least - 0.1, most + 0.1)
