"""What `doctor` says of a database's contents: its tables, and every kind of row that must not be empty."""

from collections.abc import Iterator

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.cli.finding import Finding
from app.clock import utc_now
from app.settings import Settings
from app.storage.database import make_engine
from app.storage.schema_state import SchemaState, schema_differences, schema_state
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
}


def content_findings(settings: Settings) -> Iterator[Finding]:
    """Schema first: without its tables nothing else can be asked."""
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        yield from _findings(engine)
    finally:
        engine.dispose()


def _findings(engine: Engine) -> Iterator[Finding]:
    with Session(engine) as session:
        state = schema_state(session.connection())
        if state is not SchemaState.CURRENT:
            yield Finding("schema", "failed", _SCHEMA[state])
            return
        if differences := schema_differences(session.connection()):
            yield Finding("schema", "failed", f"made by another build of Hotline: {'; '.join(differences[:5])}")
            return
        yield Finding("schema", "ok", "is that of this build")
        lacks = lacking(session, now=utc_now())
        for lack in lacks:
            yield Finding(lack.value.replace("_", " "), "failed" if lack in BLOCKING else "warning", _MENDED[lack])
        if not lacks:
            yield Finding("contents", "ok", "directory, lines, queues, categories, promises and people are there")


_SCHEMA = {
    SchemaState.EMPTY: "there are no tables; run ./hotline migrate",
    SchemaState.OLDER: "is of an older version; run ./hotline migrate",
    SchemaState.UNKNOWN: "is of a newer Hotline than this one; start that one",
}
