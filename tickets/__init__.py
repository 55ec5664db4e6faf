"""Tickets: what citizens asked for or reported, whose it is, and what was promised."""
