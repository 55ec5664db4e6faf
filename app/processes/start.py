"""How processes start: settings and database judged first; the worker and the scheduler then go on until a signal."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence

import structlog

from app.error_reports import report_errors
from app.log_setup import set_up_logging
from app.processes.commands import MARK
from app.recurring.service_manager import tell_started
from app.settings import Settings, SettingsRefused, load_settings
from app.storage.database import UnsafeDatabase
from app.storage.starting import refuse_unsafe_start
from app.wording.refusals import in_both_languages, no_directory_in_both_languages
from tickets.queries.lacks import Lack

log = structlog.get_logger()

# At any other code of a child gunicorn's master starts another one, for ever.
_NOT_LOADED = 4


def run_until_signalled(process: str, work: Callable[[Settings, threading.Event], None]) -> int:
    """Let `work` go on until SIGTERM or SIGINT sets its event; returns the exit code, 2 when it cannot start."""
    set_up_logging()
    try:
        settings = load_settings()
        report_errors(settings, process=process)
        _tell(refuse_unsafe_start(settings), settings)
    except SettingsRefused as refused:
        sys.stderr.write("\n".join(refused.reasons) + "\n")
        return 2
    except UnsafeDatabase as unsafe:
        sys.stderr.write(f"{in_both_languages(unsafe, settings)}\n")
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    tell_started()
    work(settings, stop)
    return 0


def settings_to_serve_with() -> Settings:
    """The same judgement for what gunicorn serves: a sentence on the error output, and no traceback around it."""
    try:
        settings = load_settings()
        _tell(refuse_unsafe_start(settings, awaits_migration=MARK in os.environ), settings)
    except SettingsRefused as refused:
        sys.stderr.write("\n".join(refused.reasons) + "\n")
        sys.exit(_NOT_LOADED)
    except UnsafeDatabase as unsafe:
        sys.stderr.write(f"{in_both_languages(unsafe, settings)}\n")
        sys.exit(_NOT_LOADED)
    return settings


def _tell(lacks: Sequence[Lack], settings: Settings) -> None:
    """A process that can take no contact says so, and goes on: somebody loads the directory beside it."""
    if lacks:
        log.warning("directory.missing", lacks=[lack.value for lack in lacks])
        sys.stderr.write(f"{no_directory_in_both_languages(settings)}\n")
