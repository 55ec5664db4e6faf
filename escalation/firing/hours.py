"""When a message may reach its recipient (R18): levels change on time regardless, only the telephone stays quiet."""

from datetime import datetime

from tickets.promises.calendar import WorkingCalendar, next_opening
from tickets.promises.plan import CITY_LEADER_LEVEL
from tickets.states import ClockKind, Priority


def send_at(
    *,
    clock: ClockKind,
    level: int,
    priority: Priority,
    is_on_shift: bool,
    duty_hours: WorkingCalendar,
    now: datetime,
) -> datetime:
    """`now` for what is urgent and for who is on duty, else the next opening of the recipient's duty hours.

    The city's leadership is woken only by the `resolve` clock of an emergency, whoever of it is on the rota.
    """
    if level >= CITY_LEADER_LEVEL:
        wakes = clock is ClockKind.RESOLVE and priority is Priority.EMERGENCY
        return now if wakes else next_opening(duty_hours, now)
    if priority is not Priority.NORMAL or is_on_shift:
        return now
    return next_opening(duty_hours, now)
