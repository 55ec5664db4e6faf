"""The console of the people who answer: their work, one ticket, the call bar, callbacks, search."""

from app.web.console.blueprint import blueprint
from app.web.frame.page_group import load_views

load_views(__name__, __path__)

__all__ = ["blueprint"]
