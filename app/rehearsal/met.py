"""What people met with on which day: levels when they were told of them, and lines of their lists when these came."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Subquery, cast, func, select, true, union
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.types import BigInteger

from tickets.outbox.gathering import DAILY_LIST_TEMPLATE
from tickets.schema import OutboundMessage, PlannedStep, StepRecipient
from tickets.states import OutboundChannel

_OWN_LINES, _GATHERED_LINE = "$.items[*].step_id", "$.others[0].matters[0].step_id"
_ALL_OF_THE_LIST = "$.step_ids[*]"


def items_met(zone: ZoneInfo) -> Subquery:
    """Person, day of the city and the level that an item is about, each once a day.

    A level that is told in the next list of 07:00 reaches nobody before it, nor at all where it is over by then. A line
    that stands in a list again the next day is met with again; the one that gathers the rest of a list is one item.
    """
    return union(_told(zone), _listed(zone, _OWN_LINES), _listed(zone, _GATHERED_LINE)).subquery("met")


def matters_met(zone: ZoneInfo) -> Subquery:
    """As `items_met`, and each level that a line has gathered by itself."""
    return union(_told(zone), _listed(zone, _ALL_OF_THE_LIST)).subquery("met")


def _told(zone: ZoneInfo) -> Select[int, date, int]:
    day = func.date(func.timezone(zone.key, StepRecipient.told_at))
    return (
        select(StepRecipient.staff_id, day.label("day"), StepRecipient.step_id)
        .join(PlannedStep, PlannedStep.id == StepRecipient.step_id)
        .where(PlannedStep.detail["in"].astext.is_distinct_from("daily_list"))
    )


def _listed(zone: ZoneInfo, which: str) -> Select[int | None, date, int]:
    """Levels that lists of every kind named at these places of theirs; each list is also a notice on the screen."""
    lines = func.jsonb_path_query(OutboundMessage.params, cast(which, JSONPATH)).table_valued("value").render_derived()
    day = func.date(func.timezone(zone.key, OutboundMessage.sent_at))
    return (
        select(OutboundMessage.staff_id, day.label("day"), cast(lines.c.value, BigInteger).label("step_id"))
        .join(lines, true())
        .where(
            OutboundMessage.template == DAILY_LIST_TEMPLATE,
            OutboundMessage.channel == OutboundChannel.SCREEN,
            OutboundMessage.sent_at.is_not(None),
        )
    )
