"""How much of what a city begins with has been entered: for whoever sets it up, by the names of the kinds of files."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from tickets.city import day_of
from tickets.directory.units import in_force
from tickets.promises.plan import TRIAL
from tickets.schema import Category, Holiday, Line, OneStopOffice, Post, Procedure, Responsibility, Shift, Staff, Unit


def entered_counts(session: Session, *, now: datetime) -> Mapping[str, int]:
    """What holds today or is still to come, in one statement."""
    today = day_of(now)
    counts = {
        "units": _count(Unit.id, in_force(today)),
        "offices": _count(OneStopOffice.id),
        "lines": _count(Line.id, or_(Line.valid_to.is_(None), Line.valid_to > today)),
        "posts": _count(Post.id, Post.code != TRIAL),
        "people": _count(Staff.id, Staff.disabled_at.is_(None)),
        "rota": _count(Shift.id, Shift.ends_at > now),
        "responsibilities": _count(
            Responsibility.id, or_(Responsibility.valid_to.is_(None), Responsibility.valid_to > today)
        ),
        "categories": _count(Category.id, Category.retired_at.is_(None)),
        "procedures": _count(Procedure.id),
        "holidays": _count(Holiday.day, Holiday.day >= today),
    }
    row = session.execute(select(*(one.scalar_subquery() for one in counts.values()))).one()
    return dict(zip(counts, row, strict=True))


def _count(key: InstrumentedAttribute[object], *wanted: ColumnElement[bool]) -> Select[int]:
    return select(func.count(key)).where(*wanted)
