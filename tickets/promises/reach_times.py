"""How long a person is given to be reached about a level, by priority: rows that an administrator changes (A3)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.promises.loading import load_rulebook
from tickets.schema import ReachTime
from tickets.states import Priority

SHORTEST_SECONDS = 30
LONGEST_SECONDS = 24 * 3600


def reach_times(session: Session) -> dict[Priority, int]:
    """In seconds, for every priority."""
    return {priority: int(given.total_seconds()) for priority, given in load_rulebook(session).reached_within.items()}


def set_reach_times(session: Session, seconds: Mapping[Priority, int], *, actor: Actor, now: datetime) -> None:
    """Holds for whatever fires from now on. Raises InvalidInput for a time that is too short or too long to help."""
    for priority, given in seconds.items():
        if not SHORTEST_SECONDS <= given <= LONGEST_SECONDS:
            raise InvalidInput(priority.value, "no_such_reach_time")
    if seconds == reach_times(session):
        return
    rows = [{"priority": priority, "seconds": given} for priority, given in seconds.items()]
    statement = insert(ReachTime).values(rows)
    session.execute(
        statement.on_conflict_do_update(index_elements=["priority"], set_={"seconds": statement.excluded.seconds})
    )
    entries.record(
        session,
        actor=actor,
        action="reach_time.changed",
        subject_kind="policies",
        subject_id=None,
        params={"reached_within": {priority.value: given for priority, given in seconds.items()}},
        now=now,
    )
