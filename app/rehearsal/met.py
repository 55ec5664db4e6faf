"""What people met with on which day: levels when they were told of them, and lines of a morning's list when it came."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Subquery, cast, func, literal, select, true, union
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import BigInteger

from escalation.queries.digests import MOST_LINES
from tickets.outbox.judged_lists import DAILY_LIST_TEMPLATE, STEPS
from tickets.schema import OutboundMessage, PlannedStep, StepRecipient
from tickets.states import OutboundChannel

_MORNING_LISTS = "daily-list:%"


def items_met(zone: ZoneInfo) -> Subquery:
    """Person, day of the city and level, each once a day.

    A level that is told in the next list of 07:00 reaches nobody before it, nor at all where it is over by then. A line
    that stands there again the next morning is met with again.
    """
    day = func.date(func.timezone(zone.key, StepRecipient.told_at))
    told = (
        select(StepRecipient.staff_id, day.label("day"), StepRecipient.step_id)
        .join(PlannedStep, PlannedStep.id == StepRecipient.step_id)
        .where(PlannedStep.detail["in"].astext.is_distinct_from("daily_list"))
    )
    return union(told, _listed(zone)).subquery("met")


def _listed(zone: ZoneInfo) -> Select[tuple[int | None, date, int]]:
    lines = (
        func.jsonb_array_elements_text(cast(OutboundMessage.params[STEPS], JSONB))
        .table_valued("value", with_ordinality="line")
        .render_derived()
    )
    day = func.date(func.timezone(zone.key, OutboundMessage.sent_at))
    return (
        select(OutboundMessage.staff_id, day.label("day"), cast(lines.c.value, BigInteger).label("step_id"))
        .join(lines, true())
        .where(
            OutboundMessage.template == literal(DAILY_LIST_TEMPLATE),
            OutboundMessage.channel == OutboundChannel.SCREEN,
            OutboundMessage.dedup_key.like(_MORNING_LISTS),
            OutboundMessage.sent_at.is_not(None),
            lines.c.line <= MOST_LINES,
        )
    )
