"""The rota as a file: who answers for which post from when until when."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tickets.city import wall_clock, zone
from tickets.directory.exchange.kind import ChangeState, FileKind, RowChange, TextRow
from tickets.directory.exchange.posts import PostNames
from tickets.directory.rota import LONGEST_TURN
from tickets.directory.shifts import change_shift, drop_shifts, insert_shifts
from tickets.file_errors import RowError, wrong_row
from tickets.people.roles import SEEING
from tickets.schema import Absence, Post, RoleAssignment, Shift, Staff, Unit
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue


class Rota(FileKind):
    name = "rota"
    columns = (
        Column("unit", Reads.UNIT, needed=True),
        Column("post", needed=True, longest=200),
        Column("person", Reads.PERSON, needed=True, longest=254),
        Column("from", Reads.MOMENT, needed=True),
        Column("to", Reads.MOMENT, needed=True),
    )
    key = ("unit", "post", "person", "from")
    _posts: PostNames | None = None

    @property
    def posts(self) -> PostNames:
        if self._posts is None:
            self._posts = PostNames(self.session)
        return self._posts

    def offered(self, column: str, locale: str) -> list[str]:
        return self.posts.named(locale) if column == "post" else []

    def name_of(self, row: TextRow) -> str:
        return f"{row['unit']} {row['post']} {row['from']} {self.people.person(row['person']).name}"

    def judge(self, row: TextRow) -> None:
        row["post"] = self.posts.code(self.units.id(row["unit"]), row["post"])
        begins, ends = _at(row["from"]), _at(row["to"])
        if ends <= begins:
            raise BadValue("ends_before_it_begins", row["to"], column="to")
        if ends - begins > LONGEST_TURN:
            raise BadValue("turn_too_long", LONGEST_TURN.days, column="to")

    def standing(self) -> list[TextRow]:
        """Every turn that is not over."""
        rows = self.session.execute(
            select(Shift, Unit.code, Post.code, Staff.email, Staff.phone, Staff.name)
            .join(Post, Post.id == Shift.post_id)
            .join(Unit, Unit.id == Post.unit_id)
            .join(Staff, Staff.id == Shift.staff_id)
            .where(Shift.ends_at > self.now, Unit.code.is_not(None))
            .order_by(Unit.sort_key, Post.id, Shift.starts_at, Shift.id)
        )
        return [
            {
                "unit": str(unit),
                "post": post,
                "person": email or phone or name,
                "from": f"{wall_clock(shift.starts_at):%Y-%m-%d %H:%M}",
                "to": f"{wall_clock(shift.ends_at):%Y-%m-%d %H:%M}",
                "shift": str(shift.id),
            }
            for shift, unit, post, email, phone, name in rows
        ]

    def judge_changes(self, changes: Sequence[RowChange]) -> list[RowError]:
        done = [one for one in changes if one.state is not ChangeState.UNCHANGED]
        errors = [error for one in done if (error := self._past(one)) is not None]
        errors += _not_theirs(self, done)
        return errors + _gaps(changes)

    def write(self, changes: Sequence[RowChange]) -> None:
        fresh = [change for change in changes if change.before is None]
        for change, shift_id in zip(fresh, insert_shifts(self.session, [self._turn(o) for o in fresh]), strict=True):
            change.kept["shift"] = shift_id
        for change in changes:
            if change.before is not None:
                post, person, begins, ends = self._turn(change)
                shift_id = int(change.before["shift"])
                change_shift(self.session, shift_id, post_id=post, staff_id=person, starts_at=begins, ends_at=ends)

    def take_back(self, change: RowChange) -> None:
        """What has begun ends now, what has not is gone."""
        row = self.session.get(Shift, change.kept["shift"])
        if row is None or row.ends_at <= self.now:
            return
        if row.starts_at >= self.now:
            drop_shifts(self.session, [row.id])
        else:
            change_shift(
                self.session,
                row.id,
                post_id=row.post_id,
                staff_id=row.staff_id,
                starts_at=row.starts_at,
                ends_at=self.now,
            )

    def _turn(self, change: RowChange) -> tuple[int, int, datetime, datetime]:
        row = change.after
        post = self.posts.by_code[self.units.id(row["unit"]), row["post"]]
        return post.id, self.people.person(row["person"]).id, _at(row["from"]), _at(row["to"])

    def _past(self, change: RowChange) -> RowError | None:
        """A turn is not planned backwards."""
        if change.before is None and _at(change.after["from"]) < self.now:
            return wrong_row(change.number, "past", change.after["from"], column="from")
        if _at(change.after["to"]) <= self.now:
            return wrong_row(change.number, "past", change.after["to"], column="to")
        return None


def _at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=zone())


def _not_theirs(kind: Rota, changes: Sequence[RowChange]) -> list[RowError]:
    """Whoever has no role at the body, is on leave then, or is on duty for another body."""
    works, away = _works_at(kind.session, kind.now), _away(kind.session, kind.now)
    duties: dict[int, list[tuple[datetime, datetime, str, str]]] = defaultdict(list)
    mine = {(one.before or {}).get("shift", "") for one in changes}
    for row in kind.standing():
        if row["shift"] not in mine:
            person = kind.people.person(row["person"]).id
            duties[person].append((_at(row["from"]), _at(row["to"]), row["unit"], row["post"]))
    errors = []
    for change in changes:
        row = change.after
        person = kind.people.person(row["person"]).id
        begins, ends = _at(row["from"]), _at(row["to"])
        if kind.units.id(row["unit"]) not in works.get(person, ()):
            errors.append(wrong_row(change.number, "no_role_there", row["person"], column="person"))
        elif any(since < ends and until > begins for since, until in away.get(person, ())):
            errors.append(wrong_row(change.number, "on_leave", row["person"], column="person"))
        elif any(
            since < ends and until > begins and (unit != row["unit"] or post == row["post"])
            for since, until, unit, post in duties[person]
        ):
            errors.append(wrong_row(change.number, "on_duty_already", row["person"], column="person"))
        duties[person].append((begins, ends, row["unit"], row["post"]))
    return errors


def _works_at(session: Session, now: datetime) -> dict[int, set[int]]:
    """By person, the bodies where they have a role, now or soon."""
    ends = RoleAssignment.valid_to
    rows = session.execute(
        select(RoleAssignment.staff_id, RoleAssignment.unit_id).where(
            RoleAssignment.role.in_(SEEING), or_(ends.is_(None), (ends > now) & (ends > RoleAssignment.valid_from))
        )
    )
    found: dict[int, set[int]] = defaultdict(set)
    for staff_id, unit_id in rows:
        found[staff_id].add(unit_id)
    return found


def _away(session: Session, now: datetime) -> dict[int, list[tuple[datetime, datetime]]]:
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in session.scalars(select(Absence).where(Absence.ends_at > now)):
        found[row.staff_id].append((row.starts_at, row.ends_at))
    return found


def _gaps(changes: Sequence[RowChange]) -> list[RowError]:
    """Between the first and the last turn that a file gives to a post, somebody is on duty at every hour.

    A rota that is meant for nights or weekends only leaves its gaps in every week alike; such a file is accepted by
    saying so.
    """
    posts: dict[tuple[str, str], list[RowChange]] = defaultdict(list)
    for change in changes:
        posts[change.after["unit"], change.after["post"]].append(change)
    errors = []
    for turns in posts.values():
        ordered = sorted(turns, key=lambda one: one.after["from"])
        covered = _at(ordered[0].after["to"])
        for turn in ordered[1:]:
            begins = _at(turn.after["from"])
            if begins > covered + timedelta(minutes=1):
                until = f"{covered:%Y-%m-%d %H:%M} – {begins:%Y-%m-%d %H:%M}"
                errors.append(wrong_row(turn.number, ROTA_GAP, until, column="from"))
            covered = max(covered, _at(turn.after["to"]))
    return errors


ROTA_GAP = "rota_gap"
