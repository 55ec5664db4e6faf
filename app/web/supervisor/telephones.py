"""By which telephone an agent of one's units talks: seen and set for who cannot do it alone."""

from flask import g, redirect
from flask.typing import ResponseReturnValue

from app.web.frame.access import signed_in
from app.web.pieces.telephone_choice import choice_page, keep_choice
from app.web.supervisor.blueprint import STEERING, blueprint, supervised_units
from telephony.floor.floor import ANSWERING_ROLES
from tickets.directory.people import person
from tickets.directory.staff import roles_of
from tickets.errors import NotFound
from tickets.schema import Staff
from tickets.states import Role

HELPING = (*STEERING, Role.ADMINISTRATOR)


@blueprint.get("/supervisor/telephones/<int:staff_id>")
@signed_in(*HELPING)
def telephone(staff_id: int) -> ResponseReturnValue:
    return choice_page(_agent(staff_id))


@blueprint.post("/supervisor/telephones/<int:staff_id>")
@signed_in(*HELPING)
def choose_telephone(staff_id: int) -> ResponseReturnValue:
    return keep_choice(_agent(staff_id)) or redirect(f"/supervisor/telephones/{staff_id}", code=303)


def _agent(staff_id: int) -> Staff:
    """Somebody who answers calls at a unit of mine; for administrators at any."""
    found = person(g.session, staff_id)
    units = None if g.viewer.holds(Role.ADMINISTRATOR) else supervised_units(g.viewer)
    for held in roles_of(g.session, [staff_id]):
        is_now = held.valid_from <= g.now and (held.valid_to is None or held.valid_to > g.now)
        if held.role in ANSWERING_ROLES and is_now and (units is None or held.unit_id in units):
            return found
    raise NotFound("staff", staff_id)
