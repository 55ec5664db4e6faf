"""Whether a message still is what its reader should hear when it is handed over: it stands, and is theirs (A8)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.right import KnownStanding, rights_to_answer
from escalation.firing.notices import LEVEL_TEMPLATE
from tickets.outbox.overtaken import Overtaken, each_overtaken
from tickets.outbox.overtaken_facts import step_of
from tickets.people.roles import load_viewer
from tickets.schema import OutboundMessage, StepRecipient

# Who stands where was asked when it was written.
_JUST_WRITTEN = timedelta(minutes=1)


def why_each_not_told(session: Session, messages: Sequence[OutboundMessage], *, now: datetime) -> dict[int, Overtaken]:
    """What has happened since they were written that makes them untrue, unwanted or somebody else's, by message.

    Who stands where is read once for all of them.
    """
    found = each_overtaken(session, messages, now=now)
    others = _others(session, [one for one in messages if one.id not in found], now=now)
    return found | dict.fromkeys(others, Overtaken.NOT_THEIRS)


def _others(session: Session, messages: Sequence[OutboundMessage], *, now: datetime) -> list[int]:
    """Whoever was to be told of the level stands there no more: the matter or the post went to somebody else (A4)."""
    named: dict[int, dict[int, int]] = {}
    for one in messages:
        is_old = one.template == LEVEL_TEMPLATE and now - one.created_at >= _JUST_WRITTEN
        if is_old and one.staff_id is not None:
            named.setdefault(one.staff_id, {})[one.id] = step_of(one) or 0
    standing = KnownStanding(now=now)
    return [
        message_id
        for staff_id, steps in named.items()
        for message_id in _not_theirs(session, steps, staff_id=staff_id, standing=standing, now=now)
    ]


def _not_theirs(
    session: Session, steps: Mapping[int, int], *, staff_id: int, standing: KnownStanding, now: datetime
) -> list[int]:
    """Of the levels of these messages to one person; `steps` by message."""
    told = select(StepRecipient.step_id).where(StepRecipient.staff_id == staff_id)
    known = set(session.scalars(told.where(StepRecipient.step_id.in_(sorted(set(steps.values()))))))
    viewer = load_viewer(session, staff_id, now=now) if known else None
    if viewer is None:
        return []
    theirs = rights_to_answer(session, known, viewer=viewer, known=standing, now=now)
    return [message_id for message_id, step_id in steps.items() if step_id in known and step_id not in theirs]
