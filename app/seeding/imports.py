"""What `./hotline import` and `export` do with each kind of file: judge every row, then write all of it or nothing."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.desks import equip
from escalation.firing.actions import ACTIONS
from tickets.audit.entries import record
from tickets.directory.exchange import ImportOutcome
from tickets.directory.exchange.lines import lines_as_csv, parse_lines, write_lines
from tickets.directory.exchange.procedures import parse_procedures, procedures_as_csv, write_procedures
from tickets.directory.exchange.units import parse_units, units_as_csv, write_units
from tickets.file_errors import RowError
from tickets.people.actor import Actor
from tickets.promises.calendar_files import HOLIDAY_COLUMNS, parse_holidays
from tickets.promises.holidays import import_holidays
from tickets.promises.judging import faults_beside
from tickets.promises.loading import load_rulebook
from tickets.promises.policies import end_policy, import_policies, known_names
from tickets.promises.policy_export import policies_as_yaml
from tickets.promises.policy_file import parse_policies
from tickets.schema import Holiday


class FileRefused(Exception):
    """Rows of the file are wrong; nothing was written."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(len(errors))
        self.errors = tuple(errors)


@dataclass(frozen=True)
class Kind:
    bring_in: Callable[[Session, str, Actor, datetime], ImportOutcome]
    take_out: Callable[[Session], str]


def bring_in(session: Session, kind: str, text: str, *, actor: Actor, now: datetime) -> ImportOutcome:
    """Write the file's rows; raises FileRefused, with every wrong row, before anything is written."""
    outcome = FILE_KINDS[kind].bring_in(session, text, actor, now)
    record(
        session,
        actor=actor,
        action=f"directory.{kind}_imported",
        subject_kind=kind,
        subject_id=None,
        params={
            "added": len(outcome.added),
            "changed": len(outcome.changed),
            "unchanged": outcome.unchanged,
            **({"closed": len(outcome.closed)} if outcome.closed else {}),
        },
        now=now,
    )
    return outcome


def take_out(session: Session, kind: str) -> str:
    """The rows as a file that can be brought in again."""
    return FILE_KINDS[kind].take_out(session)


def _units(session: Session, text: str, actor: Actor, now: datetime) -> ImportOutcome:
    parsed = parse_units(session, text)
    _refuse(parsed.errors)
    written = write_units(session, parsed.rows)
    # A body that cannot keep a ticket or name a post would be a hole in routing and in every chain.
    equip(session, written.new_ids)
    return written.outcome


def _procedures(session: Session, text: str, actor: Actor, now: datetime) -> ImportOutcome:
    parsed = parse_procedures(session, text)
    _refuse(parsed.errors)
    return write_procedures(session, parsed.rows)


def _lines(session: Session, text: str, actor: Actor, now: datetime) -> ImportOutcome:
    parsed = parse_lines(session, text)
    _refuse(parsed.errors)
    return write_lines(session, parsed.rows)


def _holidays(session: Session, text: str, actor: Actor, now: datetime) -> ImportOutcome:
    days, errors = parse_holidays(text)
    _refuse(errors)
    known = {day.day: _told(day) for day in session.scalars(select(Holiday))}
    import_holidays(session, days, actor=actor, now=now)
    new = tuple(str(day.day) for day in days if day.day not in known)
    changed = tuple(str(day.day) for day in days if day.day in known and known[day.day] != _told(day))
    return ImportOutcome(new, changed, len(days) - len(new) - len(changed))


def _told(day: object) -> tuple[object, ...]:
    return tuple(getattr(day, column) for column in HOLIDAY_COLUMNS)


def _policies(session: Session, text: str, actor: Actor, now: datetime) -> ImportOutcome:
    return bring_in_rules(session, text, actor=actor, now=now)


def bring_in_rules(session: Session, text: str, *, actor: Actor, now: datetime) -> ImportOutcome:
    """Policies and chains, from a file or from a form that writes as a file does: judged in one place."""
    wanted = parse_policies(text, known=known_names(session, actions=ACTIONS))
    _refuse(wanted.errors)
    # Judged before anything is written, like every other fault of the file.
    _refuse(faults_beside(session, load_rulebook(session), wanted))
    done = import_policies(session, wanted, actor=actor, now=now)
    closed = tuple(
        one.name for one in wanted.retired if end_policy(session, one.name, reason=one.reason, actor=actor, now=now)
    )
    touched = (*done.chains, *done.policies)
    read = len(wanted.policies) + len(wanted.chains) + len(wanted.retired)
    return ImportOutcome((), touched, read - len(touched) - len(closed), closed)


def _holidays_as_csv(session: Session) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HOLIDAY_COLUMNS)
    writer.writerows(_told(day) for day in session.scalars(select(Holiday).order_by(Holiday.day)))
    return out.getvalue()


def _refuse(errors: Sequence[RowError]) -> None:
    if errors:
        raise FileRefused(errors)


FILE_KINDS: Mapping[str, Kind] = {
    "units": Kind(_units, units_as_csv),
    "procedures": Kind(_procedures, procedures_as_csv),
    "lines": Kind(_lines, lines_as_csv),
    "holidays": Kind(_holidays, _holidays_as_csv),
    "policies": Kind(_policies, policies_as_yaml),
}
