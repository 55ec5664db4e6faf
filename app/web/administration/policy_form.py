"""The form of a policy: for each promise and priority a target, and the mapping that a file would say it with."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.web.administration.amounts import as_typed_time, typed_seconds
from tickets.file_errors import RowError
from tickets.promises.plan import WARNING_SHARES
from tickets.promises.policy import Match, PolicyTarget, SlaPolicy
from tickets.states import ClockKind, Priority

PROMISED_CLOCKS = tuple(ClockKind)
PROMISED_PRIORITIES = (Priority.EMERGENCY, Priority.URGENT, Priority.NORMAL)

_AT_ROW = re.compile(r"^policies\[0\]\.rows\[(\d+)\]$")
_NAMED_ROW = re.compile(r": (\w+)/(\w+)$")
_FIELD_OF_ROW = {
    "bad_target": "target",
    "no_such_calendar": "calendar",
    "no_such_chain": "chain",
    "offsets_do_not_increase": "chain",
    "climbs_too_high": "chain",
    "bad_warn": "warn",
    "bad_pause_cap": "cap",
}
_FIELD_OF_POLICY = {
    "bad_name": "name",
    "no_such_category": "category",
    "no_such_unit": "unit",
    "no_such_level": "level",
}

PolicyFields = dict[str, str]


def row_key(clock: ClockKind, priority: Priority) -> str:
    return f"{clock.value}-{priority.value}"


def fields_of_policy(policy: SlaPolicy) -> PolicyFields:
    """A version of a policy as the form shows it."""
    match = policy.match
    fields = {
        "name": policy.name,
        "category": match.category or "",
        "level": match.level.value if match.level else "",
        "unit": match.unit or "",
        "channel": match.channel.value if match.channel else "",
        "legal_basis": policy.legal_basis,
    }
    for row in policy.rows:
        key = row_key(row.clock, row.priority)
        fields |= {f"{key}-{name}": value for name, value in _fields_of_row(row).items()}
    return fields


def first_policy() -> PolicyFields:
    return fields_of_policy(SlaPolicy("", Match(), ()))


def policy_document(fields: Mapping[str, str]) -> dict[str, Any]:
    """As a file says it, so that it is judged as a file is."""
    match = {name: fields[name] for name in ("category", "level", "unit", "channel") if fields.get(name)}
    rows = [_row_document(fields, clock, priority) for clock, priority in _said(fields)]
    document = {"name": fields.get("name", ""), "match": match, "rows": rows}
    return document | ({"legal_basis": fields["legal_basis"]} if fields.get("legal_basis") else {})


def policy_faults(errors: Sequence[RowError], fields: Mapping[str, str]) -> dict[str, RowError]:
    """Each fault beside the field it is about; '' for what is about none."""
    found: dict[str, RowError] = {}
    for error in errors:
        found.setdefault(_field(error, fields), error)
    return found


def rows_without_chain(fields: Mapping[str, str]) -> list[tuple[ClockKind, Priority]]:
    """The promises with a time of their own that tell nobody when they are broken."""
    return [one for one in _said(fields) if not fields.get(f"{row_key(*one)}-chain")]


def _said(fields: Mapping[str, str]) -> list[tuple[ClockKind, Priority]]:
    """The promises for which a target was typed, in the order of the form."""
    return [
        (clock, priority)
        for clock in PROMISED_CLOCKS
        for priority in PROMISED_PRIORITIES
        if fields.get(f"{row_key(clock, priority)}-target", "").strip()
    ]


def _field(error: RowError, fields: Mapping[str, str]) -> str:
    said = _said(fields)
    name = _FIELD_OF_ROW.get(error.code)
    if (at := _AT_ROW.match(error.where)) and name and int(at[1]) < len(said):
        return f"{row_key(*said[int(at[1])])}-{name}"
    if (named := _NAMED_ROW.search(error.where)) and name and error.where.startswith(f"{fields.get('name')}: "):
        return f"{named[2]}-{named[1]}-{name}"
    if error.code == "no_emergency":
        return f"{error.detail.partition(': ')[2].split(', ')[0]}-{Priority.EMERGENCY.value}-target"
    return _FIELD_OF_POLICY.get(error.code, "")


def _fields_of_row(row: PolicyTarget) -> PolicyFields:
    amount, unit = as_typed_time(row.target_seconds)
    fields = {
        "target": amount,
        "unit": unit,
        "calendar": row.calendar_key,
        "chain": row.chain or "",
        "warn": ", ".join(map(str, row.warn)),
        "cap": f"{row.pause_cap_factor:g}",
    }
    return fields | ({"third": "1"} if row.pauses_for_third_party else {})


def _row_document(fields: Mapping[str, str], clock: ClockKind, priority: Priority) -> dict[str, Any]:
    key = row_key(clock, priority)
    row = {
        name: fields.get(f"{key}-{name}", "").strip() for name in ("target", "unit", "calendar", "chain", "warn", "cap")
    }
    written: dict[str, Any] = {
        "priority": priority.value,
        "clock": clock.value,
        "target_seconds": typed_seconds(row["target"], row["unit"]),
        "calendar": row["calendar"],
        "warn": _shares(row["warn"]) if f"{key}-warn" in fields else list(WARNING_SHARES),
    }
    if row["chain"]:
        written["chain"] = row["chain"]
    if fields.get(f"{key}-third"):
        written["pauses_for_third_party"] = True
    if row["cap"]:
        written["pause_cap_factor"] = _factor(row["cap"])
    return written


def _shares(typed: str) -> list[int | str]:
    parts = [part.strip().removesuffix("%").strip() for part in re.split(r"[,;]", typed) if part.strip()]
    return [int(part) if part.isascii() and part.isdigit() else part for part in parts]


def _factor(typed: str) -> float | str:
    try:
        return float(typed.replace(",", "."))
    except ValueError:
        return typed
