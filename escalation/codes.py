"""Reply codes: the short number by which an SMS or a keypad names the level that is acknowledged (R20)."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import Acknowledgement, StepRecipient

_DIGITS = 5
_SPACE = 10**_DIGITS


def new_codes(session: Session, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """A code for each (step, person), unlike every code the person has not acknowledged yet."""
    wanted = list(pairs)
    taken = _open_codes(session, {staff_id for _, staff_id in wanted})
    codes: dict[tuple[int, int], str] = {}
    for step_id, staff_id in wanted:
        number = step_id % _SPACE
        while f"{number:0{_DIGITS}}" in taken[staff_id]:
            number = (number + 1) % _SPACE
        codes[(step_id, staff_id)] = f"{number:0{_DIGITS}}"
        taken[staff_id].add(codes[(step_id, staff_id)])
    return codes


def _open_codes(session: Session, staff_ids: Collection[int]) -> defaultdict[int, set[str]]:
    taken = defaultdict[int, set[str]](set)
    if not staff_ids:
        return taken
    rows = session.execute(
        select(StepRecipient.staff_id, StepRecipient.reply_code)
        .outerjoin(Acknowledgement, Acknowledgement.step_id == StepRecipient.step_id)
        .where(StepRecipient.staff_id.in_(staff_ids), Acknowledgement.step_id.is_(None))
    )
    for staff_id, code in rows:
        taken[staff_id].add(code)
    return taken
