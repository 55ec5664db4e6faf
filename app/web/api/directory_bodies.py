"""The shapes of what stands in the directory, and of what a text says about a place, for outside programs."""

from typing import Any, Literal

from pydantic import BaseModel


class BothLanguages(BaseModel):
    vi: str
    en: str


class PlaceCandidate(BaseModel):
    code: str
    name: str
    kind: str
    why: str
    why_en: str


class PlaceOption(BaseModel):
    code: str
    text: BothLanguages
    units: list[str]


class PlaceQuestion(BaseModel):
    id: str
    text: BothLanguages
    options: list[PlaceOption]


class PlaceHint(BaseModel):
    """What a street or a landmark says where nothing else was understood: which units to ask about."""

    said: str
    candidates: list[PlaceCandidate]
    question: PlaceQuestion


class Resolved(BaseModel):
    outcome: Literal["unique", "split", "ambiguous", "none"]
    said: str
    candidates: list[PlaceCandidate]
    question: PlaceQuestion | None
    hint: PlaceHint | None


class ReferenceRows(BaseModel):
    items: list[dict[str, Any]]
    next: str | None


class UnitItem(BaseModel):
    code: str | None
    name: str
    name_en: str
    kind: str
    former_province: str | None
    valid_from: str | None


class UnitList(BaseModel):
    items: list[UnitItem]
    next: str | None


class ProcedureItem(BaseModel):
    code: str | None
    name: str
    field: str
    level: str
    decision_no: str


class ProcedureList(BaseModel):
    items: list[ProcedureItem]
    next: str | None


class QueueItem(BaseModel):
    id: int
    kind: str
    name: str
    name_en: str
    unit: str | None


class QueueList(BaseModel):
    items: list[QueueItem]
    next: str | None


class LackOut(BaseModel):
    """`code` stays what it is; `mended_by` is the role of whoever can mend it, `where` the page on which they do."""

    code: str
    text: BothLanguages
    mended_by: str
    where: str


class ReadyUnit(BaseModel):
    code: str
    name: str


class ReadinessItem(BaseModel):
    """The first item is the city itself, then every unit by name; `live_from` may be a day to come."""

    unit: ReadyUnit
    live: bool
    live_from: str | None
    lacks: list[LackOut]


class ReadinessList(BaseModel):
    items: list[ReadinessItem]
    next: str | None
