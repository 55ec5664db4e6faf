"""What somebody brings to us, as every door hands it over, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from tickets.directory.places import Resolution
from tickets.errors import InvalidInput
from tickets.promises.opening import OpeningClock
from tickets.routing.decision import RoutingReason
from tickets.routing.review import ReviewingBody
from tickets.routing.rules import Rules
from tickets.states import Channel, ClockKind, Level, Priority, TicketStatus
from tickets.typed_text import MAX_BODY, MAX_SHORT, MAX_SUBJECT, clean_dossier_number, clean_text

_SUBJECT_FROM_BODY = 90
# For a matter that brought none yet: a picture alone.
NO_WORDS = "—"


@dataclass(frozen=True)
class Matter:
    """A question, report or wish. Codes are as outside programs know them; `phone` is E.164, None when withheld.

    `contact_source_key` makes a repetition of the same request the same ticket. `arrived_at` is when the contact
    reached us, which is what promises count from. `live_call`: an agent opens it while talking with the citizen.
    `unit_code` is what the citizen chose; `place_text` what they said; without either the place is looked for in the
    text.
    """

    channel: Channel
    arrived_at: datetime
    subject: str = ""
    body: str = ""
    phone: str | None = None
    phone_raw: str = ""
    name: str = ""
    email: str | None = None
    locale: str = "vi"
    place_text: str = ""
    # What was understood of `place_text` a moment ago; None: it is read when the ticket is opened.
    place: Resolution | None = None
    unit_code: str | None = None
    unit_id: int | None = None
    category_code: str | None = None
    procedure_code: str | None = None
    dossier_number: str | None = None
    dossier_due_on: date | None = None
    residence: str = ""
    emergency: bool = False
    line_id: int | None = None
    citizen_id: int | None = None
    contact_source_key: str | None = None
    live_call: bool = False
    is_simulated: bool = False
    is_canary: bool = False
    # An agent at work now answers the person; nobody needs an automatic acknowledgement as well.
    acknowledge: bool = True
    continues_id: int | None = None
    # Where an appeal is decided; routing does not ask where the matter is.
    review: ReviewingBody | None = None


@dataclass(frozen=True)
class Opened:
    """A ticket as its sender learns of it. `is_new` is false when the same request had opened it before."""

    ticket_id: int
    reference: str
    pin: str
    status: TicketStatus
    unit_id: int
    queue_id: int
    level: Level
    priority: Priority
    opened_at: datetime
    reasons: tuple[RoutingReason, ...]
    clocks: tuple[OpeningClock, ...]
    citizen_id: int | None
    # The whole row by column, for whoever tells it to somebody.
    row: Mapping[str, Any]
    is_new: bool = True

    @property
    def due_at(self) -> datetime | None:
        """By when it is promised to be answered; None where nothing is promised."""
        return next((clock.due_at for clock in self.clocks if clock.kind is ClockKind.RESOLVE), None)


def cleaned(matter: Matter) -> Matter:
    """The matter in NFC and without what no text column can hold; raises InvalidInput when there is nothing in it."""
    body = clean_text(matter.body, MAX_BODY, field="body")
    subject = " ".join(clean_text(matter.subject, MAX_SUBJECT, field="subject").split())
    if not subject and not body and matter.channel is not Channel.VOICE:
        raise InvalidInput("subject", "required")
    return replace(
        matter,
        subject=subject or _beginning(body),
        body=body,
        name=" ".join(clean_text(matter.name, MAX_SHORT, field="name").split()),
        place_text=" ".join(clean_text(matter.place_text, MAX_SHORT * 3, field="place").split()),
        residence=clean_text(matter.residence, MAX_SHORT, field="residence"),
        dossier_number=clean_dossier_number(matter.dossier_number),
    )


@dataclass(frozen=True, slots=True)
class Named:
    """The rows a matter's codes stand for."""

    category_id: int | None
    procedure_id: int | None
    unit_id: int | None


def named(matter: Matter, rules: Rules) -> Named:
    """Raises InvalidInput for a code nobody has."""
    routing = rules.routing
    unit_id = matter.unit_id
    if matter.unit_code:
        unit_id = _one("unit", matter.unit_code, {u.code: u.id for u in routing.units.values() if u.code})
    category_id = procedure_id = None
    if matter.category_code:
        category_id = _one("category", matter.category_code, {c.code: c.id for c in routing.categories.values()})
    if matter.procedure_code:
        codes = {p.code: p.id for p in routing.procedures.values() if p.code}
        procedure_id = _one("procedure", matter.procedure_code, codes)
    return Named(category_id, procedure_id, unit_id)


def _one(field: str, code: str, ids: Mapping[str, int]) -> int:
    if code not in ids:
        raise InvalidInput(field, f"no_such_{field}")
    return ids[code]


def _beginning(body: str) -> str:
    """A subject for those who wrote none: the first words of the text."""
    first = " ".join(body.split())
    if len(first) <= _SUBJECT_FROM_BODY:
        return first
    return first[:_SUBJECT_FROM_BODY].rsplit(" ", 1)[0] + "…"
