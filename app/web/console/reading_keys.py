"""What a ticket's words were read as, and the keys that put it right: the likeliest other readings first."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from app.web.frame.current import rules
from app.web.pieces.names import in_locale
from app.wording.reading_words import danger_read_word
from tickets.matter import read_matter
from tickets.routing.decision import category_codes
from tickets.schema import Ticket
from tickets.states import UNFINISHED, Priority
from tickets.work.readings import NO, danger_read

# Further kinds than these are chosen from the list.
_MOST_KINDS = 3


@dataclass(frozen=True, slots=True)
class ReadingKey:
    """A button: what it sends, what it says and by which key it is pressed."""

    code: str
    words: str
    key: str


@dataclass(frozen=True, slots=True)
class ReadingShown:
    danger: str
    keys: Sequence[ReadingKey]


def read_as_shown(ticket: Ticket, *, work: bool, move: bool, alone: bool) -> ReadingShown | None:
    """None where this person may put nothing right. `move`: to another unit or name; `alone`: nothing that eases it."""
    if not work or ticket.status not in UNFINISHED:
        return None
    danger = danger_read(ticket)
    keys = [*_of_danger(ticket, danger, alone=alone)]
    if move and not ticket.is_restricted:
        keys += [_of_praise(ticket), ReadingKey("accuses", _("About officials"), "o"), *_of_kind(ticket)]
    return ReadingShown(danger_read_word(danger), keys)


def _of_danger(ticket: Ticket, danger: str, *, alone: bool) -> list[ReadingKey]:
    is_emergency = ticket.priority is Priority.EMERGENCY
    keys = [] if is_emergency else [ReadingKey("danger-yes", _("Somebody is in danger"), "d")]
    if (is_emergency or danger != NO) and not alone:
        keys.append(ReadingKey("danger-no", _("Nobody is in danger"), "u"))
    return keys


def _of_praise(ticket: Ticket) -> ReadingKey:
    if ticket.is_praise:
        return ReadingKey("praise-no", _("Not praise: it asks for something"), "l")
    return ReadingKey("praise-yes", _("Praise"), "l")


def _of_kind(ticket: Ticket) -> list[ReadingKey]:
    routing = rules().routing
    said = f"{ticket.subject}\n{ticket.body}"
    known = {category.code: category for category in routing.categories.values() if not category.conduct}
    codes = [code for code in category_codes(said, read_matter(said, routing.words), routing) if code in known]
    others = [known[code] for code in codes if known[code].id != ticket.category_id][:_MOST_KINDS]
    return [
        ReadingKey(f"category:{one.code}", in_locale(one.name, one.name_en), str(number))
        for number, one in enumerate(others, 1)
    ]
