"""Reply codes: the short number by which an SMS or a keypad names the level that is acknowledged (R20)."""

from collections.abc import Collection, Iterable

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from tickets.schema import Acknowledgement, StepRecipient

# A code is the end of the step's number, and longer only where the shorter one is still open with that person.
_LENGTHS = (5, 6, 7, 8)


def new_codes(session: Session, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """A code for each (step, person), unlike every code the person has not acknowledged yet.

    At most one statement a length, over the codes that are thought of and not over all that are open: after a long
    outage a leader may have tens of thousands. A hundred million levels later than an open one, its code returns.
    """
    codes: dict[tuple[int, int], str] = {}
    left = list(pairs)
    for length in _LENGTHS:
        thought_of = {(step_id, staff_id): str(step_id)[-length:].zfill(length) for step_id, staff_id in left}
        taken = _open(session, {(staff_id, code) for (_, staff_id), code in thought_of.items()})
        left = []
        for (step_id, staff_id), code in thought_of.items():
            if (staff_id, code) in taken and length != _LENGTHS[-1]:
                left.append((step_id, staff_id))
            else:
                codes[(step_id, staff_id)] = code
                taken.add((staff_id, code))
    return codes


def _open(session: Session, pairs: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of the (person, code) pairs that name a level nobody has acknowledged."""
    if not pairs:
        return set()
    rows = session.execute(
        select(StepRecipient.staff_id, StepRecipient.reply_code)
        .outerjoin(Acknowledgement, Acknowledgement.step_id == StepRecipient.step_id)
        .where(tuple_(StepRecipient.staff_id, StepRecipient.reply_code).in_(pairs), Acknowledgement.step_id.is_(None))
    )
    return {(staff_id, code) for staff_id, code in rows}
