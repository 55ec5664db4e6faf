"""What was reported in the last weeks, as waves are looked for in it; restricted tickets are none of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, case, cast, func, select, true
from sqlalchemy.orm import Session

from tickets.audit.touched import settled_mark, touched_tickets
from tickets.people.roles import shared_tickets
from tickets.problems.waves import HISTORY, LONG_WINDOW, Reported
from tickets.schema import Category, Ticket

# A text beyond this is read no further: copied letters are alike from their first line on.
_READ = 2_000
# What is remembered saves time and proves nothing: once a day it is read anew, as the trail is by its sealers.
_READ_ANEW_AFTER = timedelta(days=1)


def reported_lately(session: Session, *, now: datetime) -> Sequence[Reported]:
    """Everything since the longest window began to have a history; words only of what is compared by words."""
    return _read(session, true(), now=now)


class ReportedLately:
    """The same from look to look, remembered: a look reads what was touched since the last one, and nothing else."""

    def __init__(self) -> None:
        self._known: dict[int, Reported] = {}
        self._conduct: frozenset[int] = frozenset()
        # The trail's entry up to which all of it was in the last look; None: nothing was read yet.
        self._mark: int | None = None
        self._whole_at: datetime | None = None

    def look(self, session: Session, *, now: datetime) -> Sequence[Reported]:
        """What `reported_lately` would find now, in as few statements."""
        mark, conduct = settled_mark(session), _about_people(session)
        touched = None if self._is_stale(conduct, now) else touched_tickets(session, after=self._mark or 0)
        if touched is None:
            self._known, self._whole_at = _by_ticket(reported_lately(session, now=now)), now
        elif touched:
            again = _by_ticket(_read(session, Ticket.id.in_(touched), now=now))
            self._known = {i: one for i, one in self._known.items() if i not in touched} | again
        self._mark, self._conduct = mark, conduct
        self._forget_old(now)
        return sorted(self._known.values(), key=lambda one: one.ticket_id)

    def _is_stale(self, conduct: frozenset[int], now: datetime) -> bool:
        if self._mark is None or self._whole_at is None or conduct != self._conduct:
            return True
        return not timedelta(0) <= now - self._whole_at < _READ_ANEW_AFTER

    def _forget_old(self, now: datetime) -> None:
        """What lies before the history, and the words of what is compared by words no more."""
        since, said_since = now - HISTORY - LONG_WINDOW, now - LONG_WINDOW
        kept = (one for one in self._known.values() if one.at > since)
        self._known = _by_ticket(one if one.at > said_since or not one.said else replace(one, said="") for one in kept)


def _by_ticket(ones: Iterable[Reported]) -> dict[int, Reported]:
    return {one.ticket_id: one for one in ones}


def _about_people(session: Session) -> frozenset[int]:
    return frozenset(session.scalars(select(Category.id).where(Category.conduct != "")))


def _read(session: Session, which: ColumnElement[bool], *, now: datetime) -> Sequence[Reported]:
    since = now - HISTORY - LONG_WINDOW
    said = case((Ticket.opened_at > now - LONG_WINDOW, func.left(Ticket.body, _READ)), else_="")
    citizen = func.coalesce(cast(Ticket.citizen_id, String), Ticket.reply_phone, Ticket.reference)
    rows = session.execute(
        select(
            Ticket.id, Ticket.opened_at, func.coalesce(Ticket.place_unit_id, Ticket.unit_id), Ticket.category_id,
            Ticket.procedure_id, citizen, said,
        )
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(which, Ticket.opened_at > since, Ticket.opened_at <= now, shared_tickets(None))
        # About people of the city: they are looked at one by one, by those who are named.
        .where(func.coalesce(Category.conduct, "") == "")
        .order_by(Ticket.id)
    )  # fmt: skip
    return [Reported(*row) for row in rows]
