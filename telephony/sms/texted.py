"""A received text as far as its matter goes, what it led to, and the city's day on which it came."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

# A second text within this time goes on with the first, unless it speaks of another place or kind of matter.
SAME_TALK = timedelta(hours=24)


class Texted(Protocol):
    """A received message, as far as its matter goes."""

    @property
    def account(self) -> str: ...
    @property
    def message_sid(self) -> str: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def phone_raw(self) -> str: ...
    @property
    def to_phone(self) -> str: ...
    @property
    def has_pictures(self) -> bool: ...


class KeptText(Texted, Protocol):
    """Kept already, with its words as they came."""

    @property
    def inbound_id(self) -> int: ...
    @property
    def body(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """The contact where it is known, and the ticket; an advertisement after an answer leads to none."""

    contact_id: int | None
    ticket_id: int | None
