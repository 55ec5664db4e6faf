"""Who keeps tables or rows of ours from being written: a transaction that was forgotten at a terminal, an index build.

Nothing fails loudly then: what needs them waits and is tried again, for hours. How long another role has held a lock
PostgreSQL tells only its administrators, so every scheduler remembers since when it has seen it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.storage.play_progress import ONE_AT_A_TIME

# Our own transactions hold rows as well, and are ended by their limits; of our role only a session that asks nothing
# for a while counts. What reads (a backup), and what tidies beside writers, holds up nobody.
_HELD = text(
    """
    with held as (
        select l.pid, l.virtualtransaction as transaction, c.relname, l.mode in
            ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') as is_whole
        from pg_locks l join pg_class c on c.oid = l.relation
        where l.locktype = 'relation' and l.granted and l.pid <> pg_backend_pid()
            and l.database = (select oid from pg_database where datname = current_database())
            and c.relkind in ('r', 'p') and c.relnamespace = current_schema()::regnamespace
            and l.mode not in ('AccessShareLock', 'ShareUpdateExclusiveLock')
    )
    select h.pid, h.transaction, a.usename as role, bool_or(h.is_whole) as is_whole,
        exists (select from pg_locks p where p.pid = h.pid and p.locktype = 'advisory' and p.granted
                and p.classid = 0 and p.objid = :play) as plays,
        array_agg(distinct h.relname::text order by h.relname::text) as tables
    from held h join pg_stat_activity a on a.pid = h.pid
    where a.usename <> current_user
        or (a.state = 'idle in transaction' and a.state_change < clock_timestamp() - interval '10 s')
    group by h.pid, h.transaction, a.usename
    having bool_or(h.is_whole)
        or exists (select from pg_locks x where x.pid = h.pid and x.locktype = 'transactionid' and x.granted)
    order by h.pid
    """
)
_MOST_NAMED = 5
# Changes of the schema, and whoever mends a row by hand, are done by then.
WHOLE_AFTER_SECONDS = 15.0
ROWS_AFTER_SECONDS = 30.0
# The demonstration is played in one transaction, which writes rows of its own alone until its last moments
# (`tests/app/seeding/test_playing_holds_nothing.py`); one that goes on for so long hangs.
PLAY_AFTER_SECONDS = 600.0


@dataclass
class HeldTables:
    """What one process has seen. `seconds` is a monotonic clock."""

    seconds: Callable[[], float] = time.monotonic
    _since: dict[tuple[str, bool], float] = field(default_factory=dict)

    def look(self, session: Session) -> list[dict[str, Any]]:
        """Those that have lasted too long, each with its process of the database, for the row of a sign of life."""
        now, rows = self.seconds(), session.execute(_HELD, {"play": ONE_AT_A_TIME}).all()
        self._since = {_key(row): self._since.get(_key(row), now) for row in rows}
        return [told for row in rows if (told := _told(row, now - self._since[_key(row)]))]


def _key(row: Row[Any]) -> tuple[str, bool]:
    return row.transaction, row.is_whole


def _told(row: Row[Any], seconds: float) -> dict[str, Any] | None:
    rows_after = PLAY_AFTER_SECONDS if row.plays else ROWS_AFTER_SECONDS
    if seconds < (WHOLE_AFTER_SECONDS if row.is_whole else rows_after):
        return None
    tables: Sequence[str] = row.tables[:_MOST_NAMED]
    return {"pid": row.pid, "role": row.role, "tables": tables, "is_whole": row.is_whole, "seconds": round(seconds)}
