"""What is wrong with an imported file, row by row, in words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.wording.rule_faults import FAULT_WORDS
from app.wording.rule_names import rule_name
from tickets.file_errors import RowError

_NAMES_THE_PROMISE = {"offsets_do_not_increase", "climbs_too_high", "unit_lacks_post", "no_emergency"}
# Where a fault stands in a file is no name of a promise.
_OF_A_FILE = re.compile(r"(chains|policies)\[")
_NAMES_THE_VALUE = {"bad_name", "no_such_post", "no_such_calendar", "leaves_gap", "no_such_chain"}


@dataclass(frozen=True, slots=True)
class FaultLine:
    where: str
    words: str
    detail: str


def fault_words_of(error: RowError) -> str:
    """A sentence, with what it is about where the sentence alone does not say it."""
    words = str(FAULT_WORDS.get(error.code, error.code.replace("_", " ")))
    promise = rule_name(error.where) if error.code in _NAMES_THE_PROMISE and not _OF_A_FILE.match(error.where) else ""
    told = promise or (error.detail if error.code in _NAMES_THE_VALUE else "")
    return f"{words} ({told})" if told else words


def fault_lines(errors: Iterable[RowError]) -> list[FaultLine]:
    return [
        FaultLine(one.where, str(FAULT_WORDS.get(one.code, one.code.replace("_", " "))), one.detail) for one in errors
    ]
