"""As `one_refused`, for the jobs of the telephone side."""

from datetime import datetime, timedelta
from unittest.mock import patch

from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.clockwork.phone_jobs import ask_for_silent, let_recordings_go_on, sweep_floor
from telephony.call.recording_pause import PAUSED_AT_MOST
from telephony.calls import new_call
from telephony.floor.calling_back import KEPT_FOR
from telephony.floor.offers import RING
from telephony.floor.presence import go_available
from telephony.sweep import LATEST_SWEEP
from tests.app.clockwork.one_refused import HOUR, Rows, Scene, numbers
from tests.factories import staff, unit
from tickets.schema import Call, Offer, Presence
from tickets.states import CallState, OfferOutcome, PresenceState, Role

# No account of ours: nothing is asked of any provider.
ACCOUNT = "gone"


def sweep_that_heard(node: Node) -> None:
    """As one that has come in time for so long that nobody's silence was ours."""
    with node.factory() as session:
        now = node.now(session)
    ago = 2 * KEPT_FOR
    while ago > timedelta(0):
        node.hearing.since(now - ago)
        ago -= LATEST_SWEEP / 2
    sweep_floor(node)


def recordings(node: Node) -> None:
    """Their provider takes whatever it is told."""
    with patch("app.phone.recording_limits.set_recording", return_value=True):
        let_recordings_go_on(node)


def calls(session: Session, state: CallState, at: datetime, *, account: str = ACCOUNT, **row: object) -> list[Call]:
    given = {"account": account, "state": state, "unit_id": unit(session).id, **row}
    return [new_call(session, {**given, "call_sid": f"CA{number:032}"}, now=at) for number in range(3)]


def silent_consoles(session: Session, now: datetime) -> Rows:
    people = [staff(session, role=Role.AGENT).id for _ in range(3)]
    session.add_all(
        Presence(staff_id=who, state=PresenceState.AVAILABLE, since=now - HOUR, heartbeat_at=now - HOUR)
        for who in people
    )
    return now, people


def unanswered_rings(session: Session, now: datetime) -> Rows:
    at = now - RING
    rung = []
    for call in calls(session, CallState.OFFERED, at, queued_at=at):
        agent = staff(session, role=Role.AGENT).id
        session.add(
            Presence(
                staff_id=agent, state=PresenceState.OFFERED, since=at, heartbeat_at=now, idle_since=at, call_id=call.id
            )
        )  # fmt: skip
        rung.append(Offer(call_id=call.id, staff_id=agent, offered_at=at, expires_at=now))
        session.add(rung[-1])
    session.flush()
    return now, [one.id for one in rung]


def waiting_callers(session: Session, now: datetime) -> Rows:
    """As many agents are free."""
    waiting = calls(session, CallState.QUEUED, now, queued_at=now)
    for _ in waiting:
        go_available(session, staff(session, role=Role.AGENT).id, now=now)
    return now, [one.id for one in waiting]


def overdue_calls(session: Session, now: datetime) -> Rows:
    return now, [one.id for one in calls(session, CallState.GREETING, now - 24 * HOUR, account="sim")]


def left_legs(session: Session, now: datetime) -> Rows:
    left = calls(session, CallState.ENDED, now, ended_at=now)
    for call in left:
        call.detail = {"left_in_room": ["CA" + "e" * 32]}
    session.flush()
    return now, [call.id for call in left]


def forgotten_pauses(session: Session, now: datetime) -> Rows:
    talks = calls(session, CallState.TALKING, now)
    for call in talks:
        call.detail = {"recording_pause": {"at": (now - PAUSED_AT_MOST).isoformat(), "is_sure": True}}
    session.flush()
    return now, [call.id for call in talks]


SCENES: dict[str, Scene] = {
    "sweep the phone floor, silent consoles": Scene(
        sweep_that_heard, silent_consoles, "presence", "new.staff_id",
        numbers(Presence.staff_id, Presence.state == PresenceState.AWAY),
    ),
    "sweep the phone floor, rings": Scene(
        sweep_that_heard, unanswered_rings, "offer", "new.id",
        numbers(Offer.id, Offer.outcome == OfferOutcome.EXPIRED),
    ),
    "sweep the phone floor, waiting callers": Scene(
        sweep_floor, waiting_callers, "offer", "new.call_id", numbers(Offer.call_id),
    ),
    "sweep the phone floor, overdue calls": Scene(
        sweep_that_heard, overdue_calls, "call", "new.id", numbers(Call.id, Call.state == CallState.ENDED),
    ),
    "ask for silent callers, left legs": Scene(
        ask_for_silent, left_legs, "call", "new.id", numbers(Call.id, ~Call.detail.has_key("left_in_room")),
    ),
    "let recordings go on": Scene(
        recordings, forgotten_pauses, "call", "new.id", numbers(Call.id, ~Call.detail.has_key("recording_pause")),
    ),
}  # fmt: skip
