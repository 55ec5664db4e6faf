"""The words for what became of a problem."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from app.wording.codes import word_of
from tickets.states import ProblemState

PROBLEM_STATES: Mapping[str, LazyString] = {
    ProblemState.PROPOSED: lazy_gettext("Proposed, nobody's yet"),
    ProblemState.OPEN: lazy_gettext("Somebody's task"),
    ProblemState.CLOSED: lazy_gettext("Closed"),
    ProblemState.DISMISSED: lazy_gettext("No problem"),
}


def problem_word(code: str) -> str:
    return word_of(PROBLEM_STATES, code)
