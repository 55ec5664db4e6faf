"""Once a night: what agents put right in kinds of matter is learned, for the texts that come."""

from datetime import timedelta

from app.clockwork.node import Node
from app.storage.database import transaction
from tickets.matter.learning import keep_learned, learn_from, learning_now, lesson_now, lessons

# The texts beside which it is learned are others by then.
_ANEW_EVERY = timedelta(days=7)


def learn_from_corrections(node: Node) -> None:
    """Read in one transaction and kept in another: nothing is locked while it is reckoned.

    Where the corrections are those that were learned from last, there is nothing to learn, and no text is read.
    """
    with transaction(node.factory) as session:
        if not learning_now(session).is_on:
            return
        now = node.now(session)
        lesson, last = lesson_now(session, now=now), node.remembered.lesson
        if last is not None and last[0] == lesson and now - last[1] < _ANEW_EVERY:
            return
        given = lessons(session, now=now)
    found = learn_from(given)
    with transaction(node.factory) as session:
        keep_learned(session, found, now=node.now(session))
    node.remembered.lesson = lesson, now
