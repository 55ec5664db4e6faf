"""Once a night: what agents put right in kinds of matter is learned, for the texts that come."""

from app.clockwork.node import Node
from app.storage.database import transaction
from tickets.matter.learning import keep_learned, learn_from, learning_now, lessons


def learn_from_corrections(node: Node) -> None:
    """Read in one transaction and kept in another: nothing is locked while it is reckoned."""
    with transaction(node.factory) as session:
        if not learning_now(session).is_on:
            return
        given = lessons(session, now=node.now(session))
    found = learn_from(given)
    with transaction(node.factory) as session:
        keep_learned(session, found, now=node.now(session))
