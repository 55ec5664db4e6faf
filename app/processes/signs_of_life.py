"""Signs of life: schedulers and workers write that they live, so that health and metrics can tell when one does not.

Web and live are asked instead (`up` and the probe of `/health/live` in `deploy/prometheus`): whoever gets an answer
knows more than a row tells, and a database that is away would make them look dead.
"""

import os
import socket
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tickets import process_beats


def process_name(kind: str) -> str:
    """Unique among all nodes."""
    return f"{kind}:{socket.gethostname()}:{os.getpid()}"


def beat(session: Session, *, kind: str, detail: dict[str, Any] | None = None, now: datetime) -> None:
    """Write that this process lives now."""
    process_beats.note(session, process_name(kind), kind=kind, detail=detail, now=now)


def say_goodbye(session: Session, *, kind: str) -> None:
    """A process that ends on purpose is not missed."""
    process_beats.forget(session, process_name(kind))


def database_now(session: Session) -> datetime:
    """PostgreSQL's clock: the one all nodes share, for ticks and claims."""
    now: datetime = session.execute(text("select clock_timestamp()")).scalar_one()
    return now
