"""Who holds a post, stands in or is its duty officer, from which day on: rows of `post_holding`, judged, audited.

A change is made ahead or for today, never backwards: who was told of what yesterday was told as it stood then. What is
owed by the post goes on to whoever stands there (`escalation/queries/succession.py`), and rows are never deleted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.on_call import end_holdings, insert_holding
from tickets.directory.responsibilities import LONGEST_DECISION
from tickets.directory.staff import begin_role, end_roles_at, take_roles_back
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.promises.plan import TRIAL
from tickets.schema import Post, PostHolding, Staff, StandingReport, StepRecipient
from tickets.states import Role

HOLDING_KINDS = ("holder", "deputy", "duty")


@dataclass(frozen=True, slots=True)
class Holding:
    """Somebody at a post, with the words people read."""

    id: int
    post_id: int
    staff_id: int
    name: str
    kind: str
    valid_from: datetime
    valid_to: datetime | None
    decision_no: str

    def is_over(self, now: datetime) -> bool:
        return self.valid_to is not None and self.valid_to <= now

    @property
    def was_taken_back(self) -> bool:
        """It was planned, and ended before it began."""
        return self.valid_to is not None and self.valid_to <= self.valid_from


@dataclass(frozen=True, slots=True)
class Appointment:
    """Who comes to a post and as what. `role`: given at the unit with it, None where they have theirs.

    `in_place_of` is the holding that ends then, None where nobody leaves; `ends_roles`: whoever had it works at this
    unit no more.
    """

    staff_id: int
    kind: str
    from_at: datetime
    decision_no: str = ""
    role: Role | None = None
    in_place_of: int | None = None
    ends_roles: bool = False


def post_named(session: Session, post_id: int) -> Post:
    """Raises NotFound, also for the post of the hourly trial, which nobody holds."""
    found = session.get(Post, post_id)
    if found is None or found.code == TRIAL:
        raise NotFound("post", post_id)
    return found


def holdings_of(session: Session, post_ids: Collection[int]) -> Sequence[Holding]:
    """Everybody who holds, held or will hold one of these posts, the latest first."""
    rows = session.execute(
        select(PostHolding, Staff.name)
        .join(Staff, Staff.id == PostHolding.staff_id)
        .where(PostHolding.post_id.in_(post_ids))
        .order_by(PostHolding.valid_from.desc(), PostHolding.id.desc())
        .execution_options(populate_existing=True)
    )
    return [
        Holding(
            row.id, row.post_id, row.staff_id, name, row.kind, row.valid_from, row.valid_to, row.decision_no
        )
        for row, name in rows
    ]  # fmt: skip


def open_levels_of(session: Session, post_id: int) -> int:
    """How many levels that nobody has answered were told to people of this post: whoever comes next finds them."""
    told = (StepRecipient.step_id == StandingReport.step_id) & (StepRecipient.staff_id == StandingReport.staff_id)
    counted = (
        select(func.count(StandingReport.step_id.distinct()))
        .join(StepRecipient, told)
        .where(StepRecipient.post_id == post_id, StandingReport.is_answered.is_(False))
    )
    return session.scalar(counted) or 0


def appoint(session: Session, post_id: int, wanted: Appointment, *, actor: Actor, now: datetime) -> int:
    """They hold the post (or stand in there) from then on, whoever leaves until then. The holding's id.

    Raises InvalidInput for a time that has passed, an account that is closed, one's own, somebody who is there already
    or could open no page of the unit, and where whoever leaves is no such one or has a successor already.
    """
    # One after the other: two who appoint at once would both end the same one.
    post = session.scalars(select(Post).where(Post.id == post_id).with_for_update()).one()
    _judge(session, post, wanted, actor=actor, now=now)
    before = _leaving(session, post_id, wanted)
    end_holdings(session, [one.id for one in before], at=wanted.from_at)
    row = insert_holding(
        session, post_id, wanted.staff_id, wanted.kind, from_at=wanted.from_at, decision_no=wanted.decision_no
    )
    begin_role(session, wanted.staff_id, role=wanted.role, unit_id=post.unit_id, at=wanted.from_at)
    if wanted.ends_roles:
        leaving = [one.staff_id for one in before if not _stays(session, one.staff_id, post, at=wanted.from_at)]
        end_roles_at(session, leaving, unit_id=post.unit_id, at=wanted.from_at)
    _record(session, "post.given", post, row, before=[one.staff_id for one in before], actor=actor, now=now)
    return row.id


def end_holding(session: Session, holding_id: int, *, actor: Actor, now: datetime) -> int:
    """They hold it no longer from now on; what had not begun is taken back, with all it brought. The post's id.

    Raises NotFound for what is over.
    """
    post_id = session.scalar(select(PostHolding.post_id).where(PostHolding.id == holding_id))
    post = session.scalars(select(Post).where(Post.id == post_id).with_for_update()).one_or_none()
    row = session.get(PostHolding, holding_id, populate_existing=True)
    if post is None or row is None or post.code == TRIAL or (row.valid_to is not None and row.valid_to <= now):
        raise NotFound("holding", holding_id)
    if row.valid_from > now:
        _take_back(session, post, row)
        _record(session, "post.taken_back", post, row, before=[], actor=actor, now=now)
    else:
        end_holdings(session, [row.id], at=now)
        _record(session, "post.ended", post, row, before=[], actor=actor, now=now)
    return post.id


def _judge(session: Session, post: Post, wanted: Appointment, *, actor: Actor, now: datetime) -> None:
    if wanted.kind not in HOLDING_KINDS:
        raise InvalidInput("kind", "required")
    if wanted.from_at < now:
        raise InvalidInput("from", "past")
    if len(wanted.decision_no) > LONGEST_DECISION:
        raise InvalidInput("decision", "too_long", limit=LONGEST_DECISION)
    account = session.get(Staff, wanted.staff_id)
    if account is None or account.disabled_at is not None:
        raise InvalidInput("person", "no_such_person")
    if wanted.staff_id == actor.staff_id:
        raise InvalidInput("person", "own_post")
    theirs = PostHolding.staff_id == wanted.staff_id, PostHolding.kind == wanted.kind
    if session.scalar(select(PostHolding.id).where(_runs(post.id, after=wanted.from_at), *theirs).limit(1)):
        raise InvalidInput("person", "holds_post_already")
    # Which of two that begin at one instant follows whom could not be told when one of them is taken back.
    at_once = PostHolding.valid_from == wanted.from_at
    if session.scalar(select(PostHolding.id).where(_runs(post.id, after=wanted.from_at), at_once).limit(1)):
        raise InvalidInput("from", "somebody_is_coming")


def _runs(post_id: int, *, after: datetime) -> ColumnElement[bool]:
    ends = PostHolding.valid_to
    return (PostHolding.post_id == post_id) & or_(ends.is_(None), (ends > after) & (ends > PostHolding.valid_from))


def _leaving(session: Session, post_id: int, wanted: Appointment) -> Sequence[PostHolding]:
    """Whoever goes when the successor comes."""
    if wanted.in_place_of is None:
        return []
    row = session.get(PostHolding, wanted.in_place_of, populate_existing=True)
    if row is None or row.post_id != post_id or row.kind != wanted.kind or row.valid_from >= wanted.from_at:
        raise InvalidInput("before", "holds_it_not")
    if row.valid_to is not None:
        raise InvalidInput("before", "somebody_is_coming" if row.valid_to > wanted.from_at else "holds_it_not")
    return [row]


def _stays(session: Session, staff_id: int, post: Post, *, at: datetime) -> bool:
    """Whether somebody has another post at this unit when this one ends."""
    other = (
        select(PostHolding.id)
        .join(Post, Post.id == PostHolding.post_id)
        .where(
            Post.unit_id == post.unit_id,
            PostHolding.staff_id == staff_id,
            or_(PostHolding.valid_to.is_(None), PostHolding.valid_to > at),
        )
    )
    return session.scalar(other.limit(1)) is not None


def _take_back(session: Session, post: Post, row: PostHolding) -> None:
    """As if it had never been planned: whoever was to go stays, with the roles that were to end that day."""
    at = row.valid_from
    end_holdings(session, [row.id], at=at)
    was = PostHolding.post_id == post.id, PostHolding.kind == row.kind, PostHolding.valid_to == at
    kept = session.scalars(select(PostHolding).where(*was, PostHolding.id != row.id, PostHolding.valid_from < at)).all()
    end_holdings(session, [one.id for one in kept], at=None)
    take_roles_back(session, [row.staff_id], [one.staff_id for one in kept], unit_id=post.unit_id, at=at)


def _record(
    session: Session,
    action: str,
    post: Post,
    row: PostHolding,
    *,
    before: Sequence[int],
    actor: Actor,
    now: datetime,
) -> None:
    params = {
        "post": post.code,
        "unit_id": post.unit_id,
        "staff_id": row.staff_id,
        "capacity": row.kind,
        "since": row.valid_from.isoformat(),
        "decision_no": row.decision_no,
        **({"instead_of": list(before)} if before else {}),
    }
    entries.record(session, actor=actor, action=action, subject_kind="post", subject_id=post.id, params=params, now=now)
