"""`./hotline media copy FROM` and `check`: to other storage, and whether everything that rows name is there."""

import argparse

from app.cli.commands import CommandRefused, Commands
from app.cli.terminal import stop_by_signal
from app.engines.connected import connected
from app.settings import Settings

_MOST_NAMED = 50
_TELL_EVERY = 500


def register(commands: Commands) -> None:
    """Add `media`."""
    parser = commands.add_parser(
        "media", help="copy attachments and recordings to other storage; check that all are there"
    )
    parser.add_argument("action", choices=("copy", "check"))
    parser.add_argument("source", nargs="?", metavar="FROM", help="a folder or s3://…; the target is HOTLINE_MEDIA_URL")
    parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when rows name files that are nowhere. It may run while everything works, and again."""
    from app.storage.media_kept import MediaUnreachable

    if arguments.action == "copy" and not arguments.source:
        raise CommandRefused("Say where from: ./hotline media copy /var/lib/hotline/media (or s3://bucket/prefix).")
    with stop_by_signal(), connected(arguments.data) as settings:
        try:
            if arguments.action == "copy":
                copy(settings, str(arguments.source))
            return check(settings)
        except MediaUnreachable as trouble:
            raise CommandRefused(f"The media cannot be reached: {trouble}.") from None


def copy(settings: Settings, source_url: str) -> None:
    """What is there with the same size is not copied again; pictures of unfinished forms stay behind."""
    from app.storage.media_store import media_store

    source, target = media_store(settings.model_copy(update={"media_url": source_url})), media_store(settings)
    if str(source) == str(target):
        raise CommandRefused(f"{target} is where the media are already: name the new place in HOTLINE_MEDIA_URL.")
    there = {one.key: one.size_bytes for one in target.lying()}
    wanted = [
        one for one in source.lying() if not one.key.startswith("pending/") and there.get(one.key) != one.size_bytes
    ]
    print(f"{len(wanted)} files from {source} to {target}; {len(there)} are there.", flush=True)
    for number, one in enumerate(wanted, 1):
        with source.open(one.key).stream as file:
            target.put(one.key, file)
        if number % _TELL_EVERY == 0:
            print(f"  … {number} of {len(wanted)}", flush=True)


def check(settings: Settings) -> int:
    """Name what rows name and the store has not; the exit code."""
    from app.storage.database import make_engine, session_factory, transaction
    from app.storage.media_store import media_store
    from tickets.queries.kept_media import named_media

    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transaction(session_factory(engine)) as session:
            named = named_media(session)
    finally:
        engine.dispose()
    store = media_store(settings)
    missing = sorted(named - {one.key for one in store.lying()})
    for key in missing[:_MOST_NAMED]:
        print(f"missing  {key}")
    print(f"{len(named)} files are on record; {len(missing)} of them are not in {store}.")
    return 1 if missing else 0
