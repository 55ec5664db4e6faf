"""The one blueprint of administration, the roles that open it, and the row of its pages."""

from flask import Blueprint, g, request

from app.web.frame.menu import menu
from tickets.states import Role

blueprint = Blueprint("administration", __name__)

ADMINISTERING = (Role.ADMINISTRATOR,)
# What units lack, and what is entered of them.
SEEING_UNITS = (*ADMINISTERING, Role.CITY_OFFICE)
# Who steers or leads looks at the rules they work under; administrators change them.
LOOKING = (*ADMINISTERING, Role.SUPERVISOR, Role.CITY_OFFICE, Role.LEADER)
# Who steers may write down how levels should climb; it holds once an administrator has published it.
DRAFTING_CHAINS = (*ADMINISTERING, Role.SUPERVISOR, Role.CITY_OFFICE)
AUDITING = (Role.ADMINISTRATOR, Role.AUDITOR)
# Whoever judges whether the promises were kept reads what was promised, whom it told, and who changed it.
LOOKING_AT_RULES = (*LOOKING, Role.AUDITOR)
ROWS_OF_A_PAGE = 50
# Under which page a draft of each kind stands.
_PAGE_OF_DRAFTS = {"chain": "chains", "policy": "promises", "calendar": "calendars", "days": "days-off"}


@blueprint.context_processor
def sections() -> dict[str, object]:
    """The pages this person may open, for the row of links above each of them; a single one needs no row."""
    viewer = g.get("viewer")
    drafts = _PAGE_OF_DRAFTS.get((request.view_args or {}).get("kind", ""))
    here = f"/administration/{drafts}" if drafts else request.path
    pages = menu(viewer, here, under="administration") if viewer else []
    return {"sections": pages if len(pages) > 1 else []}
