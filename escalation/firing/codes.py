"""Reply codes: the short number by which an SMS or a keypad names the level that is acknowledged (R20)."""

import secrets
from collections.abc import Callable, Collection, Iterable

from sqlalchemy import BigInteger, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

# Digits of a code: drawn at random, so that nothing that can be counted or seen elsewhere gives it away; longer only
# where chance keeps meeting codes that are still open with that person.
_LENGTHS = (6, 6, 6, 7, 8, 8, 8, 8)
_TAKEN = text(
    """
    select r.staff_id, r.reply_code from unnest(:people, :codes) as t(staff_id, code)
    join step_recipient r on r.staff_id = t.staff_id and r.reply_code = t.code
    where not exists (select from acknowledgement a where a.step_id = r.step_id)
    """
).bindparams(bindparam("people", type_=ARRAY(BigInteger)), bindparam("codes", type_=ARRAY(Text)))


def new_codes(
    session: Session, pairs: Iterable[tuple[int, int]], *, draw: Callable[[int], int] = secrets.randbelow
) -> dict[tuple[int, int], str]:
    """A code for each (step, person), unlike every code the person has not acknowledged yet.

    At most one statement a round, over the codes that are thought of and not over all that are open: after a long
    outage a leader may have tens of thousands. `draw(n)` gives a number below n that nobody can foretell.
    """
    codes: dict[tuple[int, int], str] = {}
    left = list(pairs)
    for length in _LENGTHS:
        thought_of = {pair: str(draw(10**length)).zfill(length) for pair in left}
        taken = _open(session, {(staff_id, code) for (_, staff_id), code in thought_of.items()})
        left = []
        for (step_id, staff_id), code in thought_of.items():
            if (staff_id, code) in taken:
                left.append((step_id, staff_id))
            else:
                codes[(step_id, staff_id)] = code
                taken.add((staff_id, code))
    # Eight rounds that all met open codes: the newest level has the code then.
    return codes | {pair: str(draw(10**8)).zfill(8) for pair in left}


def _open(session: Session, pairs: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of the (person, code) pairs that name a level nobody has acknowledged."""
    if not pairs:
        return set()
    people, codes = zip(*pairs, strict=True)
    return {(who, code) for who, code in session.execute(_TAKEN, {"people": list(people), "codes": list(codes)})}
