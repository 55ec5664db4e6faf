"""What `doctor` says of a database's contents: its tables, and every kind of row that must not be empty."""

from collections.abc import Iterator
from typing import assert_never

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.cli.finding import Finding
from app.clock import utc_now
from app.settings import Settings
from app.storage.database import make_engine
from app.storage.schema_state import SchemaFault, SchemaState, schema_differences, schema_fault, schema_state
from app.storage.secret_keys import KeyState, key_state
from tickets.keys import fingerprint_of
from tickets.queries.lacks import BLOCKING, Lack, lacking

_MIGRATE = "./hotline migrate loads the shipped one"
# What follows from the lack, and the command that mends it.
_MENDED: dict[Lack, str] = {
    Lack.DIRECTORY: f"no city and no ward is known, so no contact can be taken; {_MIGRATE}",
    Lack.QUEUES: "no body keeps a queue, so no contact can be taken; ./hotline migrate makes them",
    Lack.TRIAGE: "no desk takes what belongs to no unit yet, so no contact can be taken; ./hotline migrate makes it",
    Lack.CITY_LINE: "no number is the city's, so a call is not known as ours; ./hotline import lines FILE",
    Lack.CATEGORIES: "there is none, so nothing is told apart; ./hotline migrate loads the shipped ones",
    Lack.CALENDARS: "there is none, so no promise can be counted; ./hotline migrate loads the shipped ones",
    Lack.PROMISES: "none is in force, so nothing ever falls due; ./hotline import policies FILE, or ./hotline migrate",
    Lack.CHAINS: "there is none, so nothing ever climbs; ./hotline import policies FILE, or ./hotline migrate",
    Lack.ADMINISTRATOR: "nobody can administer; ./hotline user add --email ADDRESS --role administrator --unit 79",
    Lack.AGENTS: "nobody takes calls and tickets; ./hotline user add --email ADDRESS --role agent --unit CODE",
    Lack.HOLDERS: "nobody holds a post, so a level that is raised reaches nobody; enter holders before going live",
    Lack.TRIAL_PHONE: "nobody sees every hour that reports arrive; choose its telephone on /administration/trial",
}


def content_findings(settings: Settings) -> Iterator[Finding]:
    """Schema first: without its tables nothing else can be asked."""
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        yield from _findings(engine, settings)
    finally:
        engine.dispose()


def _findings(engine: Engine, settings: Settings) -> Iterator[Finding]:
    with Session(engine) as session:
        connection = session.connection()
        if fault := schema_fault(connection):
            differences = "; ".join(schema_differences(connection)[:5])
            named = f": {differences}" if fault in (SchemaFault.NEWER, SchemaFault.DIFFERENT) else ""
            yield Finding("schema", "failed", _SCHEMA[fault] + named)
            return
        if schema_state(connection) is SchemaState.UNKNOWN:
            yield Finding("schema", "warning", "is of a newer Hotline; this one works with it until it is renewed too")
        else:
            yield Finding("schema", "ok", "is that of this build")
        yield _key(session, settings)
        lacks = lacking(session, now=utc_now())
        for lack in lacks:
            yield Finding(lack.value.replace("_", " "), "failed" if lack in BLOCKING else "warning", _MENDED[lack])
        if not lacks:
            yield Finding("contents", "ok", "directory, lines, queues, categories, promises and people are there")


def _key(session: Session, settings: Settings) -> Finding:
    kept, state = fingerprint_of(settings.secret_key), key_state(session, settings)
    match state:
        case KeyState.NEW | KeyState.CURRENT:
            return Finding("secret key", "ok", f"is that of the data ({kept})")
        case KeyState.ROTATING:
            words = "is new, the one before is accepted; when every node has it: ./hotline key finish"
            return Finding("secret key", "warning", words)
        case KeyState.WRONG:
            words = "is not the one the data were made under: references, PINs and links do not open; set that one"
            return Finding("secret key", "failed", words)
        case _:
            assert_never(state)


_SCHEMA = {
    SchemaFault.EMPTY: "there are no tables; run ./hotline migrate",
    SchemaFault.UNREADABLE: "the application's role may not read the tables; run ./hotline migrate, which lets it",
    SchemaFault.OLDER: "is of an older version; run ./hotline migrate",
    SchemaFault.NEWER: "is of a newer Hotline than this one; start that one",
    SchemaFault.DIFFERENT: "made by another build of Hotline, or changed by hand",
}
