"""The City Office's desk: who has published what, what waits for release, and what is late."""

from app.web.frame.page_group import load_views
from app.web.office.blueprint import blueprint

load_views(__name__, __path__)

__all__ = ["blueprint"]
