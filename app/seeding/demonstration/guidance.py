"""Guidance and problems of the demonstration: noticed, drafted, signed and used by the people who do so."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.demonstration.words import scripted_guidance
from tickets.people.actor import staff_actor
from tickets.people.roles import Viewer, load_viewer
from tickets.problems.waves import find_waves
from tickets.queries.reported import reported_lately
from tickets.schema import ArisingProblem, Category, Guidance, RoleAssignment, Staff, Unit
from tickets.states import Role, UnitKind
from tickets.work import guidance, guidance_tickets
from tickets.work.guidance import WantedGuidance
from tickets.work.problems import propose, take_on

_DAYS_IN_FORCE = 26


def notice_problems(session: Session, *, now: datetime) -> None:
    """As the scheduler does every hour; the first that is found has an owner."""
    propose(session, find_waves(reported_lately(session, now=now), now=now), now=now)
    office = _somebody(session, Role.CITY_OFFICE, now=now)
    first = session.scalar(select(ArisingProblem.id).order_by(ArisingProblem.id).limit(1))
    if office is not None and first is not None:
        take_on(session, first, viewer=office, actor=staff_actor(office.staff_id), now=now)


def give_guidance(session: Session, *, now: datetime) -> None:
    """Nothing where nobody of the office or no leader of the city plays along."""
    office, boss = _somebody(session, Role.CITY_OFFICE, now=now), _somebody(session, Role.LEADER, now=now)
    if office is None or boss is None:
        return
    for number, said in enumerate(scripted_guidance()):
        one = _worded(session, said, office, at=now - timedelta(days=_DAYS_IN_FORCE + 3 - number))
        if said["step"] != "drafted":
            guidance.submit(session, one.id, viewer=office, actor=staff_actor(office.staff_id), now=one.drafted_at)
        if said["step"] == "issued":
            _in_force(session, one, said["decision_no"], office, boss, now=now)


def _worded(session: Session, said: dict[str, str], office: Viewer, *, at: datetime) -> Guidance:
    category_id = session.scalar(select(Category.id).where(Category.code == said["category"]))
    wanted = WantedGuidance(
        said["question_vi"], said["question_en"], said["answer_vi"], said["answer_en"], said["spoken_vi"],
        said["spoken_en"], category_id=category_id, words=said["words"],
    )  # fmt: skip
    return guidance.draft(session, wanted, viewer=office, actor=staff_actor(office.staff_id), now=at)


def _in_force(
    session: Session, one: Guidance, decision_no: str, office: Viewer, boss: Viewer, *, now: datetime
) -> None:
    """Signed and issued weeks ago; some of what fits is linked today, and waits to be answered."""
    at, by = now - timedelta(days=_DAYS_IN_FORCE), staff_actor(office.staff_id)
    guidance.approve(
        session, one.id, decision_no=decision_no, decided_on=at.date(), viewer=boss, actor=staff_actor(boss.staff_id),
        now=at,
    )  # fmt: skip
    guidance.issue(session, one.id, viewer=office, actor=by, now=at)
    guidance_tickets.link_matching(session, one.id, viewer=office, actor=by, now=now)


def _somebody(session: Session, role: Role, *, now: datetime) -> Viewer | None:
    """The first who holds this role over the whole city."""
    held = (
        select(RoleAssignment.staff_id)
        .join(Staff, Staff.id == RoleAssignment.staff_id)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(Staff.is_demo, RoleAssignment.role == role, Unit.kind.in_((UnitKind.CITY, UnitKind.OFFICE)))
        .order_by(RoleAssignment.id)
        .limit(1)
    )
    found = session.scalar(held)
    return load_viewer(session, found, now=now) if found is not None else None
