"""Escalation: firing what promises have planned, telling the right person, and keeping proof of it."""
