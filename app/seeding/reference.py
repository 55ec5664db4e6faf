"""Writes the city's reference data into an empty database, in the order the rows refer to each other."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.seeding import areas, bodies, desks, matters, promises
from tickets.audit.entries import record
from tickets.people.actor import SYSTEM
from tickets.schema import Unit


def load(session: Session, *, now: datetime) -> bool:
    """Write everything; False, and nothing written, when the directory holds units already.

    What an administrator changed is never overwritten by a restart: newer data comes through `./hotline import`.
    """
    if session.scalar(select(exists().where(Unit.id.is_not(None)))):
        return False
    codes = bodies.load(session)
    area_ids = areas.load(session, city_id=codes["79"])
    desks.load(session, bodies=codes, areas=area_ids)
    matters.load(session, bodies=codes)
    promises.load(session, now=now)
    record(
        session,
        actor=SYSTEM,
        action="reference.loaded",
        subject_kind="unit",
        subject_id=None,
        params={"units": len(codes) + len(area_ids)},
        now=now,
    )
    return True
