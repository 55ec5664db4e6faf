"""How long a person is given to be reached about a level, and how often called, by priority (A3).

Rows that an administrator changes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import Reaching
from tickets.schema import ReachTime
from tickets.states import Priority

SHORTEST, LONGEST = timedelta(seconds=30), timedelta(hours=24)
MOST_CALLS = 10
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)


def reach_times(session: Session) -> Mapping[Priority, Reaching]:
    """For every priority."""
    return load_rulebook(session).reaching


def set_reach_times(session: Session, rules: Mapping[Priority, Reaching], *, actor: Actor, now: datetime) -> None:
    """Holds for whatever fires from now on. Raises InvalidInput for a time, a number or a pause that would not help."""
    for priority, rule in rules.items():
        _check(priority, rule)
    if rules == reach_times(session):
        return
    statement = insert(ReachTime).values([_row(priority, rule) for priority, rule in rules.items()])
    given = {name: statement.excluded[name] for name in ("seconds", "most_calls", "call_pause_seconds")}
    session.execute(statement.on_conflict_do_update(index_elements=["priority"], set_=given))
    entries.record(
        session,
        actor=actor,
        action="reach_time.changed",
        subject_kind="policies",
        subject_id=None,
        params={
            "reached_within": {priority.value: int(rule.within.total_seconds()) for priority, rule in rules.items()},
            "most_calls": {priority.value: rule.most_calls for priority, rule in rules.items()},
            "call_pause": {priority.value: int(rule.call_pause.total_seconds()) for priority, rule in rules.items()},
        },
        now=now,
    )


def _check(priority: Priority, rule: Reaching) -> None:
    if not SHORTEST <= rule.within <= LONGEST:
        raise InvalidInput(priority.value, "no_such_reach_time")
    if not 1 <= rule.most_calls <= MOST_CALLS:
        raise InvalidInput(f"{priority.value}_calls", "no_such_number_of_calls")
    if not SHORTEST_PAUSE <= rule.call_pause <= LONGEST_PAUSE:
        raise InvalidInput(f"{priority.value}_pause", "no_such_call_pause")


def _row(priority: Priority, rule: Reaching) -> dict[str, object]:
    return {
        "priority": priority,
        "seconds": int(rule.within.total_seconds()),
        "most_calls": rule.most_calls,
        "call_pause_seconds": int(rule.call_pause.total_seconds()),
    }
