"""The telephone menu as data: which key does what, and what it asks the ticket side to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from telephony.plan.prompts import Prompt

# Units that one question offers, said or texted: more, nobody keeps in mind.
MOST_OPTIONS = 6


class MenuChoice(StrEnum):
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
    """`opens_ticket`: the key alone is a matter, written in the same transaction; self-service keys promise nothing.

    `words` reads the key out; the language is offered apart, in its own tongue.
    """

    choice: MenuChoice
    opens_ticket: bool
    words: Prompt | None = None


MENU: Mapping[str, MenuKey] = {
    "1": MenuKey(MenuChoice.REPORT, opens_ticket=True, words=Prompt.MENU_REPORT),
    "2": MenuKey(MenuChoice.EMERGENCY, opens_ticket=True, words=Prompt.MENU_EMERGENCY),
    "3": MenuKey(MenuChoice.FOLLOW, opens_ticket=False, words=Prompt.MENU_FOLLOW),
    "4": MenuKey(MenuChoice.WHERE, opens_ticket=False, words=Prompt.MENU_WHERE),
    "8": MenuKey(MenuChoice.VOICEMAIL, opens_ticket=True, words=Prompt.MENU_VOICEMAIL),
    "9": MenuKey(MenuChoice.CALLBACK, opens_ticket=True, words=Prompt.MENU_CALLBACK),
    "0": MenuKey(MenuChoice.REPEAT, opens_ticket=False, words=Prompt.MENU_REPEAT),
    "*": MenuKey(MenuChoice.LANGUAGE, opens_ticket=False),
}

# In the order in which they are read.
MENU_WORDS = tuple(key.words for key in MENU.values() if key.words is not None)

KEY_SECONDS = 10
MOST_WRONG_KEYS = 3
MOST_SILENCES = 2
