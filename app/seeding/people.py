"""Writes the people of the demonstration: invented and marked as such, with roles, posts, rota, responsibilities."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.seeding.files import demonstration_rows_of
from tickets.audit.entries import record
from tickets.directory.on_call import insert_holdings
from tickets.directory.responsibilities import ResponsibilityFacts, insert_responsibilities
from tickets.directory.shifts import insert_shifts
from tickets.directory.staff import NewPerson, add_people, give_roles
from tickets.directory.units import AREA_KINDS, current_units
from tickets.people.actor import SYSTEM
from tickets.schema import Post, Staff, Unit
from tickets.states import Role

# The demonstration's city has worked for a while when it is first seen: people hold their posts since this day.
IN_OFFICE_SINCE = date(2026, 1, 5)
ROTA_DAYS_BACK, ROTA_DAYS_AHEAD = 31, 14
TURNS = (time(7), time(15), time(23))


def load(session: Session, *, now: datetime, zone: ZoneInfo) -> bool:
    """False, and nothing written, when there are demonstration people already."""
    if session.scalar(select(exists().where(Staff.is_demo))):
        return False
    rows = demonstration_rows_of("people")
    units = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.valid_to.is_(None)))}
    since = datetime.combine(min(IN_OFFICE_SINCE, now.date() - timedelta(days=60)), time(), zone)
    ids = _accounts(session, rows, since=since)
    give_roles(
        session,
        [(ids[row["email"]], Role(role), units[row["unit"]].id) for row in rows for role in row["roles"].split()],
        now=since,
    )
    posts = {(post.unit_id, post.code): post.id for post in session.scalars(select(Post))}
    _holdings(session, rows, ids, units, posts, since=since)
    _rota(session, rows, ids, units, posts, now=now, zone=zone)
    _responsibilities(session, ids, since=since.date())
    record(
        session,
        actor=SYSTEM,
        action="demonstration.people_loaded",
        subject_kind="staff",
        subject_id=None,
        params={"people": len(ids)},
        now=now,
    )
    return True


def _accounts(session: Session, rows: list[dict[str, str]], *, since: datetime) -> dict[str, int]:
    people = [
        NewPerson(
            email=row["email"],
            name=row["name"],
            title=row["title"],
            phone=row["phone"],
            languages=tuple(row["languages"].split()),
            is_demo=True,
        )
        for row in rows
    ]
    return dict(zip((row["email"] for row in rows), add_people(session, people, now=since), strict=True))


def _holdings(
    session: Session,
    rows: list[dict[str, str]],
    ids: dict[str, int],
    units: dict[str | None, Unit],
    posts: dict[tuple[int, str], int],
    *,
    since: datetime,
) -> None:
    held = []
    for row in rows:
        for post in row["posts"].split():
            code, kind = post.split(":")
            held.append((posts[units[row["unit"]].id, code], ids[row["email"]], kind))
    insert_holdings(session, held, since=since)


def _rota(
    session: Session,
    rows: list[dict[str, str]],
    ids: dict[str, int],
    units: dict[str | None, Unit],
    posts: dict[tuple[int, str], int],
    *,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Three turns a day, taken in order by the holders and deputies of the posts of shift lead and duty officer."""
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=n) for n in range(-ROTA_DAYS_BACK, ROTA_DAYS_AHEAD)]
    turns = [datetime.combine(day, start, zone) for day in days for start in TURNS]
    shifts = []
    for code in ("shift_lead", "duty_officer"):
        for unit in {row["unit"] for row in rows if code in row["posts"]}:
            post = posts[units[unit].id, code]
            people = [ids[row["email"]] for row in rows if row["unit"] == unit and code in row["posts"]]
            shifts += [
                (post, people[number % len(people)], start, start + timedelta(hours=8))
                for number, start in enumerate(turns)
            ]
    insert_shifts(session, shifts)


def _responsibilities(session: Session, ids: dict[str, int], *, since: date) -> None:
    areas = current_units(session, kinds=AREA_KINDS, on=since)
    facts = []
    for row in demonstration_rows_of("responsibilities"):
        person, decision = ids[row["email"]], row["decision_no"]
        facts += [ResponsibilityFacts(person, decision, since, field=field) for field in row["fields"].split()]
        facts += [
            ResponsibilityFacts(person, decision, since, unit_id=unit.id)
            for unit in areas
            if unit.former_province == row["former_province"]
        ]
    insert_responsibilities(session, facts)
