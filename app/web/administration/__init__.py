"""The administrator's pages: health, people, messages, webhooks, promises, directory, tokens, audit trail."""

from app.web.administration.blueprint import blueprint
from app.web.frame.page_group import load_views

load_views(__name__, __path__)

__all__ = ["blueprint"]
