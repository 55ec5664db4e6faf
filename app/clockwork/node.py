"""What the jobs of a scheduler share: the database, who leads, and the way to wake the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.clockwork.one_leader import Leadership
from app.clockwork.tick_job import Ticker
from app.delivery.wake_up import wake_outbox
from app.settings import Settings
from app.storage.database import session_factory
from telephony.sweep import Hearing


@dataclass
class Node:
    """One scheduler process."""

    settings: Settings
    factory: sessionmaker[Session]
    leadership: Leadership
    ticker: Ticker
    wake: Callable[[], None]
    hearing: Hearing = field(default_factory=Hearing)


def make_node(settings: Settings, engine: Engine) -> Node:
    """A scheduler's belongings; nothing is connected yet."""

    def wake() -> None:
        wake_outbox(settings)

    factory = session_factory(engine)
    leadership = Leadership(engine)
    return Node(settings, factory, leadership, Ticker(factory, leadership, wake), wake)
