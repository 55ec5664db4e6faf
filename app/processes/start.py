"""How the worker and the scheduler start and end: settings and database judged first, then work until a signal."""

import signal
import sys
import threading
from collections.abc import Callable

from app.error_reports import report_errors
from app.log_setup import set_up_logging
from app.settings import Settings, SettingsRefused, load_settings
from app.storage.database import UnsafeDatabase, refuse_unsafe_start


def run_until_signalled(process: str, work: Callable[[Settings, threading.Event], None]) -> int:
    """Let `work` go on until SIGTERM or SIGINT sets its event; returns the exit code, 2 when it cannot start."""
    set_up_logging()
    try:
        settings = load_settings()
        report_errors(settings, process=process)
        refuse_unsafe_start(settings)
    except SettingsRefused as refused:
        sys.stderr.write("\n".join(refused.reasons) + "\n")
        return 2
    except UnsafeDatabase as unsafe:
        sys.stderr.write(f"{unsafe}\n")
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    work(settings, stop)
    return 0
