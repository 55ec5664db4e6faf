"""What happens by itself and how often: one table, the same in every scheduler; most of it only where it leads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.clockwork.phone_jobs import ask_provider, fetch_recordings, forget_webhooks, sweep_floor
from app.processes.signs_of_life import beat, database_now
from app.storage.database import transaction
from app.storage.media import sweep_pending
from escalation.queries.digests import post_daily_lists
from tickets import process_beats
from tickets.audit import entries
from tickets.directory import one_time_links, web_sessions
from tickets.intake import request_keys
from tickets.people import pins
from tickets.schema import OutboundMessage
from tickets.work import drafts, resolution

SCHEDULER_KIND = "scheduler"
# Entries younger than this may still be followed by one with a smaller id that commits later.
_SETTLED_AFTER = timedelta(seconds=5)
_OVERDUE_MESSAGE = timedelta(seconds=5)


@dataclass(frozen=True)
class Scheduled:
    """A job and its rhythm. `on_every_node`: it is about this process or machine, so not only the leader does it."""

    name: str
    seconds: float
    act: Callable[[Node], object]
    on_every_node: bool = False


def fire_due_steps(node: Node) -> None:
    """Has its own say in who ticks: a leader that hangs is not waited for."""
    node.ticker.run()


def give_sign_of_life(node: Node) -> None:
    with transaction(node.factory) as session:
        detail = {"leads": node.leadership.leads, "set_aside": len(node.ticker.batches.set_aside)}
        beat(session, kind=SCHEDULER_KIND, detail=detail, now=database_now(session))


def wake_for_waiting_messages(node: Node) -> None:
    """Messages that wait although they are due: their wake-up was lost, or nobody sent one."""
    with transaction(node.factory) as session:
        late = database_now(session) - _OVERDUE_MESSAGE
        waiting = session.scalar(
            select(
                exists().where(
                    text("outbound_message.state in ('waiting', 'claimed')"), OutboundMessage.not_before <= late
                )
            )
        )
    if waiting:
        node.wake()


def open_what_was_held(node: Node) -> None:
    _until_done(node, lambda session, now: resolution.wake_due(session, now=now))


def close_what_was_answered(node: Node) -> None:
    _until_done(node, lambda session, now: resolution.close_due(session, now=now))


def seal_audit_trail(node: Node) -> None:
    _until_done(node, lambda session, now: entries.seal(session, now=now, settled_before=now - _SETTLED_AFTER))


def send_daily_lists(node: Node) -> None:
    with transaction(node.factory) as session:
        posted = post_daily_lists(session, now=database_now(session))
    if posted:
        node.wake()


def clear_away(node: Node) -> None:
    """What has served its time: ended sessions, answered requests, used links, processes long gone."""
    with transaction(node.factory) as session:
        now = database_now(session)
        request_keys.forget_old(session, now=now)
        web_sessions.forget_ended(session, now=now)
        one_time_links.forget_expired(session, now=now)
        drafts.forget_old_looks(session, now=now)
        drafts.forget_old_drafts(session, now=now)
        process_beats.forget_silent(session, now=now)
        pins.forget_old_failures(session, now=now)
    sweep_pending(node.settings.media_folder)


def _until_done(node: Node, act: Callable[[Session, datetime], int]) -> None:
    """In steps of one transaction each, until a step finds nothing to do."""
    for _ in range(100):
        with transaction(node.factory) as session:
            done = act(session, database_now(session))
        if not done:
            return


SCHEDULE: tuple[Scheduled, ...] = (
    Scheduled("fire due steps", 2, fire_due_steps, on_every_node=True),
    Scheduled("sign of life", 5, give_sign_of_life, on_every_node=True),
    Scheduled("wake for waiting messages", 5, wake_for_waiting_messages),
    Scheduled("open what was held", 20, open_what_was_held),
    Scheduled("close what was answered", 60, close_what_was_answered),
    Scheduled("seal audit trail", 20, seal_audit_trail),
    Scheduled("send daily lists", 60, send_daily_lists),
    Scheduled("sweep the phone floor", 3, sweep_floor),
    Scheduled("fetch recordings", 5, fetch_recordings),
    Scheduled("ask the phone provider", 300, ask_provider),
    Scheduled("clear away", 600, clear_away),
    Scheduled("forget old webhooks", 3600, forget_webhooks),
)
