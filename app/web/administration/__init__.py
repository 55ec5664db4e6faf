"""The administrator's pages: health, people, messages, webhooks, promises, directory, tokens, audit trail."""

from app.web.administration import (
    audit_pages,
    directory,
    letters,
    overview,
    people,
    person,
    promises,
    tokens,
    webhook_log,
)
from app.web.administration.blueprint import blueprint

__all__ = [
    "audit_pages",
    "blueprint",
    "directory",
    "letters",
    "overview",
    "people",
    "person",
    "promises",
    "tokens",
    "webhook_log",
]
