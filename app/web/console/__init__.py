"""The console of the people who answer: their work, one ticket, the call bar, callbacks, search."""

from app.web.console import (
    answers,
    call_bar,
    callbacks,
    calls,
    endings,
    facts,
    files,
    moves,
    new_ticket,
    searching,
    ticket_page,
    work,
)
from app.web.console.blueprint import blueprint

__all__ = [
    "answers",
    "blueprint",
    "call_bar",
    "callbacks",
    "calls",
    "endings",
    "facts",
    "files",
    "moves",
    "new_ticket",
    "searching",
    "ticket_page",
    "work",
]
