"""Units, procedures and lines as CSV: what operators bring in and take out, judged row by row."""

from tickets.directory.exchange.rows import Outcome, RowError, Rows

__all__ = ["Outcome", "RowError", "Rows"]
