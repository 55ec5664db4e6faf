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


@cache
def _file(name: str) -> Any:
    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def kinds() -> list[str]:
    return [str(matter["id"]) for matter in _file("matters")]


def say(kind: str, rng: Random, *, unit: str = "") -> ScriptedMatter:
    """The matter of this kind, told by somebody at one of the demonstration's places, or in this unit."""
    matter = next(matter for matter in _file("matters") if matter["id"] == kind)
    text = str(matter["say"])
    place = _place(rng, unit) if "{ward" in text else None
    name = rng.choice(place["said"]) if place else ""
    body = text.format(
        ward=name,
        ward_title=name[:1].upper() + name[1:],
        ward_plain=rng.choice(place["plain"]) if place else "",
        street=rng.choice(place["streets"]) if place else "",
        number=rng.randint(3, 420),
        days=rng.randint(3, 14),
        time=rng.choice(_TIMES),
    )
    return ScriptedMatter(
        kind=kind,
        body=body,
        category=str(matter["category"]),
        channels=tuple(matter["channels"]),
        unit_code=str(place["unit"]) if place else "",
        place=name,
        locale=str(matter.get("locale", "vi")),
        procedure=str(matter.get("procedure", "")),
        with_dossier=bool(matter.get("dossier")),
        emergency=bool(matter.get("emergency")),
        anonymous=bool(matter.get("anonymous")),
        spam=bool(matter.get("spam")),
    )


def _place(rng: Random, unit: str) -> Any:
    places = [place for place in _file("places") if unit in ("", str(place["unit"]))]
    return rng.choices(places, [place["weight"] for place in places])[0]


def answer(kind: str, rng: Random) -> str:
    """One of the sentences of `answers.yaml`."""
    return str(rng.choice(_file("answers")[kind]))


def invented_name(rng: Random) -> str:
    names = _file("names")
    sex = rng.choice("fm")
    return " ".join(rng.choice(names[part]) for part in ("family", f"middle_{sex}", f"given_{sex}"))
