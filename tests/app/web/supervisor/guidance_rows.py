"""Guidance for tests, at whatever step it is wanted."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tests.factories import staff
from tickets.people.actor import staff_actor
from tickets.people.roles import Viewer, load_viewer
from tickets.schema import Guidance, Staff
from tickets.states import Role
from tickets.work import guidance
from tickets.work.guidance import WantedGuidance

WORDS = {
    "question_vi": "Cấp đổi sổ đỏ mất bao lâu?", "question_en": "How long does a new land certificate take?",
    "answer_vi": "Bảy ngày làm việc, nộp tại phường.", "answer_en": "Seven working days, filed at the ward.",
    "words": "sổ đỏ",
}  # fmt: skip


def person(session: Session, role: Role, *, at: str = "79", now: datetime) -> tuple[Staff, Viewer]:
    one = staff(session, role=role, at=at)
    viewer = load_viewer(session, one.id, now=now)
    assert viewer is not None
    return one, viewer


def drafted(session: Session, *, now: datetime, **more: Any) -> Guidance:
    who, viewer = person(session, Role.CITY_OFFICE, now=now)
    wanted = WantedGuidance(**{**WORDS, **more})
    return guidance.draft(session, wanted, viewer=viewer, actor=staff_actor(who.id), now=now)


def submitted(session: Session, *, now: datetime, **more: Any) -> Guidance:
    one = drafted(session, now=now, **more)
    who, viewer = person(session, Role.CITY_OFFICE, now=now)
    guidance.submit(session, one.id, viewer=viewer, actor=staff_actor(who.id), now=now)
    return one


def approved(session: Session, *, now: datetime, **more: Any) -> Guidance:
    one = submitted(session, now=now, **more)
    boss, viewer = person(session, Role.LEADER, now=now)
    guidance.approve(
        session, one.id, decision_no="12/HD-UBND", decided_on=now.date(), viewer=viewer, actor=staff_actor(boss.id),
        now=now,
    )  # fmt: skip
    return one


def issued(session: Session, *, now: datetime, **more: Any) -> Guidance:
    one = approved(session, now=now, **more)
    who, viewer = person(session, Role.CITY_OFFICE, now=now)
    guidance.issue(session, one.id, viewer=viewer, actor=staff_actor(who.id), now=now)
    return one
