"""What `./hotline import` and the page of files do with a file: judge every row, then write all of it or nothing."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.clock import utc_now
from app.seeding.file_kinds import FILE_KINDS, POLICIES, TABLE_KINDS
from app.seeding.tables_out import as_csv
from app.wording.file_words import file_words
from escalation.firing.actions import ACTIONS
from tickets.audit.entries import record
from tickets.directory.exchange import ImportOutcome
from tickets.directory.exchange.history import keep_done
from tickets.directory.exchange.kind import ChangeState, FileKind, RowChange
from tickets.directory.exchange.planning import planned
from tickets.directory.exchange.rota import ROTA_GAP
from tickets.file_errors import RowError
from tickets.people.actor import SYSTEM, Actor
from tickets.promises.calendar_files import parse_calendars
from tickets.promises.holidays import import_calendars
from tickets.promises.judging import faults_beside
from tickets.promises.loading import load_rulebook
from tickets.promises.policies import end_policy, import_policies, known_names
from tickets.promises.policy_export import policies_as_yaml
from tickets.promises.policy_file import parse_policies
from tickets.sheets.grid import NotATable
from tickets.sheets.table import ReadAs, Table, read_table
from tickets.sheets.text_files import text_of

__all__ = ["FILE_KINDS", "FileRefused", "Planned", "bring_in", "bring_in_rules", "plan_file", "take_out"]
# What a file may be accepted with, if somebody says so.
ACCEPTABLE = (ROTA_GAP,)


class FileRefused(Exception):
    """Rows of the file are wrong; nothing was written."""

    def __init__(self, errors: Sequence[RowError], read: ReadAs | None = None) -> None:
        super().__init__(len(errors))
        self.errors, self.read = tuple(errors), read


@dataclass(frozen=True, slots=True)
class Planned:
    """What a table would do, row by row, or what is wrong with it."""

    kind: FileKind
    table: Table
    changes: Sequence[RowChange]
    errors: Sequence[RowError]

    def of(self, state: ChangeState) -> list[RowChange]:
        return [one for one in self.changes if one.state is state]

    def outcome(self) -> ImportOutcome:
        names = {state: tuple(one.name for one in self.of(state)) for state in ChangeState}
        return ImportOutcome(
            added=names[ChangeState.NEW],
            changed=names[ChangeState.CHANGED],
            unchanged=len(names[ChangeState.UNCHANGED]),
            closed=names[ChangeState.CLOSED],
            read=self.table.read,
        )


def bring_in(
    session: Session,
    kind: str,
    given: str | bytes,
    *,
    accept: Collection[str] = (),
    file_name: str = "",
    actor: Actor,
    now: datetime,
) -> ImportOutcome:
    """Write the file's rows; raises FileRefused, with every wrong row, before anything is written."""
    raw = given.encode() if isinstance(given, str) else given
    if kind == POLICIES:
        outcome = bring_in_rules(session, _text(raw), actor=actor, now=now)
    elif kind == "calendars" and raw.lstrip(b"\xef\xbb\xbf \r\n").startswith((b"calendars:", b"#")):
        outcome = _calendars_as_text(session, _text(raw), actor=actor, now=now)
    else:
        plan = plan_file(session, kind, raw, accept=accept, actor=actor, now=now)
        write_plan(plan)
        keep_done(session, kind, file_name, plan.changes, plan.table.read, actor=actor, now=now)
        outcome = plan.outcome()
    record_import(session, kind, outcome, actor=actor, now=now)
    return outcome


def plan_file(
    session: Session, kind: str, raw: bytes, *, accept: Collection[str] = (), actor: Actor, now: datetime
) -> Planned:
    """Raises FileRefused where a row is wrong."""
    plan = judged_file(session, kind, raw, actor=actor, now=now)
    left = [one for one in plan.errors if one.code not in set(accept) & set(ACCEPTABLE)]
    if left:
        raise FileRefused(left, plan.table.read)
    return plan


def judged_file(
    session: Session,
    kind: str,
    raw: bytes,
    *,
    actor: Actor,
    now: datetime,
    say: Callable[[int, int], None] = lambda _done, _rows: None,
) -> Planned:
    """With its errors, for whoever shows them; `say` is told how many of how many rows are compared."""
    of_kind = TABLE_KINDS[kind](session, actor=actor, now=now)
    words = file_words(kind, tuple(column.key for column in of_kind.columns))
    table = read_table(raw, of_kind.columns, words, of_kind.finding())
    changes, errors = planned(of_kind, table.rows, say=say)
    return Planned(of_kind, table, changes, sorted([*table.errors, *errors], key=lambda one: one.row or 0))


def write_plan(plan: Planned) -> None:
    todo = [one for one in plan.changes if one.state is not ChangeState.UNCHANGED]
    if todo:
        plan.kind.write(todo)


def record_import(session: Session, kind: str, outcome: ImportOutcome, *, actor: Actor, now: datetime) -> None:
    record(
        session,
        actor=actor,
        action=f"directory.{kind.replace('-', '_')}_imported",
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


def standing_rows(session: Session, kind: str, *, now: datetime) -> tuple[FileKind, list[dict[str, str]]]:
    of_kind = TABLE_KINDS[kind](session, actor=SYSTEM, now=now)
    return of_kind, of_kind.standing()


def take_out(session: Session, kind: str, *, locale: str | None = None, now: datetime | None = None) -> str:
    """The rows as a text that can be brought in again; in a language, or by the names that programs use."""
    if kind == POLICIES:
        return policies_as_yaml(session)
    of_kind, rows = standing_rows(session, kind, now=now or utc_now())
    return as_csv(of_kind, rows, locale=locale)


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


def _calendars_as_text(session: Session, text: str, *, actor: Actor, now: datetime) -> ImportOutcome:
    """As new installations have them."""
    entries, errors = parse_calendars(text)
    _refuse(errors)
    changed = import_calendars(session, entries, actor=actor, now=now)
    return ImportOutcome((), changed, len(entries) - len(changed))


def _text(raw: bytes) -> str:
    try:
        return text_of(raw)[0].replace("\r\n", "\n")
    except NotATable as refused:
        raise FileRefused([RowError("file", refused.code, refused.detail)]) from refused


def _refuse(errors: Sequence[RowError]) -> None:
    if errors:
        raise FileRefused(errors)
