"""The blueprints of the web process, each listed once: a page group that is not here does not exist."""

from flask import Blueprint

from app.web import administration, api, console, leadership, office, public, rota, supervisor
from app.web.leadership import acknowledge_link
from app.web.monitoring import client_faults, health, metrics
from app.web.provider_events import recorded_sounds, simulated_carrier, webhooks
from app.web.sign_in import contact_methods, notices, own_drafts, preferences
from app.web.sign_in import pages as sign_in

BLUEPRINTS: list[Blueprint] = [
    health.blueprint,
    preferences.blueprint,
    contact_methods.blueprint,
    notices.blueprint,
    own_drafts.blueprint,
    sign_in.blueprint,
    metrics.blueprint,
    client_faults.blueprint,
    api.blueprint,
    webhooks.blueprint,
    recorded_sounds.blueprint,
    simulated_carrier.blueprint,
    *public.blueprints,
    console.blueprint,
    supervisor.blueprint,
    office.blueprint,
    rota.blueprint,
    leadership.blueprint,
    administration.blueprint,
    acknowledge_link.blueprint,
]
