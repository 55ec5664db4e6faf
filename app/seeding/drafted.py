"""Publishing a draft of rules: each kind by what a file of its kind would say, so that all are judged alike."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.seeding.imports import FileRefused, bring_in_rules
from tickets.errors import CalendarRefused
from tickets.file_errors import RowError
from tickets.people.actor import Actor
from tickets.promises.calendar import check
from tickets.promises.calendar_files import parse_calendars, parse_holidays
from tickets.promises.holidays import import_calendars, keep_days
from tickets.promises.rule_drafts import RuleKind


def bring_in_drafted(session: Session, kind: RuleKind, text: str, *, actor: Actor, now: datetime) -> object:
    """Whether anything is new; raises FileRefused before anything is written."""
    match kind:
        case RuleKind.CALENDAR:
            return _calendars(session, text, actor=actor, now=now)
        case RuleKind.DAYS:
            days, errors = parse_holidays(text)
            _refuse(errors)
            return keep_days(session, days, actor=actor, now=now)
        case _:
            return bring_in_rules(session, text, actor=actor, now=now)


def _calendars(session: Session, text: str, *, actor: Actor, now: datetime) -> object:
    entries, errors = parse_calendars(text)
    _refuse(errors)
    for entry in entries:
        try:
            check(entry.calendar, now=now)
        except CalendarRefused as refused:
            raise FileRefused([RowError(entry.calendar.key, refused.code, refused.detail)]) from refused
    return import_calendars(session, entries, actor=actor, now=now)


def _refuse(errors: tuple[RowError, ...]) -> None:
    if errors:
        raise FileRefused(errors)
