"""Writes the default calendars, holidays, chains and promises: rows an administrator edits, never code."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.seeding.files import REFERENCE_DATA
from tickets.errors import InvalidInput
from tickets.people.actor import SYSTEM
from tickets.promises.calendar_files import parse_calendars, parse_holidays
from tickets.promises.holidays import import_calendars, import_holidays
from tickets.promises.policies import import_policies, known_names
from tickets.promises.policy import RowError
from tickets.promises.policy_file import parse_policies


def load(session: Session, *, now: datetime) -> None:
    """Needs the categories and posts, which policies and chains name."""
    entries, errors = parse_calendars(_text("calendars.yaml"))
    _refuse(errors)
    import_calendars(session, entries, actor=SYSTEM, now=now)
    days, errors = parse_holidays(_text("holidays.csv"))
    _refuse(errors)
    import_holidays(session, days, actor=SYSTEM, now=now)
    wanted = parse_policies(_text("policies.yaml"), known=known_names(session))
    import_policies(session, wanted, actor=SYSTEM, now=now)


def _text(name: str) -> str:
    return (REFERENCE_DATA / name).read_text("utf-8")


def _refuse(errors: tuple[RowError, ...]) -> None:
    for error in errors:
        raise InvalidInput(error.where, error.code, detail=error.detail)
