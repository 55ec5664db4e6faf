"""What pages are told of calls: also of what moves nobody from one state to another."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.live.changes import Marks, changes_since, first_marks
from telephony.call import end
from tests.app.web.console.test_calls import waiting_call
from tests.factories import staff
from tickets.states import CallState, Role


def told(session: Session, marks: Marks, now: datetime) -> tuple[set[str], Marks]:
    changes, after = changes_since(session, marks, now=now)
    return {name for change in changes if change.for_all for name in change.names}, after


def test_every_page_learns_that_a_caller_is_put_on_hold_and_taken_back(session: Session, now: datetime) -> None:
    agent = staff(session, role=Role.AGENT, at="26740")
    call = waiting_call(session, now - timedelta(minutes=1), state=CallState.TALKING, agent_id=agent.id)
    marks = first_marks(session, now=now)

    end.hold(call, now=now)
    held, marks = told(session, marks, now + timedelta(seconds=5))
    nothing, marks = told(session, marks, now + timedelta(seconds=10))
    end.take_back(call, now=now + timedelta(seconds=12))
    back, _ = told(session, marks, now + timedelta(seconds=15))

    assert held == back == {"shift", "waiting"}
    assert nothing == set()
