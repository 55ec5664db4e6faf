"""The embedded PostgreSQL and Valkey: found in their wheels, started without privileges, stopped with us."""

from app.engines.start import Engines, start_engines
from app.engines.trouble import EngineTrouble

__all__ = ["EngineTrouble", "Engines", "start_engines"]
