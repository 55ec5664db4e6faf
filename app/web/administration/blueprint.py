"""The one blueprint of administration, the roles that open it, and the row of its pages."""

from flask import Blueprint, g, request

from app.web.frame.menu import menu
from tickets.states import Role

blueprint = Blueprint("administration", __name__)

ADMINISTERING = (Role.ADMINISTRATOR,)
# Who steers or leads looks at the rules they work under; administrators change them.
LOOKING = (*ADMINISTERING, Role.SUPERVISOR, Role.CITY_OFFICE, Role.LEADER)
AUDITING = (Role.ADMINISTRATOR, Role.AUDITOR)
ROWS_OF_A_PAGE = 50


@blueprint.context_processor
def sections() -> dict[str, object]:
    """The pages this person may open, for the row of links above each of them; a single one needs no row."""
    viewer = g.get("viewer")
    pages = menu(viewer, request.path, under="administration") if viewer else []
    return {"sections": pages if len(pages) > 1 else []}
