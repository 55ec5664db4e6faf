"""The one blueprint of the City Office's desk, who decides there and who looks on."""

from flask import Blueprint

from tickets.states import Role

blueprint = Blueprint("office", __name__)

# Whoever collects, checks and publishes the directory.
RELEASING = (Role.CITY_OFFICE,)
LOOKING_ON = (*RELEASING, Role.ADMINISTRATOR)
