"""`./hotline backup` and `restore`: one file with everything, proved before it is needed."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.commands import CommandRefused, Commands
from app.cli.terminal import stop_by_signal
from app.engines.connected import connected
from app.settings import Settings


def register(commands: Commands) -> None:
    """Add `backup` and `restore`."""
    take = commands.add_parser("backup", help="write database and media into one file, while everything works")
    take.add_argument("file", nargs="?", help="the file; one that is there is never written over")
    take.add_argument("--recipient", default="", help="encrypt for this age key (age1…, ssh-…) or GnuPG key")
    take.add_argument("--verify", action="store_true", help="write nothing: read this backup and check all of it")
    take.add_argument("--note", action="store_true", help="write nothing: another program has taken a backup just now")
    take.set_defaults(run=run_backup)
    bring = commands.add_parser("restore", help="put a backup into an empty database, checked before and after")
    bring.add_argument("file", help="the backup")
    # What a first try has put back, a second would refuse to write over.
    bring.set_defaults(run=run_restore, repeatable=False)
    for parser in (take, bring):
        parser.add_argument("--identity", metavar="FILE", default="", help="the age key that opens it")
        parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")


def run_backup(arguments: argparse.Namespace) -> int:
    """Take one, or with `--verify` read one through; exit code 1 and a sentence when it is not sound."""
    from app.backup import restoring, taking
    from app.clock import utc_now

    if arguments.verify:
        with stop_by_signal(), _told_plainly():
            manifest = restoring.verify(_file(arguments), identity=arguments.identity, say=_say)
        print(f"The backup is sound. {restoring.summary(manifest)}")
        return 0
    with stop_by_signal(), connected(arguments.data) as settings:
        with _told_plainly(settings):
            if not arguments.note:
                file = _file(arguments)
                taking.take(settings, file, recipient=arguments.recipient, say=_say, now=utc_now())
        _note(settings)
    return 0


def _file(arguments: argparse.Namespace) -> Path:
    if not arguments.file:
        raise CommandRefused("Name the file: ./hotline backup FILE.")
    return Path(arguments.file).absolute()


def _note(settings: Settings) -> None:
    """Let monitoring know of a new backup, which is there all the same where the tables are too old to note it."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.processes.signs_of_life import database_now
    from app.storage.database import make_engine, session_factory, transaction
    from tickets import done_days

    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transaction(session_factory(engine)) as session:
            now = database_now(session)
            done_days.note(session, done_days.BACKUP, on_day=now.astimezone(settings.zone).date(), now=now)
    except SQLAlchemyError as trouble:
        print(f"Monitoring could not be told of it: {type(trouble).__name__}.")
    finally:
        engine.dispose()


def run_restore(arguments: argparse.Namespace) -> int:
    """Restore, then `doctor` and `audit verify`; exit code 1 when the audit trail does not verify."""
    from app.backup import restoring

    file = Path(arguments.file).absolute()
    with stop_by_signal(), connected(arguments.data) as settings:
        with _told_plainly(settings):
            manifest = restoring.restore(settings, file, identity=arguments.identity, say=_say)
        print(f"Everything is back and the same. {restoring.summary(manifest)}")
        if manifest.missing:
            print(f"{len(manifest.missing)} media files that rows name were missing when the backup was taken.")
        return _look_over(settings)


@contextmanager
def _told_plainly(settings: Settings | None = None) -> Iterator[None]:
    """A full disk, a lost database and data that do not fit are sentences; what was begun is taken back before."""
    from app.backup.trouble import BackupTrouble
    from app.storage.database import UnsafeDatabase
    from app.storage.media_kept import MediaUnreachable

    try:
        yield
    except (BackupTrouble, UnsafeDatabase) as trouble:
        raise CommandRefused(str(trouble)) from None
    except MediaUnreachable as trouble:
        raise CommandRefused(f"The media cannot be reached: {trouble}.") from None
    except OSError as trouble:
        raise CommandRefused(_of_system(trouble, settings)) from trouble


def _of_system(trouble: OSError, settings: Settings | None) -> str:
    if trouble.filename or settings is None:
        return f"{trouble.filename or 'A file'}: {trouble.strerror or trouble}."
    # The system does not say which: it is the file itself, or what lies in the clear on its way.
    return (
        f"{trouble.strerror or trouble}: on the disk of the backup, or on that of the data folder {settings.data_dir}, "
        "where the database's dump lies meanwhile. Make room and begin again."
    )


def _look_over(settings: Settings) -> int:
    from app.cli.audit import tell_verified
    from app.cli.installation_findings import findings

    for finding in findings(settings):
        print(f"{finding.verdict:<8} {finding.subject}: {finding.words}", flush=True)
    code = tell_verified(settings, as_json=False)
    print("Start web, live and worker; the scheduler last: what fell due meanwhile fires once.")
    return code


def _say(words: str) -> None:
    print(words, flush=True)
