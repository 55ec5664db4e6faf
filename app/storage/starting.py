"""What a process asks of the database before it starts; a database that is away now is waited for later, not judged."""

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.clock import utc_now
from app.settings import Settings
from app.storage.database import (
    UnsafeDatabase,
    make_engine,
    refuse_demonstration,
    refuse_unsafe,
    session_factory,
    transaction,
)
from app.storage.database_faults import passes
from app.storage.schema_state import SchemaFault, schema_differences, schema_fault
from app.storage.secret_keys import settle_key
from tickets.queries.lacks import BLOCKING, Lack, lacking

_SHOWN = 5


class SchemaUnfit(UnsafeDatabase):
    """The tables are not those this build works with: `fault` says how, `differences` what differs."""

    def __init__(self, fault: SchemaFault, differences: tuple[str, ...] = ()) -> None:
        self.fault, self.differences = fault, differences
        super().__init__(f"the schema is {fault}: {self.shown}")

    @property
    def shown(self) -> str:
        return "; ".join(self.differences[:_SHOWN]) + ("; …" if len(self.differences) > _SHOWN else "")


def refuse_unsafe_start(settings: Settings, *, awaits_migration: bool = False) -> tuple[Lack, ...]:
    """Raise UnsafeDatabase with what keeps a process from starting; what keeps contacts out is given back to be told.

    `awaits_migration` for the pages of `up`, which load while the database is being brought up to date.
    """
    engine = make_engine(settings.database_url, pool_size=1, connect_timeout=2, statement_timeout_ms=10_000)
    lacks: tuple[Lack, ...] = ()
    try:
        refuse_unsafe(engine)
        if refuse_unfit_schema(engine, awaits_migration=awaits_migration):
            with transaction(session_factory(engine)) as session:
                settle_key(session, settings, now=utc_now())
                lacks = tuple(lack for lack in lacking(session, now=utc_now()) if lack in BLOCKING)
        if settings.production:
            refuse_demonstration(engine)
    except DBAPIError as trouble:
        # While it is brought up to date, tables are there for a moment before our role may read them.
        if not passes(trouble) and not awaits_migration:
            raise
    finally:
        # Nothing of it may live on in the workers that are forked from here.
        engine.dispose()
    return lacks


def refuse_unfit_schema(engine: Engine, *, awaits_migration: bool = False) -> bool:
    """Raise SchemaUnfit; whether there are tables to work with, which pages of `up` may still wait for."""
    with engine.connect() as connection:
        fault = schema_fault(connection)
        if fault is None:
            return True
        if awaits_migration and fault in (SchemaFault.EMPTY, SchemaFault.OLDER, SchemaFault.UNREADABLE):
            return False
        named = fault in (SchemaFault.NEWER, SchemaFault.DIFFERENT)
        raise SchemaUnfit(fault, schema_differences(connection) if named else ())
