"""The hourly trial: a made-up ticket through the real way to a test recipient, and what came of it (R26)."""
