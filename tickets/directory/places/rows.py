"""The plain rows a place index is built from, whoever loads them: a database or the shipped files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

AreaKind = Literal["ward", "commune", "special_zone"]
AliasKind = Literal["city", "province", "district", "earlier_district", "everyday", "shared", "elsewhere", "heard"]


@dataclass(frozen=True, slots=True)
class AreaUnit:
    """A unit that answers, or answered, for an area. `valid_to` is the first day on which it no longer exists.

    The id is the key, never the code: codes are used again for other units.
    """

    id: int
    code: str
    name: str
    kind: AreaKind
    valid_from: date
    valid_to: date | None
    former_province: str


@dataclass(frozen=True, slots=True)
class OldWardRow:
    """A ward, commune or town that no longer exists, in one of the districts it belonged to.

    `successors` are the ids of the units that answer for its area today; more than one means it was divided.
    `merged_into` names the ward it had already become before the last reorganisation, if it did not live to see it.
    A ward that changed its district has one row per district. A district without wards has one row that bears its
    name.
    """

    name: str
    district: str
    province: str
    successors: tuple[int, ...]
    old_code: str | None = None
    merged_into: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def is_divided(self) -> bool:
        return len(self.successors) > 1


@dataclass(frozen=True, slots=True)
class DistrictRow:
    """An abolished district. Two may bear one name when one followed the other."""

    name: str
    province: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class AliasRow:
    """Another way to say the `city`, a former `province` or a `district`, or a warning.

    An `earlier_district` is known by its bare name too, a `district` only after its kind or beside a ward. `everyday`
    words only look like a name, a `shared` name is also something else's, and what lies beside a place `elsewhere`
    is not ours. A name as it is only `heard` means the one it stands for, and never one that is somebody's own.
    """

    kind: AliasKind
    alias: str
    means: str


@dataclass(frozen=True, slots=True)
class StreetRow:
    """A street in an abolished district; `wards` are the units it is known to run through, none: not known which."""

    name: str
    district: str
    wards: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LandmarkRow:
    """What people name instead of an address; `unit` where it is known."""

    name: str
    also: tuple[str, ...]
    district: str
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class PointRow:
    """A point that is known to lie in a unit: its own, or a landmark's."""

    unit: int
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class PlaceRows:
    """All that a resolver knows, in one value."""

    units: Sequence[AreaUnit]
    old_wards: Sequence[OldWardRow]
    districts: Sequence[DistrictRow]
    aliases: Sequence[AliasRow] = field(default=())
    streets: Sequence[StreetRow] = field(default=())
    landmarks: Sequence[LandmarkRow] = field(default=())
    points: Sequence[PointRow] = field(default=())
