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
    PERSON = "person"
    REPEAT = "repeat"
    LANGUAGE = "language"


@dataclass(frozen=True)
class MenuKey:
    """`opens_ticket`: the key alone is a matter, written in the same transaction; self-service keys promise nothing."""

    choice: MenuChoice
    opens_ticket: bool


# The same key means the same wherever a key is asked for: 0 is a person, 7 hears it again.
MENU: Mapping[str, MenuKey] = {
    "1": MenuKey(MenuChoice.REPORT, opens_ticket=True),
    "2": MenuKey(MenuChoice.EMERGENCY, opens_ticket=True),
    "3": MenuKey(MenuChoice.FOLLOW, opens_ticket=False),
    "4": MenuKey(MenuChoice.WHERE, opens_ticket=False),
    "7": MenuKey(MenuChoice.REPEAT, opens_ticket=False),
    "8": MenuKey(MenuChoice.VOICEMAIL, opens_ticket=True),
    "9": MenuKey(MenuChoice.CALLBACK, opens_ticket=True),
    "0": MenuKey(MenuChoice.PERSON, opens_ticket=True),
    "*": MenuKey(MenuChoice.LANGUAGE, opens_ticket=False),
}
PERSON_KEY, REPEAT_KEY, VOICEMAIL_KEY, CALLBACK_KEY, LANGUAGE_KEY = "0", "7", "8", "9", "*"

# What is read at first, after danger and the way to the other language: no more than a caller bears (15 s in all).
# A message is offered again where somebody waits.
FIRST_WORDS = (Prompt.MENU_REPORT, Prompt.MENU_PERSON, Prompt.MENU_FOLLOW, Prompt.MENU_WHERE, Prompt.MENU_CALLBACK)
# What is read to whoever wants to hear it slowly.
ALL_WORDS = (*FIRST_WORDS, Prompt.MENU_VOICEMAIL, Prompt.MENU_REPEAT)

# Somebody who says nothing is with a person after 25 s, the words of the menu and of the question included.
MENU_SECONDS, MENU_AGAIN_SECONDS = 4, 2
KEY_SECONDS = 10
MOST_WRONG_KEYS = 3
MOST_SILENCES = 2
