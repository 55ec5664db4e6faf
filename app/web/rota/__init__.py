"""Who is on duty: the month of a unit, turns planned by hand."""

from app.web.frame.page_group import load_views
from app.web.rota.blueprint import blueprint

load_views(__name__, __path__)

__all__ = ["blueprint"]
