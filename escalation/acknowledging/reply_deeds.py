"""What a leader's text message does to one level, and what they are answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import AlreadyAcknowledged, acknowledge
from escalation.acknowledging.locked_level import LevelOver
from escalation.acknowledging.next_level import next_level
from escalation.acknowledging.pass_up import NothingAbove, pass_up
from escalation.acknowledging.reply_codes import NamedLevel
from tickets.errors import HotlineError
from tickets.promises.recompute import UNENDED
from tickets.schema import Clock, PlannedStep, Ticket

TAKEN, TAKEN_BEFORE, UNKNOWN = "acknowledge_taken", "acknowledge_taken_before", "acknowledge_unknown"
ENDED, SETTLED, PASSED_UP, NO_HIGHER = "acknowledge_ended", "acknowledge_settled", "passed_up", "no_higher_level"
# Settled and taken up again since: an old code answers nothing of what runs now.
OVER_BEFORE = "acknowledge_reopened"

# A message's template and what it says.
ReplyAnswer = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Reply:
    """The codes of a message, if any, what is said beside them, and whether they pass the level up.

    `may_be_words`: it may as well be everyday talk, and is a reply only if one of its codes is one.
    """

    codes: tuple[str, ...] = ()
    words: str = ""
    passes_up: bool = False
    may_be_words: bool = False


def done_for(session: Session, reply: Reply, level: NamedLevel, *, code: str, now: datetime) -> ReplyAnswer:
    """Do for this level what the message asks; refused, nothing is recorded and the answer says why."""
    reference, status = session.execute(
        select(Ticket.reference, Clock.status)
        .join(PlannedStep, PlannedStep.ticket_id == Ticket.id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(PlannedStep.id == level.step_id)
    ).one()
    said = {"code": code, "reference": reference}
    if status not in UNENDED:
        return SETTLED, said
    try:
        with session.begin_nested():
            template, more = _act(session, reply, level, now=now)
    except AlreadyAcknowledged as refused:
        return TAKEN_BEFORE, {**said, "by": refused.by, "at": refused.at.isoformat()}
    except NothingAbove:
        return NO_HIGHER, said
    except LevelOver:
        return OVER_BEFORE, said
    except HotlineError:
        return ENDED, said
    return template, {**said, **more}


def _act(session: Session, reply: Reply, level: NamedLevel, *, now: datetime) -> ReplyAnswer:
    if reply.passes_up:
        passed = pass_up(session, level.step_id, staff_id=level.staff_id, reason=reply.words, via="sms", now=now)
        return PASSED_UP, {"level": passed.level, "is_repeat": passed.is_repeat}
    done = acknowledge(session, level.step_id, staff_id=level.staff_id, instruction=reply.words, via="sms", now=now)
    ahead = next_level(session, level.step_id)
    comes = {"next_level": ahead.level if ahead else None, "next_at": ahead.at.isoformat() if ahead else None}
    return TAKEN, {**comes, "at": done.at.isoformat(), "is_repeat": done.is_repeat, "is_further": done.is_further}
