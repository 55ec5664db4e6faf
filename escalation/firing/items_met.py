"""What people meet with on which day: levels when they are told of them, and lines of their lists when these come.

A leader, of the city as of a ward or a department, is to meet with few items a day (R12). What is no emergency is told
at once while the day has room; above that it stands on the desk at once, and in the next list that is sent.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Select,
    SQLColumnExpression,
    Subquery,
    bindparam,
    cast,
    func,
    select,
    text,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONPATH
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, DateTime

from tickets.city import day_of, wall_clock, zone
from tickets.outbox.gathering import DAILY_LIST_TEMPLATE
from tickets.schema import OutboundMessage, PlannedStep, StepRecipient
from tickets.states import OutboundChannel

# A leader should meet at most so many items a day (R12, at 490 tickets a day).
MOST_ITEMS = 5
# One is left for whatever the evening's list gathers.
MOST_BEFORE_EVENING = MOST_ITEMS - 1
# And one for the morning's.
MORNING_LIST_AT = time(7, 30)
_MOST_BEFORE_MORNING = MOST_BEFORE_EVENING - 1
_OWN_LINES, _GATHERED_LINE = "$.items[*].step_id", "$.others[0].matters[0].step_id"
_ALL_OF_THE_LIST = "$.step_ids[*]"
# A message waits over the longest holiday at most.
_LONGEST_WAIT = timedelta(days=14)
_LEAVES_AT = func.coalesce(cast(PlannedStep.detail["send_at"].astext, DateTime(timezone=True)), StepRecipient.told_at)


def items_met(zone: ZoneInfo) -> Subquery:
    """Person, day of the city and the level that an item is about, each once a day.

    A level that is told in the next list reaches nobody before it, nor at all where it is over by then. A line that
    stands in a list again the next day is met with again; the one that gathers the rest of a list is one item.
    """
    listed = (_listed(zone, which, None) for which in (_OWN_LINES, _GATHERED_LINE))
    return union(_told(zone, StepRecipient.told_at, None), *listed).subquery("met")


def matters_met(zone: ZoneInfo) -> Subquery:
    """As `items_met`, and each level that a line has gathered by itself."""
    told = _told(zone, StepRecipient.told_at, None)
    return union(told, _listed(zone, _ALL_OF_THE_LIST, None)).subquery("met")


def met_on(session: Session, staff_ids: Collection[int], day: date, *, now: datetime) -> dict[int, set[int]]:
    """By person, the levels that they meet with on this day as far as it is known now.

    What waits for duty hours counts on the day on which it came and on the one on which its message leaves.
    """
    found: dict[int, set[int]] = {staff_id: set() for staff_id in staff_ids}
    if not found:
        return found
    since = now - _LONGEST_WAIT
    told = (_told(zone(), at, since) for at in (StepRecipient.told_at, _LEAVES_AT))
    listed = (_listed(zone(), which, since) for which in (_OWN_LINES, _GATHERED_LINE))
    met = union(*told, *listed).subquery("met")
    rows = session.execute(
        select(met.c.staff_id, met.c.step_id).where(met.c.staff_id.in_(found), met.c.day == day).order_by(met.c.step_id)
    )
    for staff_id, step_id in rows:
        found[staff_id].add(step_id)
    return found


def most_by(at: datetime) -> int:
    """With how many items a day is full for what would leave then: the lists that are still to come have room left."""
    return _MOST_BEFORE_MORNING if wall_clock(at).time() <= MORNING_LIST_AT else MOST_BEFORE_EVENING


@dataclass(slots=True)
class LeadersDay:
    """How much leaders meet with on the day it is, and on those on which messages of now would leave."""

    today: date
    counts: dict[tuple[int, date], int]

    def is_full(self, staff_id: int, at: datetime) -> bool:
        return any(self.counts.get((staff_id, day), 0) >= most_by(at) for day in {self.today, day_of(at)})

    def add(self, staff_ids: Iterable[int], at: datetime) -> None:
        for key in {(staff_id, day) for staff_id in staff_ids for day in (self.today, day_of(at))}:
            self.counts[key] = self.counts.get(key, 0) + 1


# Each level is looked up by itself and no further than until the day is full: after a silence of ours a leader is told
# of thousands, and joined, all steps there are were read to know that three of them count.
_TOLD_ON_THE_DAY = text(
    """
    select p.staff_id, t.step_id from unnest(:people, :room) as p(staff_id, room) cross join lateral (
        select r.step_id from step_recipient r
        where r.staff_id = p.staff_id and r.told_at >= :begins and r.told_at < :ends
          and (r.staff_id, r.step_id) not in (select * from unnest(:who, :known))
          and (select s.detail ->> 'in' from planned_step s where s.id = r.step_id) is null
        order by r.told_at, r.step_id limit p.room) t
    """
)
_LEAVES_ON_THE_DAY = text(
    """
    select p.staff_id, t.step_id from unnest(:people, :room) as p(staff_id, room) cross join lateral (
        select r.step_id from step_recipient r
        where r.staff_id = p.staff_id and r.told_at >= :since and r.told_at < :begins
          and (r.staff_id, r.step_id) not in (select * from unnest(:who, :known))
          and (select tstzrange(:begins, :ends) @> (s.detail ->> 'send_at')::timestamptz and s.detail ->> 'in' is null
               from planned_step s where s.id = r.step_id)
        limit p.room) t
    """
)
_NUMBERS = tuple(bindparam(name, type_=ARRAY(BigInteger)) for name in ("people", "room", "who", "known"))


def _counted(session: Session, most: Mapping[int, int], day: date, *, now: datetime) -> dict[int, int]:
    """As `met_on` counts, of each person no further than until their day is full."""
    begins, ends = (datetime.combine(one, time(), zone()) for one in (day, day + timedelta(days=1)))
    since = now - _LONGEST_WAIT
    listed = union(*(_listed(zone(), which, since) for which in (_OWN_LINES, _GATHERED_LINE))).subquery()
    its = select(listed.c.staff_id, listed.c.step_id).where(listed.c.staff_id.in_(most), listed.c.day == day)
    found = {staff_id: set[int]() for staff_id in most}
    for staff_id, step_id in session.execute(its):
        found[staff_id].add(step_id)
    for statement in (_LEAVES_ON_THE_DAY, _TOLD_ON_THE_DAY):
        room = {one: most[one] - len(steps) for one, steps in sorted(found.items()) if len(steps) < most[one]}
        if not room:
            break
        # By person: what one of them was told of already counts for the others all the same.
        known = [(one, step_id) for one in room for step_id in sorted(found[one])]
        told: dict[str, Any] = {"begins": begins, "ends": ends, "people": [*room], "room": [*room.values()]}
        told |= {"who": [who for who, _ in known], "known": [step_id for _, step_id in known]}
        if statement is _LEAVES_ON_THE_DAY:
            told["since"] = since
        for staff_id, step_id in session.execute(statement.bindparams(*_NUMBERS), told):
            found[staff_id].add(step_id)
    return {staff_id: len(steps) for staff_id, steps in found.items()}


def leaders_day(session: Session, waiting: Collection[tuple[int, datetime]], *, now: datetime) -> LeadersDay:
    """For people with when a message would leave for each; nothing is looked for where there is nobody."""
    today, most = day_of(now), dict[int, int]()
    for staff_id, at in waiting:
        most[staff_id] = max(most.get(staff_id, 0), most_by(at))
    days = {today, *(day_of(at) for _, at in waiting)}
    counts = {
        (staff_id, day): count
        for day in sorted(days)
        for staff_id, count in (_counted(session, most, day, now=now) if most else {}).items()
    }
    return LeadersDay(today, counts)


def _told(zone: ZoneInfo, at: SQLColumnExpression[datetime], since: datetime | None) -> Select[int, date, int]:
    told = (
        select(StepRecipient.staff_id, func.date(func.timezone(zone.key, at)).label("day"), StepRecipient.step_id)
        .join(PlannedStep, PlannedStep.id == StepRecipient.step_id)
        .where(PlannedStep.detail["in"].astext.is_(None))
    )
    return told if since is None else told.where(StepRecipient.told_at >= since)


def _listed(zone: ZoneInfo, which: str, since: datetime | None) -> Select[int | None, date, int]:
    """Levels that lists of every kind named at these places of theirs; each list is also a notice on the screen."""
    lines = func.jsonb_path_query(OutboundMessage.params, cast(which, JSONPATH)).table_valued("value").render_derived()
    day = func.date(func.timezone(zone.key, OutboundMessage.sent_at))
    listed = (
        select(OutboundMessage.staff_id, day.label("day"), cast(lines.c.value, BigInteger).label("step_id"))
        .join(lines, true())
        .where(
            OutboundMessage.template == DAILY_LIST_TEMPLATE,
            OutboundMessage.channel == OutboundChannel.SCREEN,
            OutboundMessage.sent_at.is_not(None),
        )
    )
    return listed if since is None else listed.where(OutboundMessage.created_at > since)
