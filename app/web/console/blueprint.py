"""The one blueprint of the console, and the roles that open it."""

from flask import Blueprint

from tickets.states import Role

blueprint = Blueprint("console", __name__)

# Leaders look; who works on a ticket is decided ticket by ticket (tickets/roles.py).
READING = (Role.AGENT, Role.SUPERVISOR, Role.CITY_OFFICE, Role.LEADER)
WORKING = (Role.AGENT, Role.SUPERVISOR, Role.CITY_OFFICE)
ANSWERING = (Role.AGENT, Role.SUPERVISOR)
