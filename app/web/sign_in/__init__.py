"""Signing in and out, enrolment, and what a person sets for herself."""
