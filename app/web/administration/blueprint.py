"""The one blueprint of administration, the roles that open it, and the row of its pages."""

from flask import Blueprint, g, request
from flask_babel import gettext as _

from tickets.states import Role

blueprint = Blueprint("administration", __name__)

ADMINISTERING = (Role.ADMINISTRATOR,)
AUDITING = (Role.ADMINISTRATOR, Role.AUDITOR)


@blueprint.context_processor
def sections() -> dict[str, object]:
    """The pages this person may open, for the row of links above each of them."""
    if g.get("viewer") is None or not g.viewer.holds(*ADMINISTERING):
        return {"sections": []}
    pages = (
        ("/administration", _("Overview")),
        ("/administration/people", _("People and roles")),
        ("/administration/messages", _("Messages")),
        ("/administration/webhooks", _("Webhooks")),
        ("/administration/promises", _("Promises")),
        ("/administration/directory", _("Units and lines")),
        ("/administration/tokens", _("API tokens")),
        ("/administration/audit", _("Audit trail")),
    )
    open_now = [url for url, _name in pages if request.path == url or request.path.startswith(url + "/")]
    here = max(open_now, key=len, default="")
    return {"sections": [{"url": url, "label": name, "active": url == here} for url, name in pages]}
