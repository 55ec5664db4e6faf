"""The words for how far a guidance has come."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from app.wording.codes import word_of
from tickets.states import GuidanceState

GUIDANCE_STATES: Mapping[str, LazyString] = {
    GuidanceState.DRAFTED: lazy_gettext("Draft"),
    GuidanceState.SUBMITTED: lazy_gettext("Before the leaders"),
    GuidanceState.APPROVED: lazy_gettext("Approved, not issued yet"),
    GuidanceState.ISSUED: lazy_gettext("In force"),
    GuidanceState.WITHDRAWN: lazy_gettext("Withdrawn"),
}


def guidance_word(code: str) -> str:
    return word_of(GUIDANCE_STATES, code)
