"""The supervisor's pages: the shift as it stands now, what is at risk, and the dashboard of everything that climbs."""

from app.web.frame.page_group import load_views
from app.web.supervisor.blueprint import blueprint

load_views(__name__, __path__)

__all__ = ["blueprint"]
