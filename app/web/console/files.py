"""Pictures and recordings, through the rights of the ticket or call they belong to."""

from uuid import UUID

from flask import g
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.web.console.blueprint import READING, blueprint
from app.web.frame.access import signed_in
from app.web.pieces.attached_files import attached_file, kept_sound
from tickets.audit import entries
from tickets.errors import NotFound
from tickets.people.roles import WORKING_ROLES, visible_tickets
from tickets.schema import Attachment, Call, Recording, Ticket
from tickets.states import RecordingKind, RecordingState, Role


@blueprint.get("/console/files/<uuid:public_id>")
@signed_in(*READING)
def attachment(public_id: UUID) -> ResponseReturnValue:
    """A file of a ticket this person may see; of any other it does not exist."""
    found = g.session.scalars(
        select(Attachment)
        .join(Ticket, Ticket.id == Attachment.ticket_id)
        .where(Attachment.public_id == public_id, visible_tickets(g.viewer))
    ).one_or_none()
    if found is None:
        raise NotFound("file", public_id)
    return attached_file(found)


@blueprint.get("/console/recordings/<int:recording_id>")
@signed_in(*WORKING_ROLES)
def recording(recording_id: int) -> ResponseReturnValue:
    """A recording by the table of rights: agents hear voicemails and their own calls, others are audited."""
    row = g.session.execute(
        select(Recording, Call.agent_id)
        .outerjoin(Call, Call.id == Recording.call_id)
        .outerjoin(Ticket, Ticket.id == Recording.ticket_id)
        .where(Recording.id == recording_id, visible_tickets(g.viewer))
    ).one_or_none()
    if row is None or row.Recording.state is not RecordingState.FETCHED or not row.Recording.storage_key:
        raise NotFound("recording", recording_id)
    found: Recording = row.Recording
    _require_hearing(found, agent_id=row.agent_id)
    return kept_sound(found)


def _require_hearing(found: Recording, *, agent_id: int | None) -> None:
    is_own = agent_id == g.viewer.staff_id
    # A voicemail is a message to the unit; what two people said is heard by one of them or by who is answerable.
    if is_own or found.kind is not RecordingKind.CONVERSATION:
        return
    if not g.viewer.holds(Role.SUPERVISOR, Role.CITY_OFFICE):
        raise NotFound("recording", found.id)
    entries.record(
        g.session,
        actor=g.actor,
        action="recording.played",
        subject_kind="recording",
        subject_id=found.id,
        ticket_id=found.ticket_id,
        now=g.now,
    )
