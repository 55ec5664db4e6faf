"""What must be seen at the present moment, whatever day it is: matters on leaders' desks, on hold, and just arrived."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.seeding.demonstration.arrivals import arrive, source_key
from app.seeding.demonstration.stage import Stage
from app.seeding.demonstration.stories import Running, claim, leave_lying, longest_hold, put_on_hold
from app.seeding.demonstration.words import ScriptedMatter, place_in, say
from tickets.promises.calendar import ROUND_THE_CLOCK, WorkingCalendar, add

# The first number no ordinary matter of the play has.
FIRST_NUMBER = 900_000
# Every play has it, whatever else was drawn: by it a demonstration that is there is known.
CERTAIN_KEY = source_key(FIRST_NUMBER + 1)
# Urgent matters nobody took: promised within 24 hours, they reach a member of the leadership after another 24.
_URGENT = ("motorbike_thefts", "needles_in_park", "blocked_exit")
# Ordinary ones: promised within five working days, they reach the leadership after ten.
_ORDINARY = ("pavement_motorbikes", "birth_late", "rubbish_three_days", "pothole")
_HELD = ("illegal_floor", "smoke_workshop", "land_certificate_late", "lift_broken", "residence_rent")
# The staffed wards, the one whose agent and supervisor have a sign-in link first.
_WARDS = ("26740", "26824", "26506")
# What suddenly many tell of one ward, as an arising problem is noticed by.
_WAVE, _WAVE_OF, _WAVE_IN = "rubbish_three_days", 9, "26506"
_JUST_NOW = ("lamp_out", "parked_in_front", "karaoke_plain", "vneid_locked", "manhole_plain", "where_is_office")


def set_scenes(stage: Stage) -> None:
    """Put them on the clock beside the ordinary matters."""
    working = stage.desk.rules.promises.newest_calendars["working"]
    number = FIRST_NUMBER
    for place, kind in enumerate((*_URGENT, *_ORDINARY)):
        calendar, seconds = (ROUND_THE_CLOCK, 2 * 86_400) if kind in _URGENT else (working, 2 * 144_000)
        reached = stage.ends_at - timedelta(hours=2 + 3 * (place % len(_URGENT)))
        opened = _begun(calendar, seconds, reached=reached, earliest=stage.begins_at)
        arrive(stage, opened, _said(stage, kind, place), number := number + 1, story=_lie, by_form=True)
    for place, kind in enumerate(_HELD):
        opened = stage.ends_at - timedelta(hours=26 + 7 * place)
        arrive(stage, opened, _said(stage, kind, place), number := number + 1, story=_hold, by_form=True)
    for place, kind in enumerate(_JUST_NOW):
        opened = stage.ends_at - timedelta(minutes=4 + 11 * place)
        arrive(stage, opened, _said(stage, kind, place), number := number + 1, story=_wait, by_form=False)
    # Chance goes on after it as if it had not been: what else the city tells stays what it was.
    chance = stage.rng.getstate()
    for place in range(_WAVE_OF):
        opened = stage.ends_at - timedelta(hours=2 + 2 * place)
        said = say(_WAVE, stage.rng, at=place_in(_WAVE_IN))
        arrive(stage, opened, said, number := number + 1, story=_wait, by_form=True)
    stage.rng.setstate(chance)


def _said(stage: Stage, kind: str, place: int) -> ScriptedMatter:
    return say(kind, stage.rng, at=place_in(_WARDS[place % len(_WARDS)]))


def _begun(calendar: WorkingCalendar, seconds: int, *, reached: datetime, earliest: datetime) -> datetime:
    """The latest quarter of an hour from which so many open seconds end at `reached` or before."""
    at = reached - timedelta(seconds=seconds)
    while at > earliest and add(calendar, at, seconds) > reached:
        at -= timedelta(minutes=15)
    return at


def _lie(stage: Stage, ticket: Running) -> None:
    """Nobody has answered for them yet: they are what a leader finds on the first look."""
    leave_lying(stage, ticket)
    stage.unanswered_from[ticket.id] = 2


def _hold(stage: Stage, ticket: Running) -> None:
    claim(stage, ticket, ticket.pace.opened_at + timedelta(minutes=40))
    held = stage.ends_at - timedelta(hours=stage.rng.uniform(3, 20))

    def happening(stage: Stage, session: Session, now: datetime) -> None:
        until = min(stage.ends_at + timedelta(hours=30), longest_hold(ticket, now))
        put_on_hold(stage, session, ticket, until=until, now=now)

    stage.at(held, happening)


def _wait(stage: Stage, ticket: Running) -> None:
    """New, in its queue, for the one who signs in first."""
