"""What copied promises are granted where the weeks they were moved to have other days off than those they come from."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from sqlalchemy.orm import Session

from tickets.promises.due_proof import Dated, calendars_of, dated_clocks, later_by

Granted = tuple[int, int, int]
"""An original's clock, the round of the copy, open seconds."""
_WEEK = timedelta(weeks=1)


class CopiedDates:
    """The promises of the originals, read once; copies that moved by the same weeks lack the same."""

    def __init__(self, session: Session, originals: Sequence[int]) -> None:
        self._calendars = calendars_of(session)
        clocks = sorted(dated_clocks(session, of_tickets=originals), key=lambda clock: clock.ticket_id)
        self._of = {ticket_id: list(some) for ticket_id, some in groupby(clocks, key=lambda clock: clock.ticket_id)}
        self._known: dict[tuple[int, timedelta], int] = {}

    def granted(self, moved: Iterable[tuple[int, int, timedelta]]) -> Iterator[Granted]:
        """Of copies, as original, round and by how much they were moved, the promises that lack or have too much."""
        for original, round_, by in moved:
            for clock in self._of.get(original, ()):
                if seconds := self._lacking(clock, by):
                    yield clock.id, round_, seconds

    def _lacking(self, clock: Dated, by: timedelta) -> int:
        calendar = self._calendars[clock.calendar_version_id]
        if by % _WEEK:
            return later_by(calendar, clock, moved=by)
        known = self._known.get((clock.id, by))
        if known is None:
            known = self._known[clock.id, by] = later_by(calendar, clock, moved=by)
        return known
