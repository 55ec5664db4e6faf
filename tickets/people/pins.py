"""The secret that, with the reference, lets a citizen follow a ticket: derived, never stored, guarded."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.orm import Session

from tickets.keys import Keys
from tickets.people.references import read_reference
from tickets.schema import PinGuard, Ticket

PIN_LENGTH = 6
ALLOWED_FAILURES = 5
# From everywhere together: out of reach of one stranger, and still no way to try a million PINs from many addresses.
ALLOWED_FROM_EVERYWHERE = 60
LOCKED_FOR = timedelta(minutes=15)

# The attempt is counted before the PIN is compared and in one statement, so that a hundred guesses at once are
# a hundred counted guesses.
_COUNT_ATTEMPT = text(
    """
    insert into pin_guard as g (reference, failures, first_failure_at, locked_until) values (:reference, 1, :now, null)
    on conflict (reference) do update set
        failures = case when g.first_failure_at <= :forget_before and coalesce(g.locked_until, :now) <= :now
                        then 1 else g.failures + 1 end,
        first_failure_at = case when g.first_failure_at <= :forget_before and coalesce(g.locked_until, :now) <= :now
                                then :now else g.first_failure_at end,
        locked_until = case when coalesce(g.locked_until, :now) <= :now and g.first_failure_at > :forget_before
                                 and g.failures + 1 > :allowed then :lock_until
                            when g.locked_until > :now then g.locked_until end
    returning failures, locked_until
    """
)
_SALT = select(Ticket.id, Ticket.pin_salt).where(Ticket.reference == bindparam("reference"))
# Compared with when no such ticket exists, so that an unknown reference takes as long as a known one.
_NO_SALT = b"\0" * 16


@dataclass(frozen=True, slots=True)
class PinCheck:
    """`ticket_id` only when reference and PIN belong together; `locked_until` when there were too many failures.

    A wrong PIN, an unknown reference and an impossible one look alike. It is returned and not raised, because the
    count of failures must be committed.
    """

    ticket_id: int | None = None
    locked_until: datetime | None = None

    @property
    def is_locked(self) -> bool:
        return self.locked_until is not None


def pin_of(keys: Keys, salt: bytes, reference: str) -> str:
    """Six digits from the newest key, the ticket's random salt and its reference."""
    return _pin(keys.pin[0], salt, reference)


def pin_of_ticket(session: Session, ticket_id: int, *, keys: Keys) -> str:
    """The PIN of a ticket that exists."""
    found = session.execute(select(Ticket.reference, Ticket.pin_salt).where(Ticket.id == ticket_id)).one()
    return pin_of(keys, found.pin_salt, found.reference)


def check_pin(session: Session, *, reference: str, pin: str, asker: str, keys: Keys, now: datetime) -> PinCheck:
    """Whether this PIN opens this reference; five failures of one asker lock it for that asker for fifteen minutes.

    `asker` is the network address or the phone the PIN comes from. A reference is no secret: whoever had read one
    could otherwise keep its citizen out for as long as they liked.
    """
    known = read_reference(reference)
    if known is None:
        return PinCheck()
    own = _guard_of(known, asker, keys)
    for guarded, allowed in ((own, ALLOWED_FAILURES), (known, ALLOWED_FROM_EVERYWHERE)):
        attempt = count_attempt(session, guarded, allowed=allowed, now=now)
        if attempt.locked_until is not None:
            return PinCheck(locked_until=attempt.locked_until)
    found = session.execute(_SALT, {"reference": known}).one_or_none()
    salt = found.pin_salt if found else _NO_SALT
    matches = [hmac.compare_digest(_pin(key, salt, known), _digits(pin)) for key in keys.pin]
    if found is None or not any(matches):
        return PinCheck()
    forget_attempts(session, own)
    return PinCheck(ticket_id=found.id)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A guess that was counted; `locked_until` when there were too many before it, `locks` when it is the first one."""

    locked_until: datetime | None
    locks: bool


def count_attempt(session: Session, guarded: str, *, allowed: int = ALLOWED_FAILURES, now: datetime) -> Attempt:
    """Count a guess at what `guarded` names, a reference or somebody's reply codes, before it is compared."""
    counted = session.execute(
        _COUNT_ATTEMPT,
        {
            "reference": guarded,
            "now": now,
            "forget_before": now - LOCKED_FOR,
            "allowed": allowed,
            "lock_until": now + LOCKED_FOR,
        },
    ).one()
    return Attempt(counted.locked_until, counted.locked_until == now + LOCKED_FOR)


def forget_attempts(session: Session, guarded: str) -> None:
    """It was guessed right: whoever knows it may err again later."""
    session.execute(delete(PinGuard).where(PinGuard.reference == guarded))


def forget_old_failures(session: Session, *, now: datetime) -> int:
    """Remove guards nobody has touched for a day, so that guessing at random references fills no table."""
    result = session.execute(delete(PinGuard).where(PinGuard.first_failure_at < now - timedelta(days=1)))
    return int(getattr(result, "rowcount", 0))


def _guard_of(reference: str, asker: str, keys: Keys) -> str:
    """The name under which one asker's failures are counted; who asked cannot be read from it."""
    return f"{reference} {hmac.new(keys.pin[0], asker.encode(), hashlib.sha256).hexdigest()[:16]}"


def _digits(pin: str) -> str:
    kept = "".join(c for c in pin if c.isascii() and c.isdecimal())
    return kept if len(kept) == PIN_LENGTH else ""


def _pin(key: bytes, salt: bytes, reference: str) -> str:
    digest = hmac.new(key, salt + reference.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**PIN_LENGTH:0{PIN_LENGTH}d}"
