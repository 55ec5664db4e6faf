"""The one blueprint of the console, and the roles that open it."""

from flask import Blueprint

from tickets.people.roles import SEEING
from tickets.states import Role

blueprint = Blueprint("console", __name__)

# Leaders look; who works on a ticket is decided ticket by ticket (tickets/people/roles.py).
READING = SEEING
ANSWERING = (Role.AGENT, Role.SUPERVISOR)
