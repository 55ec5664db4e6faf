"""Once an hour the reports of a month are looked through for what suddenly many tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.storage.database import transaction
from tickets.each_alone import PutAside
from tickets.problems.waves import Wave, find_waves
from tickets.work.problems import Evidence, propose, propose_each


def look_for_problems(node: Node) -> None:
    """Read in one transaction and kept in another: nothing is locked while it is reckoned.

    What an earlier look read is remembered: the database is asked for what is new since.
    """
    with transaction(node.factory) as session:
        now = node.now(session)
        reported = node.remembered.reported.look(session, now=now)
    node.post(_Proposing(find_waves(reported, now=now), node.remembered.evidence))


@dataclass
class _Proposing:
    waves: Sequence[Wave]
    evidence: Evidence
    __name__: str = "propose_problems"

    def __call__(self, session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
        if put_aside is not None:
            return propose_each(session, self.waves, put_aside=put_aside, now=now)
        return propose(session, self.waves, now=now, evidence=self.evidence)
