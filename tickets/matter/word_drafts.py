"""Words as somebody is changing them: a person's draft of the next version, one field an edit, and its text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tickets.matter.checking import (
    LONGEST_WORDS,
    MOST_WORD_ROWS,
    check_row,
    classes_needed,
    classes_of,
)
from tickets.matter.kept import KeptRow, WordEdit, newest_version, rows_of
from tickets.matter.lists import CLASS_LISTS, SHAPES, WordList, WordRow
from tickets.promises.rule_drafts import DraftOf, RuleKind, TypedRule, keep_draft, kept_draft, throw_away
from tickets.sheets.values import BadValue

MOST_EDITS = 200


@dataclass(frozen=True, slots=True)
class DraftedWords:
    """`edits` by the key under which each is kept; `gone`: keys whose row somebody else has changed meanwhile."""

    edits: Mapping[str, WordEdit]
    gone: Sequence[str]

    def rows_after(self, in_force: Iterable[KeptRow]) -> list[WordRow]:
        replaced = {edit.old.id for edit in self.edits.values() if edit.old}
        kept = [one.row for one in in_force if one.id not in replaced]
        return kept + [edit.new for edit in self.edits.values() if edit.new]


def draft_of(staff_id: int) -> DraftOf:
    return DraftOf(staff_id, RuleKind.WORDS, 0)


def drafted_words(session: Session, staff_id: int) -> DraftedWords:
    typed = kept_draft(session, draft_of(staff_id))
    return read_edits(typed.fields if typed is not None else {}, rows_of(session, newest_version(session)))


def read_edits(fields: Mapping[str, str], in_force: Iterable[KeptRow]) -> DraftedWords:
    """What a draft says of the rows in force."""
    known = {one.id: one for one in in_force}
    edits: dict[str, WordEdit] = {}
    gone = []
    for key, written in fields.items():
        told = json.loads(written)
        old = known.get(told["old"] or 0)
        if told["old"] and old is None:
            gone.append(key)
            continue
        row = told["new"]
        edits[key] = WordEdit(old, WordRow(WordList(row[0]), row[1], row[2], row[3]) if row else None)
    return DraftedWords(edits, gone)


def edits_as_text(fields: Mapping[str, str]) -> str:
    return json.dumps(dict(fields), ensure_ascii=False, sort_keys=True)


def draft_edits(session: Session, staff_id: int, edits: Sequence[WordEdit], *, now: datetime) -> None:
    """Add edits to a person's draft; one of the same row takes the place of what was drafted of it before.

    Raises BadValue where it has too many.
    """
    of = draft_of(staff_id)
    typed = kept_draft(session, of)
    fields = dict(typed.fields) if typed is not None else {}
    number = max((int(key) for key in fields), default=0)
    for edit in edits:
        same = [key for key, words in fields.items() if edit.old and json.loads(words)["old"] == edit.old.id]
        number += 1
        fields[same[0] if same else str(number)] = _as_json(edit)
    if len(fields) > MOST_EDITS:
        raise BadValue("too_many_words", MOST_EDITS)
    seen = typed.seen_version if typed is not None else newest_version(session)
    keep_draft(session, of, TypedRule(fields, seen), longest=2 * LONGEST_WORDS, now=now)


def drop_edit(session: Session, staff_id: int, key: str, *, now: datetime) -> None:
    """Take one edit out of a draft; without any left there is no draft."""
    of = draft_of(staff_id)
    typed = kept_draft(session, of)
    if typed is None:
        return
    fields = {one: words for one, words in typed.fields.items() if one != key}
    if fields:
        keep_draft(session, of, TypedRule(fields, typed.seen_version), longest=2 * LONGEST_WORDS, now=now)
    else:
        throw_away(session, of)


def check_edit(edit: WordEdit, after: Sequence[WordRow]) -> None:
    """Beside all that would hold with it. Raises BadValue, whose column is one of the list's file."""
    if edit.new is not None:
        check_row(edit.new, classes_of(after))
    lost = edit.old.row if edit.old else None
    renamed = lost is not None and (edit.new is None or edit.new.says != lost.says)
    if lost is not None and renamed and lost.list in CLASS_LISTS and lost.says in classes_needed(after):
        raise BadValue("class_in_use", f"@{lost.says}", column=SHAPES[lost.list].says)
    if len(after) > MOST_WORD_ROWS:
        raise BadValue("too_many_words", MOST_WORD_ROWS)


def _as_json(edit: WordEdit) -> str:
    new = edit.new
    row = [new.list.value, new.says, new.weight, new.words] if new is not None else None
    return json.dumps({"old": edit.old.id if edit.old else 0, "new": row}, ensure_ascii=False)
