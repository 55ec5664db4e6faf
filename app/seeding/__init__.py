"""What a first start writes into an empty database: reference data always, the demonstration if asked."""

from app.seeding.prepare import prepare

__all__ = ["prepare"]
