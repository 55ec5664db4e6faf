"""What was found of the tables a moment ago: comparing all of them is too dear for everybody who asks, every time."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.storage.schema_state import SchemaFault, SchemaState, schema_fault, schema_state

# A table that was changed by hand is told of within a minute, the rounds of whoever watches us included.
HOLDS_FOR = timedelta(seconds=30)


class KnownSchema:
    """The last finding of one process. Only a good one is kept: what was mended is told at once."""

    def __init__(self) -> None:
        self._fits_since: datetime | None = None
        self._state: SchemaState | None = None

    def fault(self, connection: Connection, *, now: datetime) -> SchemaFault | None:
        """As `schema_fault`; the version is looked at every time, the tables when the finding is old or it moved."""
        state = schema_state(connection)
        if state is self._state and self._holds(now):
            return None
        found = schema_fault(connection)
        self._fits_since, self._state = (now, state) if found is None else (None, None)
        return found

    def _holds(self, now: datetime) -> bool:
        # A clock that was set back makes it old, not young.
        return self._fits_since is not None and timedelta(0) <= now - self._fits_since < HOLDS_FOR
