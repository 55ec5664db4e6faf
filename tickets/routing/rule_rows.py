"""The rows that routing decides by, one class a table, as they stand on a day."""

from dataclasses import dataclass

from tickets.states import Level, Priority, UnitKind

WARD_KINDS = frozenset({UnitKind.WARD, UnitKind.COMMUNE, UnitKind.SPECIAL_ZONE})


@dataclass(frozen=True, slots=True)
class UnitRule:
    id: int
    code: str | None
    name: str
    name_en: str
    kind: UnitKind

    @property
    def level(self) -> Level:
        return Level.WARD if self.kind in WARD_KINDS else Level.CITY


@dataclass(frozen=True, slots=True)
class CategoryRule:
    id: int
    code: str
    name: str
    name_en: str
    level: Level
    department_id: int | None
    priority: Priority
    conduct: str = ""


@dataclass(frozen=True, slots=True)
class ProcedureRule:
    id: int
    code: str | None
    name: str
    level: Level
    department_id: int | None
    boundary_free: bool


@dataclass(frozen=True, slots=True)
class LineRule:
    id: int
    phone: str
    unit_id: int
    is_city: bool
