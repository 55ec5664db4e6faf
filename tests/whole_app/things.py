"""What an address can name: the same things of one's own unit, of another's, restricted ones, and missing ones."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.settings import Settings
from app.web.frame.access import Access, declared
from app.web.frame.application import HotlineApp
from tests import factories
from tests.app.web.public.public_forms import photograph
from tickets.people.pins import pin_of
from tickets.people.references import reference_of
from tickets.schema import (
    Attachment,
    Call,
    CallbackRequest,
    Contact,
    NoiseContact,
    Offer,
    OutboundMessage,
    PlannedStep,
    Recording,
    RoleAssignment,
    Ticket,
    Unit,
)
from tickets.states import CallbackReason, CallbackState, CallState, Channel, RecordingKind, RecordingState, Role

OWN, FOREIGN = "26740", "26824"
# Arguments that name something of a ticket or a call: rights decide whether it exists for somebody.
OF_A_TICKET = (
    "reference",
    "step_id",
    "callback_id",
    "call_id",
    "offer_id",
    "recording_id",
    "public_id",
    "contact_id",
)
# Arguments that name something else: secrets, words of ours, and what administrators see of the whole city.
OTHERS: Mapping[str, Any] = {
    "token": "no-such-token", "form": "reply", "code": OWN, "account": "sim", "kind": "voice", "account_sid": "AC0",
    "sid": "CA0", "media_sid": "ME0", "recording": "current", "filename": "none.css",
    "message_id": 1, "staff_id": 1, "assignment_id": 1, "token_id": 1,
    "method_id": 1, "calendar_id": 1, "rule_id": 0, "application_id": 1, "window_id": 1, "incident_id": 1,
    "shift_id": 1, "rotation_id": 1, "absence_id": 1, "swap_id": 1, "feed_id": 1, "number": 1,
    "post_id": 1, "holding_id": 1, "responsibility_id": 1, "import_id": 1, "row_id": 0,
    "unit_id": 1, "line_id": 1, "guidance_id": 1, "problem_id": 1,
    "locale": "vi", "piece": "greeting", "version_id": 1, "sound": "greeting.wav",
}  # fmt: skip
NOBODYS = 4_000_000_000_000


@dataclass(frozen=True)
class Things:
    """A ticket and everything that belongs to it, by the name of the argument that stands for it."""

    ticket: Ticket
    named: Mapping[str, Any]


def things(
    session: Session, settings: Settings, *, unit: str, now: datetime, is_restricted: bool = False, **facts: Any
) -> Things:
    """A ticket of `unit` with a call that rang at somebody's there, a recording, a picture and a planned level."""
    ticket = factories.ticket(session, now=now, unit_code=unit, **facts)
    ticket.is_restricted = is_restricted
    somebody = factories.staff(session, at=unit, name="Phạm Văn Khác")
    call = Call(
        account="sim", call_sid=f"CA{uuid.uuid4().hex}", ticket_id=ticket.id, citizen_id=ticket.citizen_id,
        phone=ticket.reply_phone, phone_raw=ticket.reply_phone or "", state=CallState.TALKING, state_since=now,
        state_until=now + timedelta(hours=1), arrived_at=now, unit_id=ticket.unit_id, agent_id=somebody.id,
    )  # fmt: skip
    ringing = Call(
        account="sim", call_sid=f"CA{uuid.uuid4().hex}", ticket_id=ticket.id, phone=ticket.reply_phone,
        state=CallState.OFFERED, state_since=now, state_until=now + timedelta(hours=1), arrived_at=now, queued_at=now,
        unit_id=ticket.unit_id,
    )  # fmt: skip
    session.add_all([call, ringing])
    session.flush()
    offered_to = factories.staff(session, at=unit, name="Lê Thị Khác")
    media = settings.media_folder
    media.mkdir(parents=True, exist_ok=True)
    key = f"{uuid.uuid4().hex}.jpg"
    (media / key).write_bytes(photograph())
    offer = Offer(call_id=ringing.id, staff_id=offered_to.id, offered_at=now, expires_at=now + timedelta(seconds=20))
    recording = Recording(
        account="sim", recording_sid=f"RE{uuid.uuid4().hex}", call_id=call.id, ticket_id=ticket.id,
        kind=RecordingKind.VOICEMAIL, state=RecordingState.FETCHED, storage_key=key, created_at=now, fetched_at=now,
    )  # fmt: skip
    callback = CallbackRequest(
        once_key=uuid.uuid4().hex, call_id=call.id, ticket_id=ticket.id, unit_id=ticket.unit_id,
        # One callback of a number waits at a time.
        phone=f"+84987{ticket.id:06d}", reason=next(iter(CallbackReason)), state=CallbackState.OPEN, order_at=now,
        created_at=now,
    )  # fmt: skip
    picture = Attachment(
        public_id=uuid.uuid4(), ticket_id=ticket.id, file_name="anh.jpg", media_type="image/jpeg", size_bytes=1,
        sha256="0" * 64, storage_key=key, created_at=now,
    )  # fmt: skip
    contact = Contact(channel=Channel.SMS, source_key=uuid.uuid4().hex, arrived_at=now)
    session.add_all([offer, recording, callback, picture, contact])
    session.flush()
    if not is_restricted:
        # Whoever sees the unit sees what told it nothing.
        noise = NoiseContact(
            contact_id=contact.id, unit_id=ticket.unit_id, said="alo", kind="greeting", words="alo", rules_version="",
            name="", email="", locale="vi", at=now,
        )  # fmt: skip
        session.add(noise)
        session.flush()
    step_id = session.scalars(select(PlannedStep.id).where(PlannedStep.ticket_id == ticket.id)).first()
    assert step_id is not None
    named = {
        "reference": ticket.reference, "step_id": step_id, "callback_id": callback.id, "call_id": call.id,
        "offer_id": offer.id, "recording_id": recording.id, "public_id": picture.public_id,
        # Nothing that tells of nothing is restricted.
        "contact_id": NOBODYS if is_restricted else contact.id,
    }  # fmt: skip
    return Things(ticket, named)


def nothing(now: datetime) -> Mapping[str, Any]:
    """A reference that could be one, numbers nobody has."""
    return {
        **{name: NOBODYS for name in OF_A_TICKET},
        "reference": reference_of(9_999_998, year=now.year % 100, keys=factories.KEYS),
        "public_id": uuid.uuid4(),
    }


def administered(session: Session, *, now: datetime) -> Mapping[str, Any]:
    """What administrators' addresses name."""
    held = session.scalars(select(RoleAssignment)).first() or factories.give_role(
        session, factories.staff(session), role=Role.AGENT, at=OWN
    )
    letter = session.scalars(select(OutboundMessage.id)).first()
    return {**OTHERS, "staff_id": held.staff_id, "assignment_id": held.id, "message_id": letter or 1}


@dataclass(frozen=True)
class Way:
    """One endpoint by one method."""

    rule: Rule
    method: str
    access: Access

    @property
    def arguments(self) -> frozenset[str]:
        return frozenset(self.rule.arguments)

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


def ways(app: HotlineApp, *kinds: str) -> Iterator[Way]:
    """Every endpoint and method of these kinds of access, or of all; static files aside."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        access = declared(app.view_functions[rule.endpoint])
        if access is None or (kinds and access.kind not in kinds):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Way(rule, method, access)


def address(app: HotlineApp, way: Way, values: Mapping[str, Any]) -> str:
    with app.test_request_context(base_url="http://127.0.0.1:8000"):
        given = {name: values[name] for name in way.rule.arguments}
        return url_for(way.rule.endpoint, **given)


def follow(client: FlaskClient, ticket: Ticket, token: str) -> None:
    """Let a browser follow a ticket as its citizen does, by reference and PIN."""
    pin = pin_of(factories.KEYS, ticket.pin_salt, ticket.reference)
    answer = client.post("/track", data={"reference": ticket.reference, "pin": pin, "csrf_token": token})
    assert answer.status_code == 303, answer.status_code


def unit_at(session: Session, code: str) -> Unit:
    return factories.unit(session, code)
