"""What an installation has nothing of, though it looks well: an empty directory takes no contact and raises nothing."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from tickets.promises.plan import TRIAL
from tickets.schema import (
    CalendarVersion,
    Category,
    ChainVersion,
    Line,
    PolicyVersion,
    Post,
    PostHolding,
    Queue,
    RoleAssignment,
    Staff,
    Unit,
)
from tickets.states import QueueKind, Role, UnitKind


class Lack(StrEnum):
    """A kind of row of which there is not one that holds now."""

    DIRECTORY = "directory"
    QUEUES = "queues"
    TRIAGE = "triage"
    CITY_LINE = "city_line"
    CATEGORIES = "categories"
    CALENDARS = "calendars"
    PROMISES = "promises"
    CHAINS = "chains"
    ADMINISTRATOR = "administrator"
    AGENTS = "agents"
    HOLDERS = "holders"
    TRIAL_PHONE = "trial_phone"


# Without these no contact becomes a ticket; without the others it does, and then fails somebody later.
BLOCKING = frozenset({Lack.DIRECTORY, Lack.QUEUES, Lack.TRIAGE})


def lacking(session: Session, *, now: datetime) -> tuple[Lack, ...]:
    """In one statement, everything of which there is nothing; what others follow from comes first."""
    present = session.execute(select(*(_present(lack, now).label(lack) for lack in Lack))).one()
    return tuple(lack for lack, there in zip(Lack, present, strict=True) if not there)


def _present(lack: Lack, now: datetime) -> ColumnElement[bool]:
    return exists(_rows(lack, now))


def _rows(lack: Lack, now: datetime) -> Select[int]:
    current = Unit.valid_to.is_(None)
    rows: dict[Lack, Select[int]] = {
        Lack.DIRECTORY: select(Unit.id).where(Unit.kind == UnitKind.CITY, current),
        Lack.QUEUES: select(Queue.id).where(Queue.kind == QueueKind.WORK),
        Lack.TRIAGE: select(Queue.id).join(Unit, Unit.id == Queue.unit_id).where(
            Queue.kind == QueueKind.TRIAGE, current
        ),
        Lack.CITY_LINE: select(Line.id).where(Line.is_city, or_(Line.valid_to.is_(None), Line.valid_to > now)),
        Lack.CATEGORIES: select(Category.id),
        Lack.CALENDARS: select(CalendarVersion.id),
        Lack.PROMISES: select(PolicyVersion.id).where(PolicyVersion.retired_at.is_(None)),
        Lack.CHAINS: select(ChainVersion.id),
        Lack.ADMINISTRATOR: _held(Role.ADMINISTRATOR, now),
        Lack.AGENTS: _held(Role.AGENT, now),
        # The recipient of the hourly trial is nobody.
        Lack.HOLDERS: select(PostHolding.id).join(Post, Post.id == PostHolding.post_id).where(
            Post.code != TRIAL,
            PostHolding.valid_from <= now,
            or_(PostHolding.valid_to.is_(None), PostHolding.valid_to > now),
        ),
        Lack.TRIAL_PHONE: select(PostHolding.id)
        .join(Post, Post.id == PostHolding.post_id)
        .join(Staff, Staff.id == PostHolding.staff_id)
        .where(Post.code == TRIAL, Staff.phone.is_not(None)),
    }  # fmt: skip
    return rows[lack]


def _held(role: Role, now: datetime) -> Select[int]:
    """Somebody who may sign in holds this role now."""
    return (
        select(RoleAssignment.id)
        .join(Staff, Staff.id == RoleAssignment.staff_id)
        .where(
            RoleAssignment.role == role,
            Staff.disabled_at.is_(None),
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
    )
