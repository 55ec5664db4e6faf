"""Once an hour the reports of a month are looked through for what suddenly many tell."""

from app.clockwork.node import Node
from app.storage.database import transaction
from tickets.problems.waves import find_waves
from tickets.work.problems import propose


def look_for_problems(node: Node) -> None:
    """Read in one transaction and kept in another: nothing is locked while it is reckoned.

    What an earlier look read is remembered: the database is asked for what is new since.
    """
    with transaction(node.factory) as session:
        now = node.now(session)
        reported = node.remembered.reported.look(session, now=now)
    waves = find_waves(reported, now=now)
    with transaction(node.factory) as session:
        propose(session, waves, now=node.now(session), evidence=node.remembered.evidence)
