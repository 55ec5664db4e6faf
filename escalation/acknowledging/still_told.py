"""Whether a message still is what its reader should hear when it is handed over: it stands, and is theirs (A8)."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from escalation.acknowledging.right import rights_to_answer
from escalation.firing.notices import LEVEL_TEMPLATE
from tickets.outbox.overtaken import Overtaken, overtaken_by
from tickets.people.roles import load_viewer
from tickets.schema import OutboundMessage, StepRecipient

# Who stands where was asked when it was written.
_JUST_WRITTEN = timedelta(minutes=1)


def why_not_told(session: Session, message: OutboundMessage, *, now: datetime) -> Overtaken | None:
    """What has happened since it was written that makes it untrue, unwanted or somebody else's; None: it holds."""
    why = overtaken_by(session, message, now=now)
    return why or (Overtaken.NOT_THEIRS if _is_others(session, message, now=now) else None)


def _is_others(session: Session, message: OutboundMessage, *, now: datetime) -> bool:
    """Whoever was to be told of the level stands there no more: the matter or the post went to somebody else (A4)."""
    if message.template != LEVEL_TEMPLATE or message.staff_id is None or now - message.created_at < _JUST_WRITTEN:
        return False
    step_id = int(message.params.get("step_id", 0))
    named = exists().where(StepRecipient.step_id == step_id, StepRecipient.staff_id == message.staff_id)
    if not session.scalar(select(named)):
        return False
    viewer = load_viewer(session, message.staff_id, now=now)
    return viewer is not None and step_id not in rights_to_answer(session, [step_id], viewer=viewer, now=now)
