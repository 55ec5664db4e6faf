"""Test calls to published lines: a button, a call that asks for a key, and how it ended is kept with its date."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit.entries import record
from tickets.directory.lines import unit_of_line
from tickets.errors import InvalidInput, NotFound
from tickets.outbox.posting import Outgoing, post_all
from tickets.people.actor import Actor
from tickets.schema import Line, LineTest
from tickets.states import LOCALES, OutboundChannel

LINE_TEST_TEMPLATE = "line_test"
# A telephone that has just been tried is not rung again by the next who presses the button.
_PAUSE = timedelta(minutes=5)


def call_line(session: Session, line_id: int, *, staff_id: int, actor: Actor, now: datetime) -> Line:
    """Have the line rung; raises NotFound, and InvalidInput when it was rung a moment ago."""
    line = session.get(Line, line_id)
    if line is None or (line.valid_to is not None and line.valid_to <= now.date()):
        raise NotFound("line", line_id)
    session.execute(select(Line.id).where(Line.id == line_id).with_for_update(key_share=True))
    last = session.scalar(select(LineTest.asked_at).where(LineTest.line_id == line_id).order_by(LineTest.id.desc()))
    if last is not None and now - last < _PAUSE:
        raise InvalidInput("line", "called_just_now")
    key = f"{LINE_TEST_TEMPLATE}:{line_id}:{now.isoformat()}"
    session.add(LineTest(line_id=line_id, asked_by_id=staff_id, asked_at=now, dedup_key=key))
    _ring(session, line, key, now=now)
    record(
        session,
        actor=actor,
        action="line.tested",
        subject_kind="line",
        subject_id=line_id,
        params={"unit_id": unit_of_line(session, line_id)},
        now=now,
    )
    return line


def _ring(session: Session, line: Line, key: str, *, now: datetime) -> None:
    message = Outgoing(
        channel=OutboundChannel.VOICE,
        address=line.phone,
        template=LINE_TEST_TEMPLATE,
        params={"line": line.phone},
        locale=LOCALES[0],
        dedup_key=key,
        is_urgent=True,
    )
    post_all(session, [message], now=now)
