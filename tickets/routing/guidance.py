"""Issued guidance as rules: which matters each answers, and which two of them speak of the same."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.folding import folded_words
from tickets.schema import Guidance
from tickets.states import GuidanceState

# Older, somebody has to look whether it still holds.
LOOKED_AT_AGAIN = timedelta(days=180)
_MOST_BESIDE = 3


@dataclass(frozen=True, slots=True)
class GuidanceScope:
    """What a guidance is about; `phrases` are folded, of `unit_ids` none means the whole city."""

    unit_ids: frozenset[int] = frozenset()
    category_id: int | None = None
    procedure_id: int | None = None
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedMatter:
    """What is known of a matter; None and empty: nothing yet."""

    unit_id: int | None = None
    category_id: int | None = None
    procedure_id: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class GuidanceRule:
    """An issued guidance as matters are answered by it."""

    id: int
    scope: GuidanceScope
    question: dict[str, str] = field(hash=False)
    answer: dict[str, str] = field(hash=False)
    spoken: dict[str, str] = field(hash=False)
    decision_no: str
    issued_at: datetime

    @property
    def is_spoken(self) -> bool:
        return bool(self.spoken["vi"])

    def is_old(self, now: datetime) -> bool:
        return now - self.issued_at >= LOOKED_AT_AGAIN


def phrases_of(words: str) -> tuple[str, ...]:
    """Phrases as they stand in a guidance, one a line, each folded to its words.

    >>> phrases_of("Sổ đỏ\\ncấp đổi")
    ('so do', 'cap doi')
    """
    folded = (" ".join(folded_words(line)) for line in words.splitlines())
    return tuple(dict.fromkeys(phrase for phrase in folded if phrase))


def load_guidance(session: Session) -> tuple[GuidanceRule, ...]:
    """What is issued, the newest first."""
    found = session.scalars(
        select(Guidance).where(Guidance.state == GuidanceState.ISSUED).order_by(Guidance.id.desc())
    ).all()
    return tuple(_rule(one) for one in found)


def scope_of(one: Guidance) -> GuidanceScope:
    return GuidanceScope(frozenset(one.unit_ids), one.category_id, one.procedure_id, phrases_of(one.words))


def answering(known: Collection[GuidanceRule], matter: AskedMatter) -> tuple[GuidanceRule, ...]:
    """The guidance that answers a matter, the closest to it first."""
    said = _padded(matter.said) if known else ""
    fitting = [(rank, one) for one in known if (rank := _closeness(one.scope, matter, said))]
    return tuple(one for _rank, one in sorted(fitting, key=lambda pair: (-pair[0], -pair[1].id))[:_MOST_BESIDE])


def answers(scope: GuidanceScope, matter: AskedMatter) -> bool:
    return bool(_closeness(scope, matter, _padded(matter.said)))


def spoken_answers(known: Iterable[GuidanceRule], category_id: int | None, said: str) -> tuple[GuidanceRule, ...]:
    """Those that are said to callers and answer these words, the closest first; the place is judged by who knows it."""
    matter = AskedMatter(None, category_id, None, said)
    anywhere = {one.id: replace(one, scope=replace(one.scope, unit_ids=frozenset())) for one in known if one.is_spoken}
    by_id = {one.id: one for one in known}
    return tuple(by_id[one.id] for one in answering(anywhere.values(), matter))


def contradictions(known: Sequence[GuidanceRule]) -> Iterator[tuple[GuidanceRule, GuidanceRule]]:
    """Each two that some matter would be answered by at once: somebody has to say which of them holds."""
    return ((one, other) for one, other in combinations(known, 2) if speak_of_the_same(one.scope, other.scope))


def speak_of_the_same(one: GuidanceScope, other: GuidanceScope) -> bool:
    is_apart = one.unit_ids and other.unit_ids and not one.unit_ids & other.unit_ids
    if is_apart or _differ(one.category_id, other.category_id) or _differ(one.procedure_id, other.procedure_id):
        return False
    if one.phrases and other.phrases:
        return any(_says(f" {a} ", b) or _says(f" {b} ", a) for a in one.phrases for b in other.phrases)
    same_category = one.category_id is not None and one.category_id == other.category_id
    return same_category or (one.procedure_id is not None and one.procedure_id == other.procedure_id)


def _closeness(scope: GuidanceScope, matter: AskedMatter, said: str) -> int:
    """0: it does not answer the matter. What is not known of a matter speaks neither for it nor against it."""
    is_elsewhere = scope.unit_ids and matter.unit_id not in scope.unit_ids
    is_other = _differ(scope.category_id, matter.category_id) or _differ(scope.procedure_id, matter.procedure_id)
    is_said = any(_says(said, phrase) for phrase in scope.phrases)
    if is_elsewhere or is_other or (scope.phrases and not is_said):
        return 0
    by_procedure = scope.procedure_id is not None and scope.procedure_id == matter.procedure_id
    by_category = scope.category_id is not None and scope.category_id == matter.category_id
    close = 4 * by_procedure + 2 * is_said + by_category
    return 8 * close + bool(scope.unit_ids) if close else 0


def _differ(wanted: int | None, known: int | None) -> bool:
    return wanted is not None and known is not None and wanted != known


def _says(said: str, phrase: str) -> bool:
    return f" {phrase} " in said


def _padded(text: str) -> str:
    return f" {' '.join(folded_words(text))} " if text else ""


def _rule(one: Guidance) -> GuidanceRule:
    return GuidanceRule(
        one.id, scope_of(one), {"vi": one.question_vi, "en": one.question_en},
        {"vi": one.answer_vi, "en": one.answer_en}, {"vi": one.spoken_vi, "en": one.spoken_en},
        one.decision_no, one.issued_at or one.drafted_at,
    )  # fmt: skip
