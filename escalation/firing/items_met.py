"""What people meet with on which day: levels when they are told of them, and lines of their lists when these come.

A leader, of the city as of a ward or a department, is to meet with few items a day (R12). What is no emergency is told
at once while the day has room; above that it stands on the desk at once, and in the next list that is sent.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, SQLColumnExpression, Subquery, cast, func, select, true, union
from sqlalchemy.dialects.postgresql import JSONPATH
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
    # After a silence of ours a leader is told of thousands in one day: no other day's are looked at for it.
    begins = datetime.combine(day, time(), zone())
    told = _told(zone(), StepRecipient.told_at, begins).where(StepRecipient.told_at < begins + timedelta(days=1))
    leaves = _told(zone(), _LEAVES_AT, since).where(StepRecipient.told_at < begins)
    listed = (_listed(zone(), which, since) for which in (_OWN_LINES, _GATHERED_LINE))
    met = union(told, leaves, *listed).subquery("met")
    rows = session.execute(
        select(met.c.staff_id, met.c.step_id).where(met.c.staff_id.in_(found), met.c.day == day).order_by(met.c.step_id)
    )
    for staff_id, step_id in rows:
        found[staff_id].add(step_id)
    return found


@dataclass(slots=True)
class LeadersDay:
    """How much leaders meet with on the day it is, and on those on which messages of now would leave."""

    today: date
    counts: dict[tuple[int, date], int]

    def is_full(self, staff_id: int, at: datetime) -> bool:
        is_before_the_list = wall_clock(at).time() <= MORNING_LIST_AT
        most = _MOST_BEFORE_MORNING if is_before_the_list else MOST_BEFORE_EVENING
        return any(self.counts.get((staff_id, day), 0) >= most for day in {self.today, day_of(at)})

    def add(self, staff_ids: Iterable[int], at: datetime) -> None:
        for key in {(staff_id, day) for staff_id in staff_ids for day in (self.today, day_of(at))}:
            self.counts[key] = self.counts.get(key, 0) + 1


def leaders_day(session: Session, waiting: Collection[tuple[int, datetime]], *, now: datetime) -> LeadersDay:
    """For people with when a message would leave for each; nothing is looked for where there is nobody."""
    people, today = {staff_id for staff_id, _ in waiting}, day_of(now)
    days = {today, *(day_of(at) for _, at in waiting)}
    counts = {
        (staff_id, day): len(steps)
        for day in sorted(days)
        for staff_id, steps in met_on(session, people, day, now=now).items()
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
