"""The supervisor's pages: the shift as it stands now, what is at risk, and the dashboard of everything that climbs."""

from app.web.supervisor import escalations, reassigning, shift, stairs
from app.web.supervisor.blueprint import blueprint

__all__ = ["blueprint", "escalations", "reassigning", "shift", "stairs"]
