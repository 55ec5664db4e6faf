"""Words of the catalogue of procedures: its stages, and how far a procedure is done online."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from app.wording.codes import word_of
from tickets.states import CatalogueStage

STAGE_WORDS: Mapping[str, LazyString] = {
    CatalogueStage.ANNOUNCED: lazy_gettext("announced"),
    CatalogueStage.PROPOSED: lazy_gettext("list proposed"),
    CatalogueStage.PUBLISHED: lazy_gettext("published"),
    CatalogueStage.INTERNAL: lazy_gettext("internal procedure"),
    CatalogueStage.ELECTRONIC: lazy_gettext("electronic procedure"),
    CatalogueStage.NATIONAL: lazy_gettext("in the national database"),
}
_ONLINE_WORDS: Mapping[str, LazyString] = {
    "": lazy_gettext("not known"),
    "none": lazy_gettext("not online"),
    "partial": lazy_gettext("in part online"),
    "full": lazy_gettext("wholly online"),
}


def stage_word(stage: str) -> str:
    return word_of(STAGE_WORDS, stage)


def online_word(level: str) -> str:
    return word_of(_ONLINE_WORDS, level)
