"""Protocol cards: what an agent says and does when somebody is in danger, as data in every language."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from app.settings import ROOT
from tickets.states import ProtocolKind

FOLDER = ROOT / "templates" / "protocols"


@dataclass(frozen=True, slots=True)
class ProtocolCard:
    """`call`: the numbers of those who come at once, first things first."""

    kind: ProtocolKind
    title: str
    call: tuple[str, ...]
    say: tuple[str, ...]
    do: tuple[str, ...]
    avoid: tuple[str, ...]


@cache
def protocol_cards(locale: str) -> tuple[ProtocolCard, ...]:
    """All of them, in the order in which they are offered; in Vietnamese where a language has none."""
    path = FOLDER / f"{locale}.yaml"
    told: dict[str, Any] = yaml.safe_load((path if path.exists() else FOLDER / "vi.yaml").read_text("utf-8"))
    return tuple(_card(kind, told[kind.value]) for kind in ProtocolKind)


def protocol_card(kind: ProtocolKind, locale: str) -> ProtocolCard:
    return next(card for card in protocol_cards(locale) if card.kind is kind)


def titles_of(kind: ProtocolKind) -> dict[str, str]:
    """What it is called, in each language in which somebody is told of it."""
    return {locale: protocol_card(kind, locale).title for locale in ("vi", "en")}


def _card(kind: ProtocolKind, told: dict[str, Any]) -> ProtocolCard:
    parts = {name: tuple(str(line) for line in told[name]) for name in ("call", "say", "do", "avoid")}
    return ProtocolCard(kind, str(told["title"]), **parts)
