"""What the resolver answers: units with reasons, and the question that decides, all in codes and parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tickets.directory.places.rows import AreaKind

ResolutionOutcome = Literal["unique", "split", "ambiguous", "none"]
# current: a name in use today; former: of the wards and districts abolished last; earlier: abolished before those.
Generation = Literal["current", "former", "earlier"]


@dataclass(frozen=True, slots=True)
class Why:
    """A reason: one of the codes that `app/wording/place_words.py` has words for, with what the words need."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be responsible. `why` is the best reason, `also` the others."""

    unit_id: int
    unit_code: str
    unit_name: str
    unit_kind: AreaKind
    why: Why
    also: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """An answer to the question, and the units that remain if it is given."""

    code: str
    params: Mapping[str, str]
    unit_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    params: Mapping[str, str]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """One thing that was said and one way it was read; the ticket keeps these beside what was decided."""

    said: str
    reading: str
    generation: Generation
    name: str
    district: str | None
    unit_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SpotHint:
    """What a street or a landmark says: not which unit, but which to ask about."""

    said: str
    question: Question
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """`said` is the part of the text that named the place. `generation` is that of the reading that led to the units,
    the most recent one when several did; None when nothing was understood. `elsewhere` is what of it lies outside the
    city, where nothing else was understood. `hint` is there only where nothing was understood: it never answers.
    """

    outcome: ResolutionOutcome
    candidates: tuple[Candidate, ...] = ()
    question: Question | None = None
    said: str = ""
    generation: Generation | None = None
    understood: tuple[Understood, ...] = ()
    elsewhere: str = ""
    hint: SpotHint | None = None
