"""What the doctor finds: one line per thing that was looked at."""

from dataclasses import dataclass
from typing import Literal

Weight = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what it means."""

    subject: str
    verdict: Weight
    words: str
