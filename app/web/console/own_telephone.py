"""By which telephone I talk, chosen on a page of my own."""

from flask import g, redirect
from flask.typing import ResponseReturnValue

from app.web.console.blueprint import ANSWERING, blueprint
from app.web.frame.access import signed_in
from app.web.pieces.telephone_choice import choice_page, keep_choice
from tickets.directory.people import person

_HERE = "/my/telephone"


@blueprint.get(_HERE)
@signed_in(*ANSWERING)
def own_telephone() -> ResponseReturnValue:
    return choice_page(person(g.session, g.viewer.staff_id))


@blueprint.post(_HERE)
@signed_in(*ANSWERING)
def choose_own_telephone() -> ResponseReturnValue:
    return keep_choice(person(g.session, g.viewer.staff_id)) or redirect(_HERE, code=303)
