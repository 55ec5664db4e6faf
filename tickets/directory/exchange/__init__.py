"""Units, procedures and lines as CSV: what operators bring in and take out, judged row by row."""

from tickets.directory.exchange.rows import ImportOutcome, Rows

__all__ = ["ImportOutcome", "Rows"]
