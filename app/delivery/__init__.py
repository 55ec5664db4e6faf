"""Delivering the outbox: claim, render, send with no transaction open, record."""
