"""How long a tick bears with tickets that hang, are held or are refused, and when each of them is tried again."""

from dataclasses import dataclass

from app.storage.database_faults import DatabaseFault, fault_of

# A ticket that was set aside is tried again after so long, and after twice as long each time; meanwhile it stands in
# nobody's way.
_FIRST_PAUSE_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 300.0
# Looking whether somebody still holds a row costs nothing.
PAUSE_OF_HELD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one statement may take, and how long it may wait for somebody else's lock."""

    statement_ms: int
    lock_ms: int


# A step must be fired within 15 s (G4). A batch with a ticket that hangs costs the first, each such ticket the second.
FOR_A_BATCH = Patience(3_000, 500)
FOR_A_TICKET = Patience(1_000, 250)
FOR_A_LATE_ONE = Patience(5_000, 1_000)


@dataclass(slots=True)
class SetAside:
    """Until when by a monotonic clock, and how often by now."""

    again_at: float
    times: int = 1


def pause_after(trouble: Exception, *, times: int) -> float:
    """Seconds until what failed so for the next time after `times` times is tried again."""
    if fault_of(trouble) is DatabaseFault.LOCKED:
        return PAUSE_OF_HELD_SECONDS
    return min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * float(2**times))


def reason_of(trouble: Exception) -> str:
    return str(fault_of(trouble) or repr(trouble))
