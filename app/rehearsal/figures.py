"""What came of rehearsed days: promises kept, levels fired, and what each person met with on each day."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from escalation.firing.items_met import MOST_ITEMS, items_met, matters_met
from tickets.directory.contact_methods import METHOD_KINDS
from tickets.promises.figures import promises_kept
from tickets.schema import Clock, OutboundMessage, PlannedStep, Post, RoleAssignment, StepRecipient, Ticket, Unit
from tickets.states import ClockKind, Priority, Role, StepKind, StepResult, UnitKind

_BUSIEST = 10


@dataclass(frozen=True, slots=True)
class OfKind:
    """Promises of one kind; `broken` includes those that are still open."""

    kind: str
    kept: int
    broken: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class OfLevel:
    """Levels of this rank that fired, by what came of them."""

    level: int
    results: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OfPost:
    """What the people of one post met with: items are levels they were told of and lines of their lists,
    messages what left for them.

    Means are of all their days, also those on which nothing came; `days_above` are those with more items than a leader
    is meant to meet with, whether they lead something or not.
    """

    post: str
    post_en: str
    people: int
    items_a_day: float
    most_items: int
    days_above: int
    messages_a_day: float
    most_messages: int


@dataclass(frozen=True, slots=True)
class OfWhich:
    """So many items of one level, about promises of this kind and priority."""

    level: int
    clock: str
    priority: str
    count: int


@dataclass(frozen=True, slots=True)
class OfLeaders:
    """What leaders met with: those of the city, or those of wards and departments.

    `matters` are those behind their items, also what a line of a list has gathered. `days_above` are the days above the
    limit, `by_emergencies` those of them that would be within it without emergencies, which never wait. To
    `too_much_for` so many people more levels a day are reported in the mean than the limit has items: few lines may
    gather them, and their desks hold them all the same.
    """

    of_city: bool
    people: int
    items_a_day: float
    most_items: int
    matters_a_day: float
    most_matters: int
    too_much_for: int
    days: int
    days_above: int
    by_emergencies: int


@dataclass(frozen=True, slots=True)
class BusyDay:
    """A day on which a leader met with more than is meant, and what that was about."""

    day: str
    person: int
    post: str
    post_en: str
    items: int
    of: Sequence[OfWhich]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """`limit` is how many items a leader is meant to meet with on a day at most, but for emergencies."""

    seed: int
    begins_at: str
    days: int
    tickets_a_day: int
    tickets: int
    promises: Sequence[OfKind]
    levels: Sequence[OfLevel]
    posts: Sequence[OfPost]
    limit: int
    leaders: Sequence[OfLeaders]
    busiest: Sequence[BusyDay]

    @property
    def is_kept(self) -> bool:
        """Whether no leader met with more than is meant, but by emergencies; nor only because lists gather a flood."""
        return all(one.days_above == one.by_emergencies and not one.too_much_for for one in self.leaders)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "kept": self.is_kept}


@dataclass(slots=True)
class _PersonDay:
    items: int = 0
    emergencies: int = 0
    matters: int = 0
    messages: int = 0


def figures_of(
    session: Session, *, seed: int, tickets_a_day: int, begins_at: datetime, days: int, zone: ZoneInfo, now: datetime
) -> Rehearsed:
    met = _met_with(session, zone=zone)
    post_of = _posts(session)
    leaders, reported = _leaders(session), _reported(session)
    above = sorted(
        ((one.items, key) for key, one in met.items() if key[0] in leaders and one.items > MOST_ITEMS), reverse=True
    )
    return Rehearsed(
        seed=seed,
        begins_at=begins_at.isoformat(),
        days=days,
        tickets_a_day=tickets_a_day,
        tickets=session.scalar(select(func.count(Ticket.id))) or 0,
        promises=list(_promises(session, from_at=begins_at, now=now)),
        levels=list(_levels(session)),
        posts=list(_by_post(met, post_of, days=days)),
        limit=MOST_ITEMS,
        leaders=[_of_leaders(met, leaders, reported, of_city=of_city, days=days) for of_city in (True, False)],
        busiest=[
            BusyDay(day.isoformat(), who, *post_of[who], items, _of_which(session, who, day, zone=zone))
            for items, (who, day) in above[:_BUSIEST]
        ],
    )


def _of_leaders(
    met: Mapping[tuple[int, date], _PersonDay],
    leaders: Mapping[int, bool],
    reported: Counter[int],
    *,
    of_city: bool,
    days: int,
) -> OfLeaders:
    people = {who for who, is_of_city in leaders.items() if is_of_city is of_city}
    mine = [one for (who, _day), one in met.items() if who in people]
    above = [one for one in mine if one.items > MOST_ITEMS]
    return OfLeaders(
        of_city=of_city,
        people=len(people),
        items_a_day=_mean((one.items for one in mine), len(people) * days),
        most_items=max((one.items for one in mine), default=0),
        matters_a_day=_mean((one.matters for one in mine), len(people) * days),
        most_matters=max((one.matters for one in mine), default=0),
        too_much_for=sum(reported[who] > MOST_ITEMS * days for who in people),
        days=len(people) * days,
        days_above=len(above),
        by_emergencies=sum(one.items - one.emergencies <= MOST_ITEMS for one in above),
    )


def _promises(session: Session, *, from_at: datetime, now: datetime) -> Iterator[OfKind]:
    found = promises_kept(session, from_at=from_at, to_at=now, now=now)
    for kind in ClockKind:
        mine = [one for one in found if one.kind is kind]
        kept, broken = sum(one.met for one in mine), sum(one.missed + one.overdue for one in mine)
        yield OfKind(kind.value, kept, broken, sum(one.cancelled for one in mine))


def _levels(session: Session) -> Iterator[OfLevel]:
    rows = session.execute(
        select(PlannedStep.rank, PlannedStep.result, func.count())
        .where(PlannedStep.kind == StepKind.LEVEL, PlannedStep.fired_at.is_not(None))
        .group_by(PlannedStep.rank, PlannedStep.result)
    )
    found = defaultdict[int, dict[str, int]](dict)
    for level, result, count in rows:
        found[level][(result or StepResult.VOID).value] = count
    for level, results in sorted(found.items()):
        yield OfLevel(level, dict(sorted(results.items())))


def _met_with(session: Session, *, zone: ZoneInfo) -> dict[tuple[int, date], _PersonDay]:
    """By person and day of the city: items, and messages that left for them after gathering and limits."""
    met = defaultdict[tuple[int, date], _PersonDay](_PersonDay)
    for key, count, emergencies in _counted(session, items_met(zone)):
        met[key].items, met[key].emergencies = count, emergencies
    for key, count, _emergencies in _counted(session, matters_met(zone)):
        met[key].matters = count
    day = func.date(func.timezone(zone.key, OutboundMessage.sent_at))
    left = (
        select(OutboundMessage.staff_id, day, func.count())
        .where(
            OutboundMessage.staff_id.is_not(None),
            OutboundMessage.sent_at.is_not(None),
            OutboundMessage.channel.in_(METHOD_KINDS),
        )
        .group_by(OutboundMessage.staff_id, day)
    )
    for who, on, count in session.execute(left):
        met[(who, on)].messages = count
    return dict(met)


def _counted(session: Session, met: Subquery) -> Iterator[tuple[tuple[int, date], int, int]]:
    """By person and day how many, and how many of them are about emergencies as they are now."""
    is_emergency = Ticket.priority == Priority.EMERGENCY
    rows = session.execute(
        select(met.c.staff_id, met.c.day, func.count(), func.count().filter(is_emergency))
        .join(PlannedStep, PlannedStep.id == met.c.step_id)
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .group_by(met.c.staff_id, met.c.day)
    )
    return (((who, on), count, emergencies) for who, on, count, emergencies in rows)


def _posts(session: Session) -> dict[int, tuple[str, str]]:
    """The post in which somebody was told most often; who was told in none leads a shift or works a ticket."""
    rows = session.execute(
        select(StepRecipient.staff_id, Post.name, Post.name_en, func.count())
        .outerjoin(Post, Post.id == StepRecipient.post_id)
        .group_by(StepRecipient.staff_id, Post.name, Post.name_en)
        .order_by(func.count(), Post.name)
    )
    found = defaultdict[int, tuple[str, str]](lambda: ("", ""))
    for who, name, name_en, _count in rows:
        found[who] = (name or "", name_en or "")
    return found


def _leaders(session: Session) -> dict[int, bool]:
    """Whoever leads something by their role, and whether they lead the city."""
    rows = session.execute(
        select(RoleAssignment.staff_id, func.bool_or(Unit.kind == UnitKind.CITY))
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(RoleAssignment.role == Role.LEADER)
        .group_by(RoleAssignment.staff_id)
    )
    return {who: of_city for who, of_city in rows}


def _reported(session: Session) -> Counter[int]:
    """By person, how many levels were reported to them, at once or in a list; some are over before a list comes."""
    rows = session.execute(select(StepRecipient.staff_id, func.count()).group_by(StepRecipient.staff_id))
    return Counter({who: count for who, count in rows})


def _by_post(
    met: Mapping[tuple[int, date], _PersonDay], post_of: Mapping[int, tuple[str, str]], *, days: int
) -> Iterator[OfPost]:
    grouped = defaultdict[tuple[str, str], list[tuple[int, _PersonDay]]](list)
    for (who, _day), one in met.items():
        grouped[post_of[who]].append((who, one))
    for (post, post_en), mine in sorted(grouped.items()):
        people = len({who for who, _ in mine})
        yield OfPost(
            post=post,
            post_en=post_en,
            people=people,
            items_a_day=_mean((one.items for _, one in mine), people * days),
            most_items=max(one.items for _, one in mine),
            days_above=sum(one.items > MOST_ITEMS for _, one in mine),
            messages_a_day=_mean((one.messages for _, one in mine), people * days),
            most_messages=max(one.messages for _, one in mine),
        )


def _of_which(session: Session, who: int, day: date, *, zone: ZoneInfo) -> list[OfWhich]:
    """What that day's items were about, by level, promise and priority."""
    items = items_met(zone)
    rows = session.execute(
        select(PlannedStep.rank, Clock.kind, Ticket.priority, func.count())
        .select_from(items)
        .join(PlannedStep, PlannedStep.id == items.c.step_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .where(items.c.staff_id == who, items.c.day == day)
        .group_by(PlannedStep.rank, Clock.kind, Ticket.priority)
        .order_by(PlannedStep.rank, Clock.kind, Ticket.priority)
    )
    return [OfWhich(rank, kind.value, priority.value, count) for rank, kind, priority, count in rows]


def _mean(counts: Any, among: int) -> float:
    return round(sum(counts) / among, 2) if among else 0.0
