"""A talk of several: its room, who is in it beside caller and agent, and in which way.

It is kept with the call, which whoever asks has locked. Caller and agent are both needed: where one of them goes, the
provider ends the room, every leg of it asks us what comes next, and the call goes on as any talk that was cut off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from telephony.floor.presence import let_party_go
from tickets.schema import Call, CallLeg
from tickets.states import PresenceState
from tickets.typed_text import typed_number

_KEPT, _PREFIX = "room", "call-"
# Legs of a room that was closed. Where caller and agent never came in, nobody's going ends it: whoever joined would sit
# there alone, and be in it unseen when the next talk of this caller is joined.
_LEFT = "left_in_room"
# A leg that is still up so long after the call is none of ours to end any more.
LEFT_FOR = timedelta(hours=1)


class TalkPart(StrEnum):
    """How somebody is in it: heard by nobody, by the agent alone, by all."""

    LISTENS = "listens"
    WHISPERS = "whispers"
    SPEAKS = "speaks"


@dataclass(frozen=True, slots=True)
class Party:
    """`leg`: the provider's number for their leg, once it rings. `was`: the presence to which they go back."""

    staff_id: int
    name: str
    part: TalkPart
    was: PresenceState
    leg: str = ""


@dataclass(frozen=True, slots=True)
class TalkRoom:
    """`entered` counts the times somebody was sent in, so that each address of it is asked once."""

    parties: tuple[Party, ...] = ()
    entered: int = 0

    def party(self, staff_id: int) -> Party | None:
        return next((one for one in self.parties if one.staff_id == staff_id), None)

    def with_party(self, party: Party) -> "TalkRoom":
        others = tuple(one for one in self.parties if one.staff_id != party.staff_id)
        return replace(self, parties=(*others, party))

    def without(self, staff_id: int) -> "TalkRoom":
        return replace(self, parties=tuple(one for one in self.parties if one.staff_id != staff_id))


def room_name(call_id: int) -> str:
    """As the provider calls it."""
    return f"{_PREFIX}{call_id}"


def number_of_room(name: str) -> int | None:
    """The call it belongs to; None for a name that is none of ours."""
    return typed_number(name.removeprefix(_PREFIX))


def call_of_room(session: Session, name: str, *, account: str) -> Call | None:
    """The call whose room it is; None for a name that is none of ours."""
    return session.scalars(select(Call).where(Call.id == number_of_room(name), Call.account == account)).one_or_none()


def room_of(detail: Mapping[str, Any]) -> TalkRoom | None:
    kept = detail.get(_KEPT)
    if not isinstance(kept, dict):
        return None
    parties = (
        Party(int(one["staff_id"]), str(one["name"]), TalkPart(one["part"]), PresenceState(one["was"]), str(one["leg"]))
        for one in kept["parties"]
    )
    return TalkRoom(tuple(parties), int(kept["entered"]))


def parties_in(detail: Mapping[str, Any]) -> tuple[Party, ...]:
    """Whoever is in the talk beside caller and agent."""
    room = room_of(detail)
    return room.parties if room is not None else ()


def keep_room(call: Call, room: TalkRoom | None) -> None:
    rest = {name: kept for name, kept in call.detail.items() if name != _KEPT}
    call.detail = rest if room is None else {**rest, _KEPT: asdict(room)}


def agents_leg(session: Session, call: Call) -> str:
    """The leg by which the agent talks; empty while there is none."""
    found = session.scalars(
        select(CallLeg.call_sid)
        .where(CallLeg.call_id == call.id, CallLeg.staff_id == call.agent_id, CallLeg.ended_at.is_(None))
        .order_by(CallLeg.id.desc())
        .limit(1)
    ).first()
    return found or ""


def open_room(session: Session, call: Call) -> str:
    """The room in which this caller talks now; empty where caller and agent are simply bridged."""
    if room_of(call.detail) is None or call.agent_id is None or not agents_leg(session, call):
        return ""
    return room_name(call.id)


def close_room(session: Session, call: Call, *, now: datetime) -> list[str]:
    """Nobody is in it any more; the legs that have to be ended."""
    room = room_of(call.detail)
    if room is None:
        return []
    keep_room(call, None)
    legs = [party.leg for party in room.parties if party.leg]
    if legs:
        call.detail = {**call.detail, _LEFT: [*call.detail.get(_LEFT, ()), *legs]}
    session.flush()
    for party in room.parties:
        let_party_go(session, party.staff_id, call_id=call.id, to=party.was, now=now)
    return legs


def left_in_rooms(session: Session, *, most: int, now: datetime) -> list[tuple[int, str, list[str]]]:
    """Call, account and the legs that are to be ended."""
    is_near = or_(Call.ended_at.is_(None), Call.ended_at > now - LEFT_FOR)
    found = select(Call.id, Call.account, Call.detail[_LEFT]).where(is_near, Call.detail.has_key(_LEFT))
    return [(row[0], row[1], list(row[2])) for row in session.execute(found.order_by(Call.id).limit(most))]


def forget_left(call: Call, legs: Sequence[str]) -> None:
    """They are ended. The call is locked."""
    still = [leg for leg in call.detail.get(_LEFT, ()) if leg not in legs]
    rest = {name: kept for name, kept in call.detail.items() if name != _LEFT}
    call.detail = {**rest, _LEFT: still} if still else rest
