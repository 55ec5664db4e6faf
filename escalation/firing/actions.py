"""What a level does beside telling people: one entry an action, its name as policies write it and its deed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from escalation.firing.telling import Fired
from tickets.states import Priority, StepResult
from tickets.work.assignment import raise_by_level
from tickets.work.levels import let_city_coordinate

# Given the levels that ask for the action, of many tickets, which the caller has locked.
Deed = Callable[[Session, Sequence[Fired], datetime], None]


def act(session: Session, fired: Sequence[Fired], *, now: datetime) -> None:
    """Do what the levels say, after they were recorded."""
    for name, deed in ACTIONS.items():
        asked = [one for one in fired if one.step.step is not None and name in one.step.step.actions]
        if asked:
            deed(session, asked, now)


def _raise_priority(session: Session, asked: Sequence[Fired], now: datetime) -> None:
    """A normal matter becomes urgent; that a life is in danger no machine decides."""
    for one in asked:
        reached = one.result in (StepResult.NOTIFIED, StepResult.MERGED, StepResult.NOBODY)
        if reached and one.ticket.priority is Priority.NORMAL:
            raise_by_level(session, one.ticket.id, level=one.step.rank, now=now)


def _city_coordinates(session: Session, asked: Sequence[Fired], now: datetime) -> None:
    """The contact with the citizen goes to the city, to the unit of the one who was told."""
    units: dict[int, int] = {}
    for one in asked:
        unit_id = next((who.unit_id for who in one.told if who.unit_id is not None), None)
        told = one.result in (StepResult.NOTIFIED, StepResult.MERGED)
        if told and unit_id is not None and unit_id != one.ticket.unit_id:
            units[one.ticket.id] = unit_id
    let_city_coordinate(session, units, now=now)


ACTIONS: Mapping[str, Deed] = {"raise_priority": _raise_priority, "city_coordinates": _city_coordinates}
