"""The JSON API of `/api/v1`: one module per resource, all on one blueprint."""

from app.web.api import directory, document, escalations, figures, ticket_talk, tickets
from app.web.api.blueprint import blueprint

__all__ = ["blueprint", "directory", "document", "escalations", "figures", "ticket_talk", "tickets"]
