"""Rules as somebody is writing them: kept for that person alone, as typed, until they hold or are thrown away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import RuleDraft
from tickets.typed_text import clean_text

MOST_DRAFT_FIELDS = 400
_LONGEST = 300


class RuleKind(StrEnum):
    CHAIN = "chain"
    POLICY = "policy"
    CALENDAR = "calendar"
    # All days off that somebody is about to keep; of these a person has one draft.
    DAYS = "days"
    # The words by which texts are read, all of them; of these a person has one draft.
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class TypedRule:
    """What stands in the form, and from which version of the rule it was begun; 0: a new one."""

    fields: Mapping[str, str]
    seen_version: int


@dataclass(frozen=True, slots=True)
class DraftOf:
    """Whose draft of which rule; `rule_id` 0 is a rule that is still to be."""

    staff_id: int
    kind: RuleKind
    rule_id: int


def keep_draft(session: Session, of: DraftOf, typed: TypedRule, *, longest: int = _LONGEST, now: datetime) -> None:
    some = list(typed.fields.items())[:MOST_DRAFT_FIELDS]
    changed = {
        "fields": {name[:60]: clean_text(words[:longest], longest, field=name) for name, words in some},
        "seen_version": typed.seen_version,
        "updated_at": now,
    }
    row = {"staff_id": of.staff_id, "kind": of.kind, "name": str(of.rule_id), **changed}
    statement = insert(RuleDraft).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["staff_id", "kind", "name"], set_=changed))


def kept_draft(session: Session, of: DraftOf) -> TypedRule | None:
    found = session.execute(select(RuleDraft.fields, RuleDraft.seen_version).where(*_is(of))).one_or_none()
    return TypedRule(found.fields, found.seen_version) if found is not None else None


def drafts_of(session: Session, staff_id: int, kind: RuleKind) -> list[tuple[int, str, datetime]]:
    """What this person has begun, newest first: which rule, its name, and when it was written at last."""
    rows = session.execute(
        select(RuleDraft.name, RuleDraft.fields["name"].astext, RuleDraft.updated_at)
        .where(RuleDraft.staff_id == staff_id, RuleDraft.kind == kind)
        .order_by(RuleDraft.updated_at.desc())
    )
    return [(int(rule_id), name or "", at) for rule_id, name, at in rows]


def throw_away(session: Session, of: DraftOf) -> None:
    """It holds now, or is not wanted."""
    session.execute(delete(RuleDraft).where(*_is(of)))


def _is(of: DraftOf) -> tuple[ColumnElement[bool], ...]:
    return RuleDraft.staff_id == of.staff_id, RuleDraft.kind == of.kind, RuleDraft.name == str(of.rule_id)
