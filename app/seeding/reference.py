"""Writes the city's reference data where there is none, in the order the rows refer to each other."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.seeding import areas, bodies, desks, matters, place_names, promises
from app.seeding.files import rows_of
from tickets.audit.entries import record
from tickets.directory.prepared_answers import insert_prepared
from tickets.matter.kept import load_shipped
from tickets.people.actor import SYSTEM
from tickets.schema import (
    Base,
    Calendar,
    Category,
    Holiday,
    Landmark,
    PlaceAlias,
    Policy,
    Post,
    PreparedAnswer,
    Procedure,
    Queue,
    Street,
    Unit,
)
from tickets.states import QueueKind, UnitKind


def load(session: Session, *, now: datetime) -> tuple[str, ...]:
    """Write every kind of which there is not one row, and name what was written.

    What a city has of a kind stays as it is, however little that may be: newer data comes through `./hotline import`.
    """
    # Words come with every release: what the city made of them stays.
    brought = load_shipped(session, now=now) is not None
    written = [
        *_directory(session),
        *_place_names(session),
        *_matters(session),
        *_promises(session, now=now),
        *(["words"] if brought else []),
    ]
    if written:
        record(
            session,
            actor=SYSTEM,
            action="reference.loaded",
            subject_kind="unit",
            subject_id=None,
            params={"kinds": written},
            now=now,
        )
    return tuple(written)


def _directory(session: Session) -> list[str]:
    if not _there_is(session, Unit):
        codes = bodies.load(session)
        area_ids = areas.load(session, city_id=codes["79"])
        desks.load(session, bodies=codes, areas=area_ids)
        return ["units", "queues", "posts"]
    # Of a directory that was brought in by file, the bodies are there and what each needs to work may not be.
    current = session.scalars(select(Unit.id).where(Unit.valid_to.is_(None))).all()
    written = []
    if not _there_is(session, Queue):
        desks.give_queues(session, current)
        written.append("queues")
    desk = _desk(session)
    if desk and not session.scalar(select(exists().where(Queue.kind == QueueKind.TRIAGE))):
        desks.give_triage(session, desk)
        written.append("triage")
    if not _there_is(session, Post):
        desks.give_posts(session, current)
        written.append("posts")
    return written


def _place_names(session: Session) -> list[str]:
    written = []
    if not _there_is(session, PlaceAlias):
        place_names.load_aliases(session)
        written.append("aliases")
    if not _there_is(session, Street):
        place_names.load_streets(session)
        written.append("streets")
    if not _there_is(session, Landmark):
        place_names.load_landmarks(session)
        written.append("landmarks")
    return written


def _desk(session: Session) -> Unit | None:
    """Who sorts what nobody else has: the desk of the shipped directory, else an office of the city, else itself."""
    kinds = (UnitKind.OFFICE, UnitKind.CITY)
    units = session.scalars(select(Unit).where(Unit.kind.in_(kinds), Unit.valid_to.is_(None))).all()
    ranked = sorted(units, key=lambda unit: (unit.code != desks.OPERATIONS, kinds.index(unit.kind), unit.id))
    return ranked[0] if ranked else None


def _matters(session: Session) -> list[str]:
    current = select(Unit.code, Unit.id).where(Unit.valid_to.is_(None), Unit.code.is_not(None))
    kept_by = {str(code): unit_id for code, unit_id in session.execute(current)}
    written = []
    if not _there_is(session, Procedure) and matters.procedure_keepers() <= kept_by.keys():
        matters.load_procedures(session, bodies=kept_by)
        written.append("procedures")
    if not _there_is(session, Category) and matters.category_keepers() <= kept_by.keys():
        matters.load_categories(session, bodies=kept_by)
        written.append("categories")
    if not _there_is(session, PreparedAnswer):
        insert_prepared(session, rows_of("answers"))
        written.append("answers")
    return written


def _promises(session: Session, *, now: datetime) -> list[str]:
    written = []
    if not _there_is(session, Calendar):
        promises.load_calendars(session, now=now)
        written.append("calendars")
    if not _there_is(session, Holiday):
        promises.load_holidays(session, now=now)
        written.append("holidays")
    if not _there_is(session, Policy) and promises.policies_fit(session):
        promises.load_policies(session, now=now)
        written.append("policies")
    return written


def _there_is(session: Session, table: type[Base]) -> bool:
    return bool(session.scalar(select(exists().select_from(table))))
