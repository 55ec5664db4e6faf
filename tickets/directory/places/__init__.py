"""From what somebody says about a place to the units that may be responsible for it, and the question that decides."""

from tickets.directory.places.keypad import resolve_keys
from tickets.directory.places.lexicon import PlaceIndex, build_index
from tickets.directory.places.long_text import resolve_whole
from tickets.directory.places.map_point import is_unread_link
from tickets.directory.places.outcome import Candidate, Option, Question, Resolution, SpotHint, Why
from tickets.directory.places.resolve import resolve
from tickets.directory.places.rows import (
    AliasRow,
    AreaUnit,
    DistrictRow,
    LandmarkRow,
    OldWardRow,
    PlaceRows,
    PointRow,
    StreetRow,
)
from tickets.directory.places.shipped import rows_from_csv

__all__ = [
    "AliasRow",
    "AreaUnit",
    "Candidate",
    "DistrictRow",
    "LandmarkRow",
    "OldWardRow",
    "Option",
    "PlaceIndex",
    "PlaceRows",
    "PointRow",
    "Question",
    "Resolution",
    "SpotHint",
    "StreetRow",
    "Why",
    "build_index",
    "is_unread_link",
    "resolve",
    "resolve_keys",
    "resolve_whole",
    "rows_from_csv",
]
