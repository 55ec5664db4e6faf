"""Turns as they are really kept: during leave whoever stands in for somebody has their turn, or nobody has."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from tickets.directory.absences import Leave, leave_of, standing_in
from tickets.directory.shifts import DutyTurn, turns_of, turns_of_post


@dataclass(frozen=True, slots=True)
class CoveredTurn:
    """A turn or a part of one; `turn.person` is who has it, "" where nobody has, `in_place_of` whose it was planned."""

    turn: DutyTurn
    in_place_of: str = ""
    # Of a turn that leave has divided, its number in the order of time.
    part: int = 0


def covered_turns_of(session: Session, staff_id: int, *, from_at: datetime, to_at: datetime) -> list[CoveredTurn]:
    """A person's own turns without their leave, and those of others in whose place they stand."""
    stretch = {"from_at": from_at, "to_at": to_at}
    own = _covered(turns_of(session, staff_id, **stretch), leave_of(session, [staff_id], from_at=from_at))
    away = standing_in(session, staff_id, from_at=from_at)
    for_others = [
        one
        for absent in sorted({leave.staff_id for leave in away})
        for one in _covered(turns_of(session, absent, **stretch), [leave for leave in away if leave.staff_id == absent])
        if one.in_place_of
    ]
    mine = [one for one in own if not one.in_place_of]
    return sorted([*mine, *for_others], key=lambda one: one.turn.starts_at)


def covered_turns_of_post(session: Session, post_id: int, *, from_at: datetime, to_at: datetime) -> list[CoveredTurn]:
    turns = turns_of_post(session, post_id, from_at=from_at, to_at=to_at)
    return _covered(turns, leave_of(session, {turn.staff_id for turn in turns}, from_at=from_at))


def _covered(turns: Sequence[DutyTurn], leaves: Collection[Leave]) -> list[CoveredTurn]:
    return [part for turn in turns for part in _parts(turn, leaves)]


def _parts(turn: DutyTurn, leaves: Collection[Leave]) -> Iterator[CoveredTurn]:
    touching = sorted(
        (
            leave
            for leave in leaves
            if leave.staff_id == turn.staff_id and leave.starts_at < turn.ends_at and leave.ends_at > turn.starts_at
        ),
        key=lambda leave: leave.starts_at,
    )
    at, part = turn.starts_at, 0
    for leave in touching:
        begins, ends = max(at, leave.starts_at), min(turn.ends_at, leave.ends_at)
        if begins > at:
            yield CoveredTurn(replace(turn, starts_at=at, ends_at=begins), part=part)
            part += 1
        if ends > begins:
            instead = replace(turn, starts_at=begins, ends_at=ends, staff_id=leave.deputy_id or 0, person=leave.deputy)
            yield CoveredTurn(instead, in_place_of=turn.person, part=part)
            part += 1
        at = max(at, ends)
    if at < turn.ends_at:
        yield CoveredTurn(replace(turn, starts_at=at), part=part)
