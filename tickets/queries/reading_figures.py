"""How well words were read in a month: of each rule how often it spoke, how often people put it right, what was missed.

Counted only over what the reader of the figures may see, so that they tell nobody of a restricted matter.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, case, column, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, visible_tickets
from tickets.queries.noise import in_scope
from tickets.routing.decision import LEARNED, LEARNED_RULE
from tickets.schema import NoiseContact, ReadingCorrection, Ticket
from tickets.schema.ticket import SAYS_LEARNED
from tickets.states import ReadField
from tickets.work.corrections import GIVEN, SAID_IN

# What was guessed where nothing was said.
_NOTHING = ("", "no")
_MOST_RULES = 100


@dataclass(frozen=True, slots=True)
class RuleFigure:
    """`said`: how often the rule spoke; `wrong`: how often a person found that it was wrong.

    `missed`: how often a person found what it should have said; counted for a kind of matter only, because nobody can
    tell which rule of danger ought to have spoken.
    """

    rule: str
    said: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        return (self.said - self.wrong) / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        right = self.said - self.wrong
        return right / (right + self.missed) if right + self.missed else None


@dataclass(frozen=True, slots=True)
class FieldFigures:
    """A field with its rules, the busiest first, and all of them together."""

    field: ReadField
    whole: RuleFigure
    rules: Sequence[RuleFigure]


@dataclass(frozen=True, slots=True)
class _PutRight:
    """What the corrections of one ticket in one field come to: the first guess and what holds at last."""

    rule: str
    guessed: str
    correct: str

    @property
    def was_wrong(self) -> bool:
        """A doubt that turned out to be danger was right."""
        if self.rule in ("", GIVEN) or self.guessed in _NOTHING:
            return False
        return self.correct not in (self.guessed, "yes")

    @property
    def was_missed(self) -> bool:
        return self.correct not in (self.guessed, *_NOTHING) and self.rule != GIVEN and not self._was_doubted

    @property
    def _was_doubted(self) -> bool:
        return self.guessed == "doubtful" and self.correct == "yes"


def reading_figures(session: Session, viewer: Viewer, *, since: datetime, until: datetime) -> list[FieldFigures]:
    """For tickets that were opened (and contacts that came) in that time; those of a month are read once for all."""
    opened = (Ticket.opened_at >= since, Ticket.opened_at < until, visible_tickets(viewer))
    put_right = _put_right(session, (*SAID_IN, ReadField.NOISE), opened)
    standing = _standing(session, SAID_IN, opened)
    found = [_figures(field, standing[field], put_right[field]) for field in SAID_IN]
    noise = _kept(session, viewer, since, until)
    return [*found, _figures(ReadField.NOISE, noise, put_right[ReadField.NOISE], counts_all=True)]


def learned_figures(session: Session, viewer: Viewer, *, since: datetime, until: datetime) -> Sequence[RuleFigure]:
    """Of what corrections have taught alone, the busiest first: only tickets of which it was told are looked at."""
    opened = (Ticket.opened_at >= since, Ticket.opened_at < until, visible_tickets(viewer))
    field = ReadField.CATEGORY
    told = _standing(session, {field: (LEARNED,)}, (*opened, text(f"ticket.routing_reasons {SAYS_LEARNED}")))
    put_right = [one for one in _put_right(session, [field], opened)[field] if one.rule.startswith(LEARNED_RULE)]
    figures = _figures(field, told[field], put_right).rules
    return [one for one in figures if one.rule.startswith(LEARNED_RULE)]


def _standing(
    session: Session,
    said_in: Mapping[ReadField, Sequence[str]],
    opened: Sequence[ColumnElement[bool] | TextClause],
) -> Mapping[ReadField, Counter[str]]:
    """How often each rule spoke of a field, of tickets that nobody put right in it; every ticket is read once."""
    each = func.jsonb_array_elements(Ticket.routing_reasons).table_valued(column("value", JSONB), name="each")
    reason = each.c.value
    rule = func.coalesce(reason["params"]["rule"].astext, reason["code"].astext)
    field_of = {code: field.value for field, codes in said_in.items() for code in codes}
    field = case(field_of, value=reason["code"].astext)
    corrected = select(ReadingCorrection.id).where(
        ReadingCorrection.ticket_id == Ticket.id, ReadingCorrection.field == field
    )
    rows = session.execute(
        select(field, rule, func.count())
        .select_from(Ticket)
        .join(each, reason["code"].astext.in_(field_of))
        .where(*opened, ~corrected.exists())
        .group_by(field, rule)
    )
    found: dict[ReadField, Counter[str]] = {one: Counter() for one in said_in}
    for of_field, said, count in rows:
        found[ReadField(of_field)][said] = count
    return found


def _put_right(
    session: Session, fields: Collection[ReadField], opened: Sequence[ColumnElement[bool]]
) -> Mapping[ReadField, list[_PutRight]]:
    kept = ReadingCorrection
    rows = session.execute(
        select(
            kept.field,
            func.min(kept.told_by),
            func.min(kept.guessed),
            func.array_agg(aggregate_order_by(kept.correct, kept.id.desc())),
        )
        .join(Ticket, Ticket.id == kept.ticket_id)
        .where(kept.field.in_(fields), *opened)
        .group_by(kept.field, kept.ticket_id)
    )
    found: dict[ReadField, list[_PutRight]] = {one: [] for one in fields}
    for field, rule, guessed, all_said in rows:
        found[field].append(_PutRight(rule, guessed, all_said[0]))
    return found


def _kept(session: Session, viewer: Viewer, since: datetime, until: datetime) -> Counter[str]:
    rows = session.execute(
        select(NoiseContact.kind, func.count())
        .where(NoiseContact.at >= since, NoiseContact.at < until, in_scope(viewer))
        .group_by(NoiseContact.kind)
    )
    return Counter({kind: count for kind, count in rows})


def _figures(
    field: ReadField, standing: Mapping[str, int], put_right: Sequence[_PutRight], *, counts_all: bool = False
) -> FieldFigures:
    """`counts_all`: what stands counts what was put right as well."""
    spoke = [one for one in put_right if one.rule not in ("", GIVEN) and one.guessed not in _NOTHING]
    said = Counter(standing) if counts_all else Counter(standing) + Counter(one.rule for one in spoke)
    wrong = Counter(one.rule for one in put_right if one.was_wrong)
    by_kind = field is ReadField.CATEGORY
    missed = Counter(one.correct if by_kind else "" for one in put_right if one.was_missed)
    rules = {*said, *wrong, *(missed if by_kind else ())}
    figures = [RuleFigure(rule, said[rule], wrong[rule], missed[rule] if by_kind else 0) for rule in rules]
    whole = RuleFigure("", said.total(), wrong.total(), missed.total())
    busiest = sorted(figures, key=lambda one: (-one.said, -one.missed, one.rule))
    return FieldFigures(field, whole, busiest[:_MOST_RULES])
