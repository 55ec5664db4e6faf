"""The house of a rehearsal keeps its clock by its people: what they cause waits for its next look, and it for them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.rehearsal.house import HOUSE_LOOKS_EVERY, House
from tests.factories import staff
from tickets.outbox.posting import Outgoing, post_all
from tickets.states import OutboundChannel, Role

MINUTE = timedelta(minutes=1)


@dataclass
class Nobody:
    """A post room that delivers nothing; when it was asked to."""

    asked_at: list[datetime] = field(default_factory=list)

    def deliver(self, _session: Session, *, now: datetime) -> None:
        self.asked_at.append(now)


def test_the_house_never_runs_ahead_of_its_people_however_much_is_due(session: Session, now: datetime) -> None:
    reader, post_room, stage = staff(session, role=Role.LEADER, at="79"), Nobody(), Any
    begins_at = now.replace(minute=0, second=0, microsecond=0)
    room: Any = post_room
    house, ahead = House(begins_at=begins_at, post_room=room, progress=lambda percent: None), []

    for minute in range(25):
        happens_at = begins_at + minute * MINUTE
        for _ in range(9):
            if not house(stage, session, happens_at):
                break
            ahead += [at for at in post_room.asked_at if at > happens_at]
        told = Outgoing(
            channel=OutboundChannel.SMS, address="+84901234567", template="sms_help", params={}, locale="vi",
            dedup_key=f"told:{minute}", staff_id=reader.id, not_before=happens_at,
        )  # fmt: skip
        post_all(session, [told], now=happens_at)

    assert ahead == []
    assert post_room.asked_at == [begins_at + number * HOUSE_LOOKS_EVERY for number in range(1, 5)]
