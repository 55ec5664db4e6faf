"""Words of files that are brought in: how far each is, what it does, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from app.wording.table_faults import column_label, table_fault
from tickets.file_errors import RowError

STATE_WORDS: Mapping[str, LazyString] = {
    "waiting": lazy_gettext("Being read"),
    "judged": lazy_gettext("Waits for your confirmation"),
    "refused": lazy_gettext("Has faults; nothing was written"),
    "confirmed": lazy_gettext("Being written"),
    "done": lazy_gettext("Taken over"),
    "undoing": lazy_gettext("Being undone"),
    "undone": lazy_gettext("Undone"),
    "dropped": lazy_gettext("Put away"),
    "failed": lazy_gettext("Failed; nothing was written"),
}
_COUNTS: Mapping[str, LazyString] = {
    "new": lazy_gettext("new"),
    "changed": lazy_gettext("changed"),
    "closed": lazy_gettext("closed"),
    "unchanged": lazy_gettext("the same already"),
    "refused": lazy_gettext("with faults"),
}


@dataclass(frozen=True, slots=True)
class CountWord:
    code: str
    word: str
    number: int


@dataclass(frozen=True, slots=True)
class RowFault:
    where: str
    column: str
    words: str


def count_words(counts: Mapping[str, int]) -> list[CountWord]:
    """In the order of the summary; what there is none of stays out, except of what is new and changed."""
    shown = [CountWord(code, str(word), int(counts.get(code, 0))) for code, word in _COUNTS.items() if counts]
    return [one for one in shown if one.number or one.code in ("new", "changed")]


def row_faults(kind: str, faults: Sequence[RowError]) -> list[RowFault]:
    return [
        RowFault(
            _("Row %(number)s", number=one.row) if one.row else _("The file"),
            column_label(kind, one.column),
            table_fault(one, kind),
        )
        for one in faults
    ]
