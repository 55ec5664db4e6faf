"""What a first start writes into an empty database: reference data always, the demonstration if asked."""

from app.seeding.prepare import load_people, load_reference, needs_playing, prepare

__all__ = ["load_people", "load_reference", "needs_playing", "prepare"]
