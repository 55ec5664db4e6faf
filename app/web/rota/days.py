"""Days of the city as instants, and what a form says of a leave."""

from datetime import date, datetime, time, timedelta

from flask import request

from app.web.frame.current import settings
from app.web.pieces.moments import read_day
from tickets.directory.absences import WantedLeave
from tickets.errors import InvalidInput
from tickets.typed_text import typed_number


def midnight_of(day: date) -> datetime:
    """The beginning of a day in the city."""
    return datetime.combine(day, time(), settings().zone)


def next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def required_day(name: str) -> date:
    """The day of a date field of the form. Raises InvalidInput for none, and for one of no year of ours."""
    day = read_day(request.form.get(name, ""), field=name)
    if day is None:
        raise InvalidInput(name, "required")
    if not date(2000, 1, 1) <= day <= date(2200, 1, 1):
        raise InvalidInput(name, "not_a_date")
    return day


def leave_asked_for(staff_id: int) -> WantedLeave:
    """From the first day of the form until the end of the last one."""
    since, until = required_day("since"), required_day("until")
    deputy_id = typed_number(request.form.get("deputy", ""))
    return WantedLeave(staff_id, deputy_id, midnight_of(since), midnight_of(until + timedelta(days=1)))
