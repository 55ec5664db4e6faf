"""What is wrong with an imported file, row by row, in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from tickets.file_errors import RowError


@dataclass(frozen=True, slots=True)
class FaultLine:
    where: str
    words: str
    detail: str


def fault_lines(errors: Iterable[RowError]) -> list[FaultLine]:
    words = _words()
    return [FaultLine(one.where, words.get(one.code, one.code.replace("_", " ")), one.detail) for one in errors]


def _words() -> dict[str, str]:
    return {
        "not_yaml": _("This is not YAML."),
        "aliases": _("Anchors and aliases are not supported: write the value out."),
        "empty": _("The file is empty."),
        "too_long": _("It is too long."),
        "not_a_list": _("A list is expected here."),
        "not_a_mapping": _("Names with values are expected here."),
        "unknown_field": _("Unknown field."),
        "bad_name": _("A name must have 1 to 80 characters."),
        "bad_match": _("This condition cannot be used."),
        "bad_warn": _("Warnings are shares from 1 to 99 per cent."),
        "bad_pause_cap": _("The longest pause is a multiple of the target."),
        "one_offset": _("Give exactly one time offset."),
        "no_level_before": _("There is no level before this one."),
        "levels_do_not_climb": _("Levels must be in ascending order."),
        "offsets_do_not_increase": _("A level must come later than the one below it."),
        "no_post": _("Name the post that is to be told."),
        "no_such_post": _("There is no such post."),
        "no_such_action": _("There is no such action."),
        "no_such_calendar": _("There is no such calendar."),
        "no_such_chain": _("There is no such chain."),
        "no_such_category": _("There is no such category."),
        "no_such_unit": _("There is no such unit."),
        "no_such_policy": _("There is no such policy."),
        "leaves_gap": _("Without what it retires or narrows, some contacts would be promised nothing."),
        "twice": _("It appears twice."),
    }
