"""What a call remembers between two webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tickets.states import CallState

# Where nobody has been spoken to yet, and what is said is heard by nobody else.
BEFORE_A_PERSON = (CallState.GREETING, CallState.MENU, CallState.PLACE, CallState.STATUS)


@dataclass(frozen=True, slots=True)
class Conversation:
    """`asking` is the question open within the state; `told` are the things said once and not again."""

    state: CallState
    locale: str = "vi"
    asking: str = ""
    choice: str = ""
    wrong_keys: int = 0
    silences: int = 0
    slow: bool = False
    # Units read out for choosing, as (id, name), in the order of their keys.
    options: tuple[tuple[int, str], ...] = ()
    reference: str = ""
    last_position: int | None = None
    told: tuple[str, ...] = ()
    # How long the caller had waited when a position was last said.
    said_at: int | None = None

    def at(self, state: CallState, asking: str = "") -> Conversation:
        """In another state, where wrong keys and silences are counted afresh."""
        return replace(self, state=state, asking=asking, wrong_keys=0, silences=0)

    def ask(self, asking: str) -> Conversation:
        return replace(self, asking=asking)

    def tell(self, what: str) -> Conversation:
        return self if what in self.told else replace(self, told=(*self.told, what))


def remembered(conversation: Conversation) -> dict[str, Any]:
    """What has no column of its own, for the call row's `detail`."""
    return {
        "asking": conversation.asking,
        "slow": conversation.slow,
        "options": [list(option) for option in conversation.options],
        "reference": conversation.reference,
        "told": list(conversation.told),
        "said_at": conversation.said_at,
    }


def recalled(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a conversation kept in `detail`."""
    return {
        "asking": str(detail.get("asking", "")),
        "slow": bool(detail.get("slow")),
        "options": tuple((int(i), str(name)) for i, name in detail.get("options", ())),
        "reference": str(detail.get("reference", "")),
        "told": tuple(str(what) for what in detail.get("told", ())),
        "said_at": detail.get("said_at"),
    }
