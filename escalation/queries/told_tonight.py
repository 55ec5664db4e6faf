"""Whom the levels of a night would tell, before and after a change of the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.queries.chain_seen import SOME_PROCEDURE
from tickets.directory.standing import Concern, Reachable, Standing
from tickets.directory.standing_rows import load_standing
from tickets.promises.foresight import Foresight, LevelReached
from tickets.promises.loading import PromiseRulebook
from tickets.promises.plan import ChainLevel
from tickets.schema import Category
from tickets.states import Priority


@dataclass(slots=True)
class ToldTonight:
    """A person with the number of levels they would be told of; `name` '': nobody stands there."""

    name: str
    post: str
    post_en: str
    before: int = 0
    after: int = 0


def told_tonight(session: Session, book: PromiseRulebook, seen: Foresight, *, at: datetime) -> list[ToldTonight]:
    """Most first. Who stands where is asked for one instant of that night."""
    reached = [*seen.before, *seen.after]
    posts = {post for one in reached for step in _steps(book, one) for post in (*step.posts, *step.procedure_posts)}
    standing = load_standing(session, posts=posts, unit_ids={one.unit_id for one in reached}, now=at)
    fields = {category_id: field or "" for category_id, field in session.execute(select(Category.id, Category.field))}
    told: dict[int, ToldTonight] = {}
    for one, number in seen.before.items():
        _whose(told, _found(standing, book, one, fields.get(one.category_id, ""))).before += number
    for one, number in seen.after.items():
        _whose(told, _found(standing, book, one, fields.get(one.category_id, ""))).after += number
    return sorted(told.values(), key=lambda who: (-who.after, -who.before, who.name))


def _steps(book: PromiseRulebook, one: LevelReached) -> Sequence[ChainLevel]:
    chain = book.chain_of(one.chain_version_id)
    return chain.chain.steps if chain is not None else ()


def _found(standing: Standing, book: PromiseRulebook, one: LevelReached, field: str) -> Reachable | None:
    procedure = SOME_PROCEDURE if one.about_procedure else None
    concern = Concern(one.unit_id, field, procedure, one.priority is Priority.EMERGENCY)
    return standing.first_from(_steps(book, one), one.level, concern)[0]


def _whose(told: dict[int, ToldTonight], who: Reachable | None) -> ToldTonight:
    if who is None:
        return told.setdefault(0, ToldTonight("", "", ""))
    return told.setdefault(who.person.staff_id, ToldTonight(who.person.name, who.post, who.post_en))
