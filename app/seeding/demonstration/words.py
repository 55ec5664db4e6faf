"""What invented citizens and offices say: texts from the files beside this one, with their blanks filled in."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

_FOLDER = Path(__file__).resolve().parent
_TIMES = ("19 giờ", "20 giờ 30", "21 giờ", "22 giờ", "23 giờ", "nửa đêm", "17 giờ", "6 giờ sáng")


@dataclass(frozen=True, slots=True)
class ScriptedMatter:
    """One citizen's words with where they belong; `unit_code` is empty where only the text tells the place."""

    kind: str
    body: str
    category: str
    channels: tuple[str, ...]
    unit_code: str
    place: str
    locale: str
    procedure: str
    with_dossier: bool
    emergency: bool
    anonymous: bool
    spam: bool


@dataclass(frozen=True, slots=True)
class ToldPlace:
    """Where a matter lies: the unit's code, the ways people write it with and without marks, streets there."""

    unit_code: str
    said: tuple[str, ...]
    plain: tuple[str, ...]
    streets: tuple[str, ...]


@cache
def _file(name: str) -> Any:
    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def scripted_guidance() -> list[dict[str, str]]:
    return list(_file("guidance"))


def kinds() -> list[str]:
    return [str(matter["id"]) for matter in _file("matters")]


def say(kind: str, rng: Random, *, at: ToldPlace | None = None) -> ScriptedMatter:
    """The matter of this kind, told by somebody at this place, or at one of the demonstration's."""
    matter = next(matter for matter in _file("matters") if matter["id"] == kind)
    text = str(matter["say"])
    place = _one_of([(at, 1)] if at else _places(), rng) if "{ward" in text else None
    name = rng.choice(place.said) if place else ""
    body = text.format(
        ward=name,
        ward_title=name[:1].upper() + name[1:],
        ward_plain=rng.choice(place.plain) if place else "",
        street=rng.choice(place.streets) if place else "",
        number=rng.randint(3, 420),
        days=rng.randint(3, 14),
        time=rng.choice(_TIMES),
    )
    return ScriptedMatter(
        kind=kind,
        body=body,
        category=str(matter["category"]),
        channels=tuple(matter["channels"]),
        unit_code=place.unit_code if place else "",
        place=name,
        locale=str(matter.get("locale", "vi")),
        procedure=str(matter.get("procedure", "")),
        with_dossier=bool(matter.get("dossier")),
        emergency=bool(matter.get("emergency")),
        anonymous=bool(matter.get("anonymous")),
        spam=bool(matter.get("spam")),
    )


def place_in(unit_code: str) -> ToldPlace:
    """The demonstration's place in this unit."""
    return next(place for place, _weight in _places() if place.unit_code == unit_code)


def _one_of(weighted: list[tuple[ToldPlace, int]], rng: Random) -> ToldPlace:
    places, weights = zip(*weighted, strict=True)
    chosen: ToldPlace = rng.choices(places, weights)[0]
    return chosen


@cache
def _places() -> list[tuple[ToldPlace, int]]:
    return [
        (ToldPlace(str(one["unit"]), tuple(one["said"]), tuple(one["plain"]), tuple(one["streets"])), one["weight"])
        for one in _file("places")
    ]


def answer(kind: str, rng: Random) -> str:
    """One of the sentences of `answers.yaml`."""
    return str(rng.choice(_file("answers")[kind]))


def invented_name(rng: Random) -> str:
    names = _file("names")
    sex = rng.choice("fm")
    return " ".join(rng.choice(names[part]) for part in ("family", f"middle_{sex}", f"given_{sex}"))
