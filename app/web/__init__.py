"""HTTP lives here, meaning in the rooms: one module per page group, each with its blueprint, listed once."""

from flask import Blueprint

from app.web import health, preferences, sign_in, webhooks

BLUEPRINTS: list[Blueprint] = [
    health.blueprint,
    preferences.blueprint,
    sign_in.blueprint,
    webhooks.blueprint,
]

# Blueprints of providers: shorter database limits, no CSRF, never rate limited.
WEBHOOK_BLUEPRINTS = frozenset({"webhooks"})
