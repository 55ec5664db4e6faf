"""The leader's pages: what has reached me, my answer to it, and the ledger of all levels raised."""

from app.web.leadership import answering, ledger, reached
from app.web.leadership.blueprint import blueprint

__all__ = ["answering", "blueprint", "ledger", "reached"]
