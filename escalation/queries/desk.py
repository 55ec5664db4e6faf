"""The leader's desk: everything that has reached a person and is theirs to answer, in the order of the harm it does.

The heading, the menu and the API count these same lines, so that nobody reads two numbers of one list. It is read as
far as it is shown: its order is kept with its rows, and nobody is told a number above COUNTED_UP_TO.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from escalation.acknowledging.right import AskedLevel, KnownStanding, RightToAnswer, rights_of, rights_to_answer
from escalation.acknowledging.waiting import STANDS
from tickets.people.roles import Viewer
from tickets.promises.standing_levels import EMERGENCY_HARM
from tickets.queries.list_counts import COUNTED_UP_TO
from tickets.schema import Category, Clock, StandingReport, Ticket

# Whoever has lost a post may have many lines that are no longer theirs: each look past them is so much longer.
_LONGER = 4
_IN_VAIN = 500
# What is told of a place may be anything; days and instants beyond these are of no line.
_NUMBERS = range(-(2**31), 2**31)

# What puts one line before another: the most harm (emergency, then level), the earlier day, the most people, then the
# date itself; as in the index of `standing_report`, so that a page begins where the one before ended.
Place = tuple[int, date, int, datetime, int]
_PLACE = (
    (-StandingReport.harm).label("milder"),
    StandingReport.due_on,
    (-StandingReport.people).label("fewer"),
    StandingReport.due_at,
)
_ORDER = (
    -StandingReport.harm,
    StandingReport.due_on,
    -StandingReport.people,
    StandingReport.due_at,
    StandingReport.step_id,
)
# By what a line is judged, as it is kept with it.
_JUDGED = (
    StandingReport.level, StandingReport.harm, StandingReport.unit_id, StandingReport.procedure_id,
    StandingReport.category_id, StandingReport.chain_version_id, StandingReport.capacity, StandingReport.stands,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeskLine:
    """One matter on a desk: the highest level of its clock that was told to this person."""

    step_id: int
    # The citizen whose ticket it is, and everybody whose duplicate waits for the same answer.
    people: int
    right: RightToAnswer
    place: Place


@dataclass(frozen=True, slots=True)
class DeskPage:
    """Some lines in a row; `next` is where to go on, None at the end. `count`: of the whole list, see COUNTED_UP_TO."""

    lines: tuple[DeskLine, ...]
    next: str | None
    count: int


@dataclass(frozen=True, slots=True)
class LeaderDesk:
    """A page of what waits for a person's answer, and one of what was answered and still runs."""

    waiting: DeskPage
    answered: DeskPage
    # By which the lines were judged, for whoever goes on asking about them.
    standing: KnownStanding


@dataclass(frozen=True, slots=True)
class _Stretch:
    """So many lines of a list from a place on."""

    is_answered: bool
    most: int
    after: Place | None = None


def load_desk(
    session: Session,
    viewer: Viewer,
    *,
    waiting_after: str | None = None,
    answered_after: str | None = None,
    limit: int,
    now: datetime,
) -> LeaderDesk:
    """The lines after these places, `limit` at most in each list; a place that nobody gave out is as none.

    Without what was told for a post or a unit that is no longer this person's: their answer would be refused.
    """
    asked = {False: _read_place(waiting_after), True: _read_place(answered_after)}
    shown = {answered: _Stretch(answered, limit + 1, place) for answered, place in asked.items()}
    counted = {answered: _Stretch(answered, max(COUNTED_UP_TO, limit) + 1) for answered in asked}
    # A first page is the beginning of what is counted.
    needed = [*counted.values(), *(one for one in shown.values() if one.after is not None)]
    known = KnownStanding(now=now)
    lines = _lines(session, viewer, needed, known)

    def page(answered: bool) -> DeskPage:
        of_page = lines.get(shown[answered], lines[counted[answered]])
        more = len(of_page) > limit
        following = _written(of_page[limit - 1].place) if more else None
        return DeskPage(tuple(of_page[:limit]), following, min(len(lines[counted[answered]]), COUNTED_UP_TO + 1))

    return LeaderDesk(page(False), page(True), known)


def waiting_up_to(session: Session, viewer: Viewer, *, most: int, now: datetime) -> int:
    """How many lines wait for an answer, `most` at most: the menu of every page reads no more than it says.

    Whoever leads outside their turn has lines by the thousand of which none is theirs now. The menu of all their pages
    believes the first `_IN_VAIN`, the most urgent ones; their desk reads on.
    """
    stretch = _Stretch(is_answered=False, most=most)
    return len(_lines(session, viewer, [stretch], KnownStanding(now=now), in_vain=_IN_VAIN)[stretch])


def _lines(
    session: Session,
    viewer: Viewer,
    stretches: Sequence[_Stretch],
    known: KnownStanding,
    *,
    in_vain: int | None = None,
) -> Mapping[_Stretch, Sequence[DeskLine]]:
    """Each stretch as far as it is asked for; once more, and further, where lines were no longer this person's.

    No further where so many were looked at `in_vain`; None: to the end.
    """
    found: dict[_Stretch, list[DeskLine]] = {one: [] for one in stretches}
    ahead: Mapping[_Stretch, Place | None] = {one: one.after for one in stretches}
    most, looked_at = max(one.most for one in stretches), 0
    while ahead:
        rows = _rows(session, viewer.staff_id, ahead, most=most)
        mine = _rights(session, rows, viewer, known)
        further: dict[_Stretch, Place | None] = {}
        for number, one in enumerate(ahead):
            of_it = [row for row in rows if row.stretch == number]
            found[one] += [_line(row, mine[row.step_id]) for row in of_it if row.step_id in mine]
            if len(of_it) == most and len(found[one]) < one.most:
                further[one] = _place(of_it[-1])
        looked_at += len(rows)
        if in_vain is not None and looked_at >= in_vain and not any(found.values()):
            break
        ahead, most = further, most * _LONGER
    return {one: lines[: one.most] for one, lines in found.items()}


def _rights(
    session: Session, rows: Sequence[Row[Any]], viewer: Viewer, known: KnownStanding
) -> dict[int, RightToAnswer]:
    """By what is kept with the lines; of those that the release before wrote by their tickets."""
    standing = [row for row in rows if row.stands_indeed]
    kept = {
        row.step_id: AskedLevel(
            row.level,
            row.unit_id,
            row.procedure_id,
            row.harm >= EMERGENCY_HARM,
            row.field or "",
            row.chain_version_id,
            row.capacity,
        )
        for row in standing
        if row.stands is not None
    }
    unknown = {row.step_id for row in standing if row.stands is None}
    mine = rights_of(session, kept, viewer=viewer, now=known.now, known=known)
    return mine | rights_to_answer(session, unknown, viewer=viewer, now=known.now) if unknown else mine


def _rows(session: Session, staff_id: int, ahead: Mapping[_Stretch, Place | None], *, most: int) -> Sequence[Row[Any]]:
    """The next kept rows of each stretch, in their order; whether each stands indeed. One statement."""
    parts = (_head(staff_id, one, after, most, number) for number, (one, after) in enumerate(ahead.items()))
    rows = union_all(*(select(part.subquery()) for part in parts)).subquery("of_desk")
    # Asked only where it is not kept.
    stands = select(and_(*STANDS)).where(Ticket.id == rows.c.ticket_id, Clock.id == rows.c.clock_id)
    order = (rows.c.stretch, *(rows.c[name] for name in ("milder", "due_on", "fewer", "due_at", "step_id")))
    return session.execute(
        select(rows, Category.field, func.coalesce(rows.c.stands, stands.scalar_subquery()).label("stands_indeed"))
        .outerjoin(Category, Category.id == rows.c.category_id)
        .order_by(*order)
    ).all()


def _head(staff_id: int, stretch: _Stretch, after: Place | None, most: int, number: int) -> Select[*tuple[Any, ...]]:
    report = StandingReport
    head = (
        select(literal(number).label("stretch"), report.step_id, report.ticket_id, report.clock_id, *_PLACE, *_JUDGED)
        .where(report.staff_id == staff_id, report.is_answered.is_(stretch.is_answered))
        .order_by(*_ORDER)
        .limit(most)
    )
    return head if after is None else head.where(tuple_(*_ORDER) > tuple_(*(literal(part) for part in after)))


def _line(row: Row[Any], right: RightToAnswer) -> DeskLine:
    return DeskLine(row.step_id, -row.fewer, right, _place(row))


def _place(row: Row[Any]) -> Place:
    return row.milder, row.due_on, row.fewer, row.due_at, row.step_id


def _written(place: Place) -> str:
    milder, due_on, fewer, due_at, step_id = place
    return f"{milder}~{due_on.isoformat()}~{fewer}~{due_at.isoformat()}~{step_id}"


def _read_place(after: str | None) -> Place | None:
    try:
        milder, due_on, fewer, due_at, step_id = (after or "").split("~")
        place = int(milder), date.fromisoformat(due_on), int(fewer), datetime.fromisoformat(due_at), int(step_id)
    except ValueError:
        return None
    is_one = place[0] in _NUMBERS and place[2] in _NUMBERS and 0 <= place[4] < 2**63 and place[3].tzinfo is not None
    return place if is_one else None
