"""The blueprints of the web process, each listed once: a page group that is not here does not exist."""

from flask import Blueprint

from app.web import (
    acknowledge_link,
    administration,
    api,
    console,
    health,
    leadership,
    metrics,
    preferences,
    public,
    sign_in,
    simulated_carrier,
    supervisor,
    webhooks,
)

BLUEPRINTS: list[Blueprint] = [
    health.blueprint,
    preferences.blueprint,
    sign_in.blueprint,
    metrics.blueprint,
    api.blueprint,
    webhooks.blueprint,
    simulated_carrier.blueprint,
    *public.blueprints,
    console.blueprint,
    supervisor.blueprint,
    leadership.blueprint,
    administration.blueprint,
    acknowledge_link.blueprint,
]

# Blueprints of providers: shorter database limits, no CSRF, never rate limited.
WEBHOOK_BLUEPRINTS = frozenset({"webhooks"})
