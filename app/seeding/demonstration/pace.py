"""How fast things go: instants as shares of what was promised, counted the way the promise counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.intake.cleaning import Opened
from tickets.promises.calendar import ROUND_THE_CLOCK, WorkingCalendar, add, between
from tickets.states import ClockKind, Priority

_NO_PROMISE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Pace:
    """`working` is the calendar people keep; what is urgent is worked on at night too."""

    opened_at: datetime
    calendar: WorkingCalendar
    accept_seconds: int
    resolve_seconds: int

    def accepting(self, share: float) -> datetime:
        return add(self.calendar, self.opened_at, max(60, round(self.accept_seconds * share)))

    def resolving(self, share: float) -> datetime:
        return add(self.calendar, self.opened_at, max(120, round(self.resolve_seconds * share)))

    def after(self, when: datetime, minutes: float) -> datetime:
        """So many minutes of work later."""
        return add(self.calendar, when, round(minutes * 60))


def pace_of(opened: Opened, *, working: WorkingCalendar) -> Pace:
    calendar = working if opened.priority is Priority.NORMAL else ROUND_THE_CLOCK
    due = {clock.kind: clock.due_at for clock in opened.clocks}

    def seconds(kind: ClockKind) -> int:
        return between(calendar, opened.opened_at, due.get(kind) or opened.opened_at + _NO_PROMISE)

    return Pace(opened.opened_at, calendar, seconds(ClockKind.ACCEPT), seconds(ClockKind.RESOLVE))
