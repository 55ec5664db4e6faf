"""The embedded PostgreSQL and Valkey: found in their wheels, started without privileges, stopped with us."""

from app.engines.start import Engines, running_engines, start_engines
from app.engines.trouble import EngineTrouble

__all__ = ["EngineTrouble", "Engines", "running_engines", "start_engines"]
