"""Writes the default calendars, holidays, chains and promises: rows an administrator edits, never code."""

from datetime import datetime

from sqlalchemy.orm import Session

from escalation.firing.actions import ACTIONS
from tickets.errors import InvalidInput
from tickets.file_errors import RowError
from tickets.people.actor import SYSTEM
from tickets.promises.calendar_files import parse_calendars, parse_holidays
from tickets.promises.holidays import import_calendars, import_holidays
from tickets.promises.policies import import_policies, known_names
from tickets.promises.policy import PolicySet
from tickets.promises.policy_file import parse_policies
from tickets.reference_files import REFERENCE_DATA


def load_calendars(session: Session, *, now: datetime) -> None:
    entries, errors = parse_calendars(_text("calendars.yaml"))
    _refuse(errors)
    import_calendars(session, entries, actor=SYSTEM, now=now)


def load_holidays(session: Session, *, now: datetime) -> None:
    """Laid over the calendars that keep holidays, which must be there."""
    days, errors = parse_holidays(_text("holidays.csv"))
    _refuse(errors)
    import_holidays(session, days, actor=SYSTEM, now=now)


def load_policies(session: Session, *, now: datetime) -> None:
    """Policies and chains; they name categories, calendars and posts."""
    import_policies(session, _policies(session), actor=SYSTEM, now=now)


def policies_fit(session: Session) -> bool:
    """Whether everything the shipped policies name is there: a city with categories of its own writes its own."""
    return not _policies(session).errors


def _policies(session: Session) -> PolicySet:
    return parse_policies(_text("policies.yaml"), known=known_names(session, actions=ACTIONS))


def _text(name: str) -> str:
    return (REFERENCE_DATA / name).read_text("utf-8")


def _refuse(errors: tuple[RowError, ...]) -> None:
    for error in errors:
        raise InvalidInput(error.where, error.code, detail=error.detail)
