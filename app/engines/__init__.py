"""The embedded PostgreSQL and Valkey: found in their wheels, started without privileges, stopped and revived with us."""

from app.engines.start import Engines, EngineTrouble, start_engines

__all__ = ["EngineTrouble", "Engines", "start_engines"]
