"""The menu of a signed-in person: the pages their roles open, in the order of a working day."""

from dataclasses import dataclass

from flask_babel import gettext as _

from tickets.people.roles import Viewer
from tickets.states import Role


@dataclass(frozen=True, slots=True)
class Entry:
    url: str
    label: str
    icon: str
    active: bool
    count: int | None = None
    hotkey: str = ""


def home_of(viewer: Viewer) -> str:
    """Where a person lands after signing in: what they are here for first."""
    for role, url in (
        (Role.LEADER, "/leadership"),
        (Role.SUPERVISOR, "/supervisor"),
        (Role.CITY_OFFICE, "/console"),
        (Role.AGENT, "/console"),
        (Role.ADMINISTRATOR, "/administration"),
        (Role.AUDITOR, "/administration/audit"),
    ):
        if viewer.holds(role):
            return url
    return "/"


def navigation(viewer: Viewer, path: str) -> list[Entry]:
    wanted = (
        ("/console", _("Work"), "inbox", "g c", (Role.AGENT, Role.SUPERVISOR, Role.CITY_OFFICE, Role.LEADER)),
        ("/supervisor", _("Shift"), "people", "g s", (Role.SUPERVISOR, Role.CITY_OFFICE)),
        ("/supervisor/escalations", _("Escalations"), "stairs", "g e", (Role.SUPERVISOR, Role.CITY_OFFICE)),
        ("/leadership", _("Reached me"), "bell", "g l", (Role.LEADER, Role.CITY_OFFICE, Role.SUPERVISOR)),
        ("/administration", _("Administration"), "settings", "g a", (Role.ADMINISTRATOR,)),
        ("/administration/audit", _("Audit trail"), "lock", "", (Role.ADMINISTRATOR, Role.AUDITOR)),
    )
    open_to = [(url, label, icon, key) for url, label, icon, key, roles in wanted if viewer.holds(*roles)]
    matching = [url for url, *_rest in open_to if path == url or path.startswith(url + "/")]
    here = max(matching, key=len, default="")
    return [Entry(url, label, icon, url == here, hotkey=key) for url, label, icon, key in open_to]
