"""The directory as files: what operators bring in and take out, judged row by row, each kind in a module of its own."""

from tickets.directory.exchange.outcome import ImportOutcome

__all__ = ["ImportOutcome"]
