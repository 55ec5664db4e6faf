"""What a first start writes into an empty database: reference data always, the demonstration if asked."""

from app.seeding.prepare import load_reference, prepare

__all__ = ["load_reference", "prepare"]
