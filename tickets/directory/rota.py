"""Planning who is on duty: turns of the rota added, moved and taken back by hand, each judged and audited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.absences import absence_within
from tickets.directory.shifts import DutyTurn, change_shift, drop_shifts, insert_shifts, turn, turns_of
from tickets.directory.staff import people_at
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.people.roles import SEEING
from tickets.schema import Post, Staff

# A turn is not planned backwards: whoever was on duty may answer for what they were told then. What began less than
# an hour ago begins now, because a form takes time to fill in.
_JUST_BEGUN = timedelta(hours=1)
# Nobody is on duty for longer without a break in between; a typed year that is wrong is noticed.
LONGEST_TURN = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class WantedTurn:
    """What a planner asks for: this person answers for this post from `starts_at` until `ends_at`."""

    post_id: int
    staff_id: int
    starts_at: datetime
    ends_at: datetime


def plan_turn(session: Session, wanted: WantedTurn, *, actor: Actor, now: datetime) -> int:
    """A new turn; its id. Several people may be on duty for one post at once.

    Raises InvalidInput for the past, and as `judge_turn` does.
    """
    if wanted.starts_at < now - _JUST_BEGUN:
        raise InvalidInput("starts", "past")
    starts_at = max(wanted.starts_at, now)
    judged = WantedTurn(wanted.post_id, wanted.staff_id, starts_at, wanted.ends_at)
    judge_turn(session, judged, now=now)
    [shift_id] = insert_shifts(session, [(judged.post_id, judged.staff_id, starts_at, judged.ends_at)])
    _record(session, "shift.planned", turn(session, shift_id), actor=actor, now=now)
    return shift_id


def move_turn(session: Session, shift_id: int, wanted: WantedTurn, *, actor: Actor, now: datetime) -> None:
    """Another person, post or time for a turn. One that runs keeps what has been: only its end moves.

    Raises InvalidInput as `plan_turn` does, also for a turn that is over or runs with another person or post.
    """
    was = turn_for_change(session, shift_id)
    if was.ends_at <= now:
        raise InvalidInput("ends", "turn_is_over")
    if was.starts_at <= now:
        _keep_what_has_been(was, wanted)
    elif wanted.starts_at < now - _JUST_BEGUN:
        raise InvalidInput("starts", "past")
    starts_at = was.starts_at if was.starts_at <= now else max(wanted.starts_at, now)
    judged = WantedTurn(wanted.post_id, wanted.staff_id, starts_at, wanted.ends_at)
    judge_turn(session, judged, but=shift_id, now=now)
    change_shift(
        session,
        shift_id,
        post_id=judged.post_id,
        staff_id=judged.staff_id,
        starts_at=judged.starts_at,
        ends_at=judged.ends_at,
    )
    _record(session, "shift.changed", turn(session, shift_id), actor=actor, now=now)


def take_turn_back(session: Session, shift_id: int, *, actor: Actor, now: datetime) -> DutyTurn:
    """A turn that has not begun is gone; one that runs ends now. Raises InvalidInput for one that is over."""
    was = turn_for_change(session, shift_id)
    if was.ends_at <= now:
        raise InvalidInput("ends", "turn_is_over")
    if was.starts_at < now:
        change_shift(
            session, shift_id, post_id=was.post_id, staff_id=was.staff_id, starts_at=was.starts_at, ends_at=now
        )
    else:
        drop_shifts(session, [shift_id])
    _record(session, "shift.taken_back", was, actor=actor, now=now)
    return was


def _keep_what_has_been(was: DutyTurn, wanted: WantedTurn) -> None:
    """Whoever is on duty now has been told of things: another person or post is another turn."""
    if wanted.staff_id != was.staff_id:
        raise InvalidInput("staff", "turn_runs")
    if wanted.post_id != was.post_id:
        raise InvalidInput("post", "turn_runs")


def judge_turn(session: Session, wanted: WantedTurn, *, but: int | None = None, now: datetime) -> None:
    """Whether somebody may have this turn; `but` is the turn itself, when it moves.

    Raises InvalidInput for a time that is none, somebody without a role at the unit, on leave, or on duty already.
    """
    if wanted.ends_at <= wanted.starts_at:
        raise InvalidInput("ends", "before_start")
    if wanted.ends_at <= now:
        raise InvalidInput("ends", "past")
    if wanted.ends_at - wanted.starts_at > LONGEST_TURN:
        raise InvalidInput("ends", "turn_too_long", days=LONGEST_TURN.days)
    post = session.get_one(Post, wanted.post_id)
    # Two planners at once: the second waits, and sees the first one's turn.
    session.execute(select(Staff.id).where(Staff.id == wanted.staff_id).with_for_update(key_share=True))
    if wanted.staff_id not in {one.staff.id for one in people_at(session, [post.unit_id], roles=SEEING, now=now)}:
        raise InvalidInput("staff", "no_role_there")
    away = absence_within(session, wanted.staff_id, from_at=wanted.starts_at, to_at=wanted.ends_at)
    if away is not None:
        raise InvalidInput("staff", "on_leave", starts_at=away.starts_at, ends_at=away.ends_at)
    _judge_overlap(session, wanted, unit_id=post.unit_id, but=but)


def _judge_overlap(session: Session, wanted: WantedTurn, *, unit_id: int, but: int | None) -> None:
    """One person may answer for several posts of one unit at once, as on a small ward's weekend; not for two units."""
    for one in turns_of(session, wanted.staff_id, from_at=wanted.starts_at, to_at=wanted.ends_at):
        if one.shift_id != but and (one.post_id == wanted.post_id or one.unit_id != unit_id):
            raise InvalidInput(
                "staff",
                "on_duty_already",
                post=one.post,
                post_en=one.post_en,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
            )


def turn_for_change(session: Session, shift_id: int) -> DutyTurn:
    """The turn, which nobody else changes until the commit. Raises NotFound."""
    found = turn(session, shift_id)
    session.execute(select(Staff.id).where(Staff.id == found.staff_id).with_for_update(key_share=True))
    return turn(session, shift_id)


def _record(session: Session, action: str, one: DutyTurn, *, actor: Actor, now: datetime) -> None:
    params: Mapping[str, object] = {
        "post": one.post,
        "staff_id": one.staff_id,
        "unit_id": one.unit_id,
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
    }
    entries.record(
        session, actor=actor, action=action, subject_kind="shift", subject_id=one.shift_id, params=params, now=now
    )
