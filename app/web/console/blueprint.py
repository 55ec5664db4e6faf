"""The one blueprint of the console, and the roles that open it."""

from flask import Blueprint

from telephony.floor.floor import ANSWERING_ROLES
from tickets.people.roles import SEEING

blueprint = Blueprint("console", __name__)

# Leaders look; who works on a ticket is decided ticket by ticket (tickets/people/roles.py).
READING = SEEING
# Whoever answers calls; `telephony/floor` offers calls to nobody else.
ANSWERING = ANSWERING_ROLES
