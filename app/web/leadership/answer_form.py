"""The fields of a leader's answer, the same on the page and behind the one-time link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.web.frame.current import settings
from app.web.pieces.moments import read_moment
from escalation.acknowledging.locked_level import LONGEST_INSTRUCTION
from tickets.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    instruction: str
    new_due_at: datetime | None


def read_answer(form: Mapping[str, str]) -> TypedAnswer:
    """Raises InvalidInput for a date that is none or words that would be cut off."""
    instruction = form.get("instruction", "").strip().replace("\0", "")
    if len(instruction) > LONGEST_INSTRUCTION:
        raise InvalidInput("instruction", "too_long", limit=LONGEST_INSTRUCTION)
    given = form.get("new_due_at", "").strip()
    return TypedAnswer(instruction, read_moment(given, settings().zone, field="new_due_at") if given else None)
