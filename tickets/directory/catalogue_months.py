"""Shares of the catalogue by month and department: kept anew while the month runs, left as they are when it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.each_alone import PutAside, each_alone
from tickets.schema import CatalogueMonth, Procedure

# What can be done from beginning to end, or in part, without coming.
ONLINE = ("partial", "full")


@dataclass(frozen=True, slots=True)
class Shares:
    """Numbers of procedures; a share of nothing is none."""

    procedures: int = 0
    boundary_free: int = 0
    online: int = 0
    of_business: int = 0
    of_business_online: int = 0

    @property
    def boundary_free_share(self) -> float | None:
        return self.boundary_free / self.procedures if self.procedures else None

    @property
    def online_share(self) -> float | None:
        return self.online / self.procedures if self.procedures else None

    @property
    def business_share(self) -> float | None:
        return self.of_business_online / self.of_business if self.of_business else None

    def __add__(self, other: "Shares") -> "Shares":
        return Shares(
            self.procedures + other.procedures,
            self.boundary_free + other.boundary_free,
            self.online + other.online,
            self.of_business + other.of_business,
            self.of_business_online + other.of_business_online,
        )


def shares_now(session: Session) -> dict[int, Shares]:
    """By department, as the catalogue stands."""
    is_online = Procedure.online_level.in_(ONLINE)
    rows = session.execute(
        select(
            Procedure.department_id,
            func.count(),
            func.count().filter(Procedure.boundary_free),
            func.count().filter(is_online),
            func.count().filter(Procedure.for_business),
            func.count().filter(Procedure.for_business, is_online),
        )
        .where(Procedure.department_id.is_not(None))
        .group_by(Procedure.department_id)
    )
    return {unit_id: Shares(*numbers) for unit_id, *numbers in rows if unit_id is not None}


def keep_month(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """What the hourly job does: this month as it stands now; returns of how many departments."""
    month = day_of(now).replace(day=1)
    found = shares_now(session)
    each_alone(
        session, sorted(found), lambda one: insert_month(session, month, one, found[one], now=now),
        named=int, put_aside=put_aside,
    )  # fmt: skip
    return len(found)


def insert_month(session: Session, month: date, unit_id: int, shares: Shares, *, now: datetime) -> None:
    values = {
        "procedures": shares.procedures,
        "boundary_free": shares.boundary_free,
        "online": shares.online,
        "of_business": shares.of_business,
        "of_business_online": shares.of_business_online,
        "counted_at": now,
    }
    kept = insert(CatalogueMonth).values(month=month, unit_id=unit_id, **values)
    session.execute(kept.on_conflict_do_update(index_elements=["month", "unit_id"], set_=values))


def months_kept(session: Session, *, unit_ids: Sequence[int] | None = None) -> list[tuple[date, Shares]]:
    """Of the last twelve months that were kept, all departments (or these) together; the latest first."""
    columns = (
        CatalogueMonth.procedures, CatalogueMonth.boundary_free, CatalogueMonth.online, CatalogueMonth.of_business,
        CatalogueMonth.of_business_online,
    )  # fmt: skip
    statement = select(CatalogueMonth.month, *(func.sum(column) for column in columns)).group_by(CatalogueMonth.month)
    if unit_ids is not None:
        statement = statement.where(CatalogueMonth.unit_id.in_(unit_ids))
    rows = session.execute(statement.order_by(CatalogueMonth.month.desc()).limit(12))
    return [(month, Shares(*(int(number or 0) for number in numbers))) for month, *numbers in rows]
