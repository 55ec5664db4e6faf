"""The telephone menu as data: which key does what, and what it asks the ticket side to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Choice(StrEnum):
    REPORT = "report"
    EMERGENCY = "emergency"
    FOLLOW = "follow"
    WHERE = "where"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    REPEAT = "repeat"
    LANGUAGE = "language"


@dataclass(frozen=True)
class MenuKey:
    """`opens_ticket`: the key alone is a matter, written in the same transaction; self-service keys promise nothing."""

    choice: Choice
    opens_ticket: bool


MENU: Mapping[str, MenuKey] = {
    "1": MenuKey(Choice.REPORT, opens_ticket=True),
    "2": MenuKey(Choice.EMERGENCY, opens_ticket=True),
    "3": MenuKey(Choice.FOLLOW, opens_ticket=False),
    "4": MenuKey(Choice.WHERE, opens_ticket=False),
    "8": MenuKey(Choice.VOICEMAIL, opens_ticket=True),
    "9": MenuKey(Choice.CALLBACK, opens_ticket=True),
    "0": MenuKey(Choice.REPEAT, opens_ticket=False),
    "*": MenuKey(Choice.LANGUAGE, opens_ticket=False),
}

KEY_SECONDS = 10
MOST_WRONG_KEYS = 3
MOST_SILENCES = 2
