"""What citizens bring to the rehearsed city: the demonstration's matters, so many a day, spread over all its areas."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from app.seeding.demonstration.arrivals import arrive, some_time_of
from app.seeding.demonstration.stage import Stage
from app.seeding.demonstration.words import ToldPlace, kinds, say
from tickets.directory.units import AREA_KINDS, current_units
from tickets.folding import fold

# Names of streets that every area may have: none tells the place.
_STREETS = ("Đường số 2", "Đường số 5", "Đường số 8", "Đường số 11")


def bring_matters(stage: Stage, session: Session, *, tickets_a_day: int) -> None:
    """Put them on the clock, the same number every day, by the hours at which people turn to the city."""
    told, areas = kinds(), _areas(session, stage)
    stage.rng.shuffle(told)
    days = (stage.ends_at - stage.begins_at).days
    for number in range(tickets_a_day * days):
        day = (stage.begins_at + timedelta(days=number // tickets_a_day)).astimezone(stage.zone).date()
        said = say(told[number % len(told)], stage.rng, at=stage.rng.choice(areas))
        # By form: a rehearsed call takes as long as ten matters, and promises are the same.
        arrive(stage, some_time_of(stage, day), said, number, by_form=True)


def _areas(session: Session, stage: Stage) -> Sequence[ToldPlace]:
    units = current_units(session, kinds=AREA_KINDS, on=stage.begins_at.date())
    return [ToldPlace(unit.code or "", (unit.name,), (fold(unit.name),), _STREETS) for unit in units]
