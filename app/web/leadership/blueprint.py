"""The one blueprint of the leader's pages, and the roles that open them."""

from flask import Blueprint

from tickets.states import Role

blueprint = Blueprint("leadership", __name__)

# Levels one and two reach section heads and heads of units, who hold other roles than a leader of the city.
TOLD = (Role.LEADER, Role.CITY_OFFICE, Role.SUPERVISOR, Role.AGENT)
READING_THE_LEDGER = (Role.LEADER, Role.CITY_OFFICE, Role.SUPERVISOR, Role.AUDITOR)
