"""The form of a chain: its steps as fields, changed step by step, and the mapping that a file would say it with."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from app.web.administration.amounts import as_typed_time, typed_seconds
from tickets.file_errors import RowError
from tickets.promises.plan import HIGHEST_LEVEL, ChainLevel, EscalationChain
from tickets.states import OutboundChannel

POSTS_OF_A_STEP = 4
WAYS = (OutboundChannel.SMS, OutboundChannel.VOICE, OutboundChannel.EMAIL, OutboundChannel.SCREEN)

# When a step comes; what is typed beside it is a length of time, or per cent of the promise.
AT_DUE, AFTER_DUE, BEFORE_DUE, SHARE, AFTER_STEP = "at_due", "after_due", "before_due", "share", "after_step"

# A fault that no file can have: a length of time stands beside "when the deadline has come", which asks for none.
AMOUNT_UNUSED = "amount_unused"

_AT_STEP = re.compile(r"^chains\[0\]\.steps\[(\d+)\]$")
_NAMED_LEVEL = re.compile(r": (\d+)(?::|$)")
# Beside which field of a step a fault is said, by its code.
_FIELD_OF = {
    "one_offset": "amount",
    AMOUNT_UNUSED: "amount",
    "bad_offset": "amount",
    "no_level_before": "amount",
    "offsets_do_not_increase": "amount",
    "bad_least_seconds": "least",
    "no_post": "post1",
    "no_such_post": "post1",
    "unit_lacks_post": "post1",
    "no_channel": "sms",
    "no_such_channel": "sms",
    "no_such_calendar": "calendar",
    "bad_level": "level",
    "levels_do_not_climb": "level",
    "climbs_too_high": "level",
}

ChainFields = dict[str, str]


def fields_of_chain(chain: EscalationChain) -> ChainFields:
    """A version of a chain as the form shows it."""
    fields = {"name": chain.name, "steps": str(len(chain.steps))}
    for number, step in enumerate(chain.steps):
        fields |= {f"s{number}-{name}": value for name, value in _fields_of_step(step).items()}
    return fields


def first_chain() -> ChainFields:
    """A new chain begins with one step: whoever leads the unit, when it is due."""
    step = ChainLevel(level=1, posts=("unit_lead",), offset_seconds=0)
    return fields_of_chain(EscalationChain("", (step,)))


def steps_of(fields: Mapping[str, str]) -> int:
    number = fields.get("steps", "")
    return min(int(number), HIGHEST_LEVEL) if number.isascii() and number.isdigit() else 0


def changed_steps(fields: Mapping[str, str], deed: str) -> ChainFields:
    """After a press: `add`, or `remove`, `later`, `earlier` with a step's number; anything else changes nothing.

    Levels stay where they are: a step that moves takes the level of its new place.
    """
    steps = [_step_fields(fields, number) for number in range(steps_of(fields))]
    levels = [step.get("level", "") for step in steps]
    what, _, at = deed.partition("-")
    number = int(at) if at.isascii() and at.isdigit() and int(at) < len(steps) else None
    if what == "add" and len(steps) < HIGHEST_LEVEL:
        steps.append(_one_more(levels))
        levels.append(steps[-1]["level"])
    elif what == "remove" and number is not None and len(steps) > 1:
        del steps[number], levels[number]
    elif what == "later" and number is not None and number + 1 < len(steps):
        steps[number], steps[number + 1] = steps[number + 1], steps[number]
    elif what == "earlier" and number:
        steps[number], steps[number - 1] = steps[number - 1], steps[number]
    changed = {"name": fields.get("name", ""), "steps": str(len(steps))}
    for place, (step, level) in enumerate(zip(steps, levels, strict=True)):
        changed |= {f"s{place}-{name}": value for name, value in (step | {"level": level}).items()}
    return changed


def chain_document(fields: Mapping[str, str], *, actions: Sequence[str]) -> dict[str, Any]:
    """As a file says it, so that it is judged as a file is."""
    steps = [_step_document(_step_fields(fields, number), actions) for number in range(steps_of(fields))]
    return {"chains": [{"name": fields.get("name", ""), "steps": steps}]}


def form_faults(fields: Mapping[str, str]) -> list[RowError]:
    """What was typed and would count for nothing."""
    return [
        RowError(f"chains[0].steps[{number}]", AMOUNT_UNUSED)
        for number in range(steps_of(fields))
        if fields.get(f"s{number}-when") == AT_DUE and fields.get(f"s{number}-amount", "").strip() not in ("", "0")
    ]


def chain_faults(errors: Sequence[RowError], fields: Mapping[str, str]) -> dict[str, RowError]:
    """Each fault beside the field it is about; the first of a field, and '' for what is about none."""
    found: dict[str, RowError] = {}
    for error in errors:
        found.setdefault(_field(error, fields), error)
    return found


def _field(error: RowError, fields: Mapping[str, str]) -> str:
    if error.code == "bad_name":
        return "name"
    number = _step_of(error, fields)
    name = _FIELD_OF.get(error.code)
    return f"s{number}-{name}" if number is not None and name is not None else ""


def _step_of(error: RowError, fields: Mapping[str, str]) -> int | None:
    levels = [fields.get(f"s{number}-level", "") for number in range(steps_of(fields))]
    if at := _AT_STEP.match(error.where):
        return int(at[1])
    if error.code == "levels_do_not_climb":
        whole = [int(level) for level in levels]
        return next((number for number, (a, b) in enumerate(pairwise(whole), start=1) if a >= b), None)
    if error.code == "no_level_before":
        return 0
    named = _NAMED_LEVEL.search(error.detail)
    return levels.index(named[1]) if named and named[1] in levels else None


def _fields_of_step(step: ChainLevel) -> ChainFields:
    when, (amount, unit) = _when(step)
    fields = {
        "level": str(step.level),
        "when": when,
        "amount": amount,
        "unit": unit,
        "least": str(step.least_seconds // 60) if step.least_seconds else "",
        "calendar": step.calendar_key or "",
        "procedure": "|".join(step.procedure_posts),
    }
    fields |= {f"post{number}": post for number, post in enumerate(step.posts[:POSTS_OF_A_STEP], start=1)}
    ticked = (*step.channels, *step.actions, *(("daily",) if step.daily_list else ()))
    return fields | dict.fromkeys(ticked, "1")


def _when(step: ChainLevel) -> tuple[str, tuple[str, str]]:
    if step.after_level_seconds is not None:
        return AFTER_STEP, as_typed_time(step.after_level_seconds)
    if step.offset_percent is not None:
        return SHARE, (f"{step.offset_percent:g}", "minutes")
    if not step.offset_seconds:
        return AT_DUE, as_typed_time(0)
    return (AFTER_DUE if step.offset_seconds > 0 else BEFORE_DUE), as_typed_time(abs(step.offset_seconds))


def _step_fields(fields: Mapping[str, str], number: int) -> ChainFields:
    prefix = f"s{number}-"
    return {name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)}


def _one_more(levels: Sequence[str]) -> ChainFields:
    """A further step: half of the promise after due, and a level above the last."""
    last = int(levels[-1]) if levels and levels[-1].isascii() and levels[-1].isdigit() else len(levels)
    ways = dict.fromkeys((OutboundChannel.SMS.value, OutboundChannel.SCREEN.value), "1")
    return {"level": str(last + 1), "when": SHARE, "amount": "50", "unit": "minutes", "least": "30", **ways}


def _step_document(step: Mapping[str, str], actions: Sequence[str]) -> dict[str, Any]:
    posts = [step.get(f"post{number}", "") for number in range(1, POSTS_OF_A_STEP + 1)]
    written: dict[str, Any] = {
        "level": _whole(step.get("level", "")),
        "post": "|".join(dict.fromkeys(post for post in posts if post)),
        **_offset(step),
        "channels": [way.value for way in WAYS if step.get(way.value)],
        "actions": [name for name in actions if step.get(name)],
    }
    if step.get("procedure"):
        written["procedure_post"] = step["procedure"]
    if step.get("least", "").strip():
        written["least_seconds"] = typed_seconds(step["least"], "minutes")
    if step.get("calendar"):
        written["calendar"] = step["calendar"]
    if step.get("daily"):
        written["daily_list"] = True
    return written


def _offset(step: Mapping[str, str]) -> dict[str, Any]:
    amount = step.get("amount", "")
    seconds = _more_than_nothing(amount, step.get("unit", ""))
    match step.get("when", ""):
        case "at_due":
            return {"offset_seconds": 0}
        case "share":
            return {"offset_percent": _whole(amount)}
        case "after_step":
            return {"after_level_seconds": seconds}
        case "before_due":
            return {"offset_seconds": -seconds if isinstance(seconds, int) else seconds}
        case _:
            return {"offset_seconds": seconds}


def _more_than_nothing(amount: str, unit: str) -> int | str:
    """Before and after the deadline are chosen, not written as a sign: a length of time is more than nothing."""
    seconds = typed_seconds(amount, unit)
    return seconds if isinstance(seconds, int) and seconds > 0 else amount


def _whole(typed: str) -> int | str:
    try:
        return int(typed.strip())
    except ValueError:
        return typed
