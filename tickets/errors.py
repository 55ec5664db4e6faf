"""What can go wrong in the domain: small exceptions that carry facts; `app/web/frame/errors.py` gives them words."""

from datetime import datetime

from tickets.states import TicketStatus


class HotlineError(Exception):
    """Anything the product itself refuses; never shown as it is."""


class NotFound(HotlineError):
    """It does not exist, or this person may not know that it does: the two look alike on purpose."""

    def __init__(self, kind: str, key: object = "") -> None:
        super().__init__(kind, key)
        self.kind, self.key = kind, key


class NotAllowed(HotlineError):
    """The person may see it but not do this."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class InvalidInput(HotlineError):
    """A value given from outside cannot be used; `code` is looked up for words."""

    def __init__(self, field: str, code: str, **params: object) -> None:
        super().__init__(field, code, params)
        self.field, self.code, self.params = field, code, params


class TransitionNotAllowed(HotlineError):
    def __init__(self, reference: str, current: TicketStatus, wanted: TicketStatus) -> None:
        super().__init__(reference, current, wanted)
        self.reference, self.current, self.wanted = reference, current, wanted


class AlreadyAssigned(HotlineError):
    """Somebody else has the ticket."""

    def __init__(self, reference: str, assignee_id: int | None) -> None:
        super().__init__(reference, assignee_id)
        self.reference, self.assignee_id = reference, assignee_id


class PinWrong(HotlineError):
    """Reference and PIN do not belong together; an unknown reference raises the same."""


class PinLocked(HotlineError):
    """Too many wrong PINs for this reference."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class KeyReused(HotlineError):
    """The same Idempotency-Key came with another request."""


class NeverOpen(HotlineError):
    """A calendar has no open second in the 366 days after an instant."""

    def __init__(self, calendar_key: str, at: datetime) -> None:
        super().__init__(calendar_key, at)
        self.calendar_key, self.at = calendar_key, at


class CalendarRefused(HotlineError):
    """Not to be saved; `code` says why, in the codes of `calendar.check` and `check_nights`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


class LaterDueNeedsApproval(HotlineError):
    """A manual due date after the present one needs a supervisor's approval (R7)."""

    def __init__(self, due_at: datetime, wanted: datetime) -> None:
        super().__init__(due_at, wanted)
        self.due_at, self.wanted = due_at, wanted


class PromiseBroken(HotlineError):
    """The promise is broken already: its date moves no more (A1)."""

    def __init__(self, first_breach_at: datetime) -> None:
        super().__init__(first_breach_at)
        self.first_breach_at = first_breach_at


class OwingUnitAlone(HotlineError):
    """A warning or a level is out: the unit that owes the promise may not do this without anybody else (A7).

    `what` is aside, hold, priority, category, place, procedure or transfer.
    """

    def __init__(self, reference: str, what: str) -> None:
        super().__init__(reference, what)
        self.reference, self.what = reference, what


class AboutItself(HotlineError):
    """The matter accuses a body, and this is not for anybody of that body to do. `what` as above, or clear."""

    def __init__(self, reference: str, what: str) -> None:
        super().__init__(reference, what)
        self.reference, self.what = reference, what


class InDispute(HotlineError):
    """Units have sent it back and forth: only the arbiter moves it, while undecided and afterwards (R8)."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class CitizensOwnWord(HotlineError):
    """Only the citizen takes a matter back; nobody else says it for them."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class ReopeningWindowOver(HotlineError):
    """The citizen comes back after the window: a new ticket linked to this one is opened instead."""

    def __init__(self, reference: str, ticket_id: int) -> None:
        super().__init__(reference, ticket_id)
        self.reference, self.ticket_id = reference, ticket_id
