"""Whoever is given a post hears of it: which, from when, by which decision, and how much waits there for an answer.

By their screen, and by the first of their ways that carries words (`rota_news`). What is open comes to them as levels
by itself when it begins (`escalation/queries/succession.py`); this is said at once, so that nobody begins unawares.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.directory.holders import open_levels_of
from tickets.outbox.posting import post_all
from tickets.outbox.rota_news import news_to
from tickets.schema import Post, PostHolding, Unit

POST_TEMPLATE = "post_given"


def tell_new_holder(session: Session, holding_id: int, *, now: datetime) -> None:
    """Once for each holding."""
    holding, post, unit = session.execute(
        select(PostHolding, Post, Unit)
        .join(Post, Post.id == PostHolding.post_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(PostHolding.id == holding_id)
    ).one()
    params = {
        "capacity": holding.kind,
        "post": {"vi": post.name, "en": post.name_en},
        "unit": {"vi": unit.name, "en": unit.name_en},
        "starts_at": holding.valid_from.isoformat(),
        "ends_at": holding.valid_to.isoformat() if holding.valid_to is not None else "",
        "decision": holding.decision_no,
        "count": open_levels_of(session, post.id),
    }
    key = f"post:{holding_id}"
    post_all(session, news_to(session, holding.staff_id, POST_TEMPLATE, params, key=key, now=now), now=now)
