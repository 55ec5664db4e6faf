"""Who is doing something: the argument that every change carries for its timeline entry and its audit row."""

from dataclasses import dataclass

from tickets.states import ActorKind


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts; `request_id` ties the audit row to the log lines of the request."""

    kind: ActorKind
    staff_id: int | None = None
    request_id: str = ""


SYSTEM = Actor(ActorKind.SYSTEM)


def staff_actor(staff_id: int, request_id: str = "") -> Actor:
    return Actor(ActorKind.STAFF, staff_id, request_id)


def citizen_actor(request_id: str = "") -> Actor:
    return Actor(ActorKind.CITIZEN, None, request_id)
