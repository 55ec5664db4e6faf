"""How an attempt to send ended, in terms of what to do next."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """A carrier took it; without `sid` nothing more will be heard of it."""

    account: str
    sid: str | None = None
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It did not leave for a reason that may pass: the carrier is unreachable, busy or broken."""

    code: str
    error: str
    # How long the carrier asked us to wait, if it did; everything for it waits, not this message alone.
    after_seconds: float = 0.0
    # The request was on its way when its answer was lost: the carrier may have taken it.
    may_have_left: bool = False
    # So long it may still arrive there: handed over sooner, it would be there twice.
    settles_within_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class AccountTrouble:
    """It refuses us, not the message: a wrong or ended password, a suspended or unfunded account. Nothing is lost by
    waiting, and people must act."""

    account: str
    code: str
    error: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It will never leave as it is: a dead letter for a person. `opted_out`: the phone's owner refused our messages."""

    code: str
    error: str
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """A call may or may not have been placed: it is never dialled twice, a person is shown it instead."""

    error: str


Outcome = Sent | TryAgain | AccountTrouble | GiveUp | Unknown
