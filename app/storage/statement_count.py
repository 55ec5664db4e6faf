"""How many statements this thread has sent to the database: what one request or one job cost it."""

import threading
from typing import Any

from sqlalchemy import Engine, event


class _Sent(threading.local):
    number = 0


_sent = _Sent()


def statements_sent() -> int:
    """Of this thread, ever; whoever wants to know what something cost asks before and after."""
    return _sent.number


def count_statements(engine: Engine) -> None:
    """From now on, every statement of the engine is counted."""
    event.listen(engine, "before_cursor_execute", _note)


def _note(*_of_the_statement: Any) -> None:
    _sent.number += 1
