"""What a ticket is about: priority, category, dossier and procedure, its number in other systems, its files."""

from flask import flash, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import blueprint
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from app.web.frame.limits import takes_pictures
from app.web.pieces.moments import read_day
from app.web.pieces.pictures import kept_files, take_pictures
from tickets import timeline
from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.people.roles import WORKING_ROLES
from tickets.schema import Ticket
from tickets.states import Priority, TimelineKind
from tickets.work import assignment, attachments, dossier


@blueprint.post("/console/tickets/<reference>/priority")
@signed_in(*WORKING_ROLES)
def priority(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        chosen, reason = request.form.get("priority", ""), request.form.get("reason", "")
        if chosen not in set(Priority):
            raise InvalidInput("priority", "required")
        assignment.change_priority(
            g.session, ticket.id, priority=Priority(chosen), reason=reason, actor=g.actor, now=g.now
        )

    return act(reference, "priority", do)


@blueprint.post("/console/tickets/<reference>/category")
@signed_in(*WORKING_ROLES)
def category(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        code = request.form.get("category", "")
        assignment.change_category(g.session, ticket.id, category_code=code, actor=g.actor, now=g.now)

    return act(reference, "category", do)


@blueprint.post("/console/tickets/<reference>/dossier")
@signed_in(*WORKING_ROLES)
def change_dossier(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        dossier.change_dossier(
            g.session,
            ticket.id,
            number=request.form.get("dossier_number", ""),
            due_on=read_day(request.form.get("dossier_due_on", ""), field="dossier_due_on"),
            procedure_code=request.form.get("procedure", ""),
            actor=g.actor,
            now=g.now,
        )

    return act(reference, "dossier", do)


@blueprint.post("/console/tickets/<reference>/elsewhere")
@signed_in(*WORKING_ROLES)
def elsewhere(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        system, code = request.form.get("system", ""), request.form.get("code", "")
        dossier.add_external(g.session, ticket.id, system=system, code=code, actor=g.actor, now=g.now)

    return act(reference, "elsewhere", do)


@blueprint.post("/console/tickets/<reference>/pictures")
@signed_in(*WORKING_ROLES)
@takes_pictures
def pictures(reference: str) -> ResponseReturnValue:
    """Pictures an agent adds, drawn anew like everybody's."""
    given = [file for file in request.files.getlist("pictures") if file.filename]
    # A browser forgets chosen files when a form comes back: the good ones are kept, and the others named.
    pictures, left_out = take_pictures(given, ())

    def do(ticket: Ticket) -> None:
        if not given:
            raise InvalidInput("pictures", "required")
        if left_out:
            flash(left_out, "warning")
        if not pictures:
            raise InvalidInput("pictures", "not_a_picture")
        files = kept_files(pictures)
        attachments.add(g.session, ticket.id, files, staff_id=g.viewer.staff_id, now=g.now)
        words = ", ".join(file.file_name for file in files)
        timeline.add(g.session, ticket.id, TimelineKind.ATTACHED, actor=g.actor, is_public=False, body=words, now=g.now)
        entries.record(
            g.session,
            actor=g.actor,
            action="ticket.pictures_added",
            subject_kind="ticket",
            subject_id=ticket.id,
            ticket_id=ticket.id,
            params={"count": len(files)},
            now=g.now,
        )

    return act(reference, "pictures", do, done=_("The pictures were added."))
