"""What there can be drafts of, each with its form, its list and the text that says what it would be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import g
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.seeding.imports import FileRefused
from app.web.administration.calendar_form import CALENDAR_FIELDS, read_calendar, typed_calendar
from app.web.administration.chain_edit import chain_text, typed_chain
from app.web.administration.policy_edit import policy_text, typed_policy
from tickets.file_errors import RowError
from tickets.promises.calendar_files import HolidayEntry, calendar_as_text, days_as_text
from tickets.promises.calendar_history import calendar_past
from tickets.promises.rule_drafts import DraftOf, RuleKind
from tickets.promises.rule_history import chain_past, policy_past

Fields = Mapping[str, str]
_PARTS = ("kind", "name", "name_en")


@dataclass(frozen=True, slots=True)
class DraftKind:
    """`text` may raise FileRefused; `newest` is the version in force, 0 where there is none.

    `typed` reads what a page tells of the form of a rule with this id. Raises NotFound for a rule that is not there.
    """

    text: Callable[[Fields], str]
    newest: Callable[[Session, int], int]
    list: str
    form: Callable[[int], str]
    name: Callable[[Fields], str]
    typed: Callable[[Fields, int], Fields]


def draft_kind(of: DraftOf) -> DraftKind:
    return _KINDS[of.kind]


def calendar_text(fields: Fields) -> str:
    entry, faults = read_calendar(typed_calendar(fields, key=fields.get("key", "")), now=g.now)
    if entry is None:
        raise FileRefused([RowError(name, code) for name, code in faults.items()])
    return calendar_as_text(entry)


def calendar_fields(form: Fields, calendar_id: int) -> Fields:
    """What stands in the form; a calendar that exists keeps its key."""
    key = calendar_past(g.session, calendar_id).key if calendar_id else form.get("key", "")
    return {name: form.get(name, "") for name in CALENDAR_FIELDS} | {"key": key}


def fields_of_days(days: Sequence[HolidayEntry]) -> dict[str, str]:
    """Days with the decree they share, as a draft keeps them."""
    fields = {"source": days[0].source} if days else {}
    for one in days:
        fields |= {f"{one.day.isoformat()}.{part}": getattr(one, part) for part in _PARTS}
    return fields


def days_of(fields: Fields) -> list[HolidayEntry]:
    days = sorted({name.partition(".")[0] for name in fields if name.endswith(".kind")})
    return [_day(day, fields) for day in days]


def _day(day: str, fields: Fields) -> HolidayEntry:
    kind, name, name_en = (fields.get(f"{day}.{part}", "") for part in _PARTS)
    return HolidayEntry(date.fromisoformat(day), kind, name, name_en, fields.get("source", ""))


_KINDS: Mapping[RuleKind, DraftKind] = {
    RuleKind.CHAIN: DraftKind(
        text=chain_text,
        newest=lambda session, rule_id: chain_past(session, rule_id).newest,
        list="/administration/chains",
        form=lambda rule_id: f"/administration/chains/{rule_id}/edit",
        name=lambda fields: fields.get("name", ""),
        typed=typed_chain,
    ),
    RuleKind.POLICY: DraftKind(
        text=policy_text,
        newest=lambda session, rule_id: policy_past(session, rule_id).newest,
        list="/administration/promises",
        form=lambda rule_id: f"/administration/promises/{rule_id}/edit",
        name=lambda fields: fields.get("name", ""),
        typed=typed_policy,
    ),
    RuleKind.CALENDAR: DraftKind(
        text=calendar_text,
        newest=lambda session, rule_id: calendar_past(session, rule_id).versions[0][0].version,
        list="/administration/calendars",
        form=lambda rule_id: f"/administration/calendars/{rule_id or 'new'}",
        name=lambda fields: fields.get("name", ""),
        typed=calendar_fields,
    ),
    RuleKind.DAYS: DraftKind(
        text=lambda fields: days_as_text(days_of(fields)),
        newest=lambda _session, _rule_id: 0,
        list="/administration/days-off",
        form=lambda _rule_id: "/administration/days-off",
        name=lambda _fields: _("Days off"),
        typed=lambda fields, _rule_id: fields,
    ),
}
