"""The leader's pages: what has reached me, my answer to it, and the ledger of all levels raised."""

from app.web.frame.page_group import load_views
from app.web.leadership.blueprint import blueprint

load_views(__name__, __path__)

__all__ = ["blueprint"]
