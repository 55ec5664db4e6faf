"""The JSON API of `/api/v1`: one module per resource, all on one blueprint."""

from app.web.api.blueprint import blueprint
from app.web.frame.page_group import load_views

load_views(__name__, __path__)

__all__ = ["blueprint"]
