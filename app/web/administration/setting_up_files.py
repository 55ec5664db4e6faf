"""The files a city is entered from, in the order in which each finds what it names, with what is in already."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import g
from flask_babel import LazyString, lazy_gettext

from app.wording.file_words import title_of
from app.wording.language import language
from tickets.queries.entered_counts import entered_counts

# By the names in `app/seeding/file_kinds.py`, in its order; a test compares both. Why each stands where it does.
FILES_IN_ORDER: Mapping[str, LazyString] = {
    "units": lazy_gettext("Every other file names a unit. The city’s are here already: bring in what differs."),
    "offices": lazy_gettext("Each belongs to a unit, and lines belong to it. Citizens read its address and hours."),
    "lines": lazy_gettext("Each belongs to an office: by the number that was dialled a call finds its unit."),
    "posts": lazy_gettext("Reports go to posts. The usual ones are here already; people are put on them next."),
    "people": lazy_gettext("Each row names a unit and a post that must be there. Afterwards they are invited."),
    "rota": lazy_gettext("Names people at their posts: who is on duty in which hours, day and night."),
    "responsibilities": lazy_gettext("Names leaders of the city: who answers for which field and which area."),
    "categories": lazy_gettext("Which department answers for which kind of matter. The usual ones are here already."),
    "procedures": lazy_gettext("Each names the department that handles it."),
    "holidays": lazy_gettext("Promised dates leave these days out: enter this year’s and the next’s."),
}


@dataclass(frozen=True, slots=True)
class FileInOrder:
    """A kind of file as the guide lists it."""

    kind: str
    title: str
    why: str
    rows: int


def files_in_order() -> list[FileInOrder]:
    entered = entered_counts(g.session, now=g.now)
    return [
        FileInOrder(kind, title_of(kind, language()), str(why), entered[kind]) for kind, why in FILES_IN_ORDER.items()
    ]
