"""What happens by itself and how often: one table, the same in every scheduler; most of it only where it leads."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import exists, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.clockwork.canary_job import try_the_chain
from app.clockwork.guidance_rounds import answer_with_guidance
from app.clockwork.incident_rounds import follow_incidents
from app.clockwork.kept_figures import count_finished_days, prove_kept_figures
from app.clockwork.learning_rounds import learn_from_corrections
from app.clockwork.night_rounds import check_lines_at_night
from app.clockwork.node import SCHEDULER_KIND, Node
from app.clockwork.phone_jobs import (
    ask_for_silent,
    ask_provider,
    fetch_recordings,
    forget_webhooks,
    let_recordings_go_on,
    sweep_floor,
)
from app.clockwork.problem_rounds import look_for_problems
from app.clockwork.progress import Expected
from app.clockwork.rota_jobs import (
    fill_rotations,
    remind_units_of_directory,
    tell_gaps,
    tell_readiness,
    tell_who_comes_on_duty,
)
from app.clockwork.rule_rounds import apply_new_rules, give_time_back
from app.clockwork.ticket_rounds import close_what_was_answered, open_what_was_held, pass_on_what_units_left
from app.phone.reconciliation import ASKING
from app.phone.silent_callers import ASKING_FOR_SILENT
from app.processes.signs_of_life import beat, database_now
from app.recurring.aside import SomePutAside
from app.storage.database import transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from app.storage.media_store import media_store
from escalation.acknowledging.asked_in_vain import report_unanswered
from escalation.acknowledging.given_back_before import complete_given_back
from escalation.acknowledging.instruction_tasks import break_overdue
from escalation.queries.desk_digests import post_desk_digests
from escalation.queries.digests import post_daily_lists
from escalation.queries.open_levels import OpenLevels
from escalation.queries.succession import ROUND_SECONDS, hand_over
from tickets import leader_jobs, process_beats
from tickets.audit import entries
from tickets.directory import one_time_links, web_sessions
from tickets.each_alone import PutAside
from tickets.intake import request_keys
from tickets.outbox import spending
from tickets.people import pins
from tickets.schema import OutboundMessage
from tickets.told_clocks import as_detail
from tickets.work import attachments, drafts

log = structlog.get_logger()

# Entries younger than this may still be followed by one with a smaller id that commits later.
_SETTLED_AFTER = timedelta(seconds=5)
# A backlog is worked off in several runs: one that went on and on could not be told from one that hangs.
_LONGEST_ROUND_SECONDS = 30.0
_OVERDUE_MESSAGE = timedelta(seconds=5)


@dataclass(frozen=True)
class Scheduled:
    """A job and its rhythm. `on_every_node`: it is about this process or machine, so not only the leader does it.

    A run longer than `limit_seconds` hangs: its process leads no longer and ends itself. Steps of it are transactions
    of seconds.
    """

    name: str
    seconds: float
    act: Callable[[Node], object]
    on_every_node: bool = False
    limit_seconds: float = 60

    @property
    def expected(self) -> Expected:
        return Expected(self.name, self.seconds, self.limit_seconds)


def hold_the_lease(node: Node) -> None:
    """Lead, or go on leading, but only while this process's jobs get on; who begins to lead does all jobs at once."""
    stuck = node.progress.stuck([job.expected for job in SCHEDULE if job.act is not hold_the_lease])
    if stuck is not None:
        log.error("leadership.not_renewed", stuck=stuck)
        # Another takes over when the lease ends; where there is none, this process does, started anew.
        node.end_process()
        return
    if node.leadership.hold():
        with transaction(node.factory) as session:
            leader_jobs.announce(session, RHYTHMS, now=node.ticker.clock.on_record(session))
        node.begin_all()


def fire_due_steps(node: Node) -> None:
    """Has its own say in who ticks: a leader that hangs is not waited for."""
    node.ticker.run()


def give_sign_of_life(node: Node) -> None:
    with transaction(node.factory) as session:
        told = {"set_aside": node.ticker.tickets_aside, "held": node.held.look(session)}
        detail = {"leads": node.leadership.leads, **told, **as_detail(node.ticker.clock.told())}
        beat(session, kind=SCHEDULER_KIND, detail=detail, now=database_now(session))
    node.jobs.write_troubles(node.factory)


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


def seal_audit_trail(node: Node) -> None:
    _until_done(node, lambda session, now: entries.seal(session, now=now, settled_before=now - _SETTLED_AFTER))


def send_daily_lists(node: Node) -> None:
    node.post(post_daily_lists, post_desk_digests)


def hand_levels_over(node: Node) -> None:
    """What may have got another holder; where somebody came or went, all open levels, some thousands at a time."""
    began = time.monotonic()
    while True:
        handing = _HandOver(node.remembered.open_levels)
        try:
            node.post(handing)
        except SomePutAside:
            node.remembered.open_levels = handing.after
            raise
        node.remembered.open_levels = handing.after
        if handing.after.is_through or time.monotonic() - began > _LONGEST_ROUND_SECONDS:
            return


class _HandOver:
    """One round: what has been looked at `after` it counts once it is committed, so that one that fails comes again."""

    __name__ = "hand_over"

    def __init__(self, before: OpenLevels) -> None:
        self._before = before
        self.after = before

    def __call__(self, session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
        self.after = levels = self._before.copy()

        def put(item: int | str, trouble: Exception) -> None:
            if put_aside is not None:
                put_aside(item, trouble)
            if isinstance(item, int):
                levels.come_back_to({item})

        return hand_over(session, levels=levels, now=now, put_aside=put if put_aside is not None else None)


def follow_instructions(node: Node) -> None:
    node.post(break_overdue, complete_given_back, report_unanswered)


def clear_away(node: Node) -> None:
    """What has served its time: ended sessions, answered requests, used links, processes long gone."""
    failures = [failure for forget in _FORGOTTEN if (failure := _forgotten(node, forget)) is not None]
    if failures:
        raise failures[0]


_FORGOTTEN: tuple[Callable[..., object], ...] = (
    request_keys.forget_old,
    web_sessions.forget_ended,
    one_time_links.forget_expired,
    drafts.forget_old_looks,
    drafts.forget_old_drafts,
    process_beats.forget_silent,
    pins.forget_old_failures,
    spending.forget_old_counts,
)


def _forgotten(node: Node, forget: Callable[..., object]) -> SQLAlchemyError | None:
    """Each in a transaction of its own: a row that somebody holds keeps the rest from nothing."""
    try:
        with transaction(node.factory) as session:
            forget(session, now=node.now(session))
    except SQLAlchemyError as trouble:
        if fault_of(trouble) in OF_EVERYBODY:
            raise
        return trouble
    return None


def clear_media_away(node: Node) -> None:
    """What came with forms that nobody finished."""
    media_store(node.settings).sweep_pending(partial(_named_among, node), now=time.time())


def _named_among(node: Node, keys: Sequence[str]) -> set[str]:
    with transaction(node.factory) as session:
        return attachments.named_among(session, keys)


def _until_done(node: Node, act: Callable[[Session, datetime], int]) -> None:
    """In steps of one transaction each, until a step finds nothing to do; what is left is for the next run."""
    began = time.monotonic()
    while time.monotonic() - began < _LONGEST_ROUND_SECONDS:
        with transaction(node.factory) as session:
            done = act(session, node.now(session))
        if not done:
            return


SCHEDULE: tuple[Scheduled, ...] = (
    Scheduled("hold the lease", 3, hold_the_lease, on_every_node=True),
    Scheduled("fire due steps", 2, fire_due_steps, on_every_node=True, limit_seconds=90),
    Scheduled("sign of life", 5, give_sign_of_life, on_every_node=True),
    Scheduled("wake for waiting messages", 5, wake_for_waiting_messages, limit_seconds=20),
    Scheduled("open what was held", 20, open_what_was_held),
    Scheduled("close what was answered", 60, close_what_was_answered),
    Scheduled("pass on what units left", 300, pass_on_what_units_left),
    Scheduled("apply new rules", 5, apply_new_rules),
    Scheduled("give time back", 20, give_time_back, limit_seconds=120),
    Scheduled("seal audit trail", 20, seal_audit_trail, limit_seconds=120),
    Scheduled("send daily lists", 60, send_daily_lists),
    Scheduled("try the chain", 10, try_the_chain),
    Scheduled("follow instructions", 20, follow_instructions),
    Scheduled("follow incidents", 5, follow_incidents),
    Scheduled("answer with guidance", 5, answer_with_guidance),
    Scheduled("sweep the phone floor", 3, sweep_floor, limit_seconds=20),
    Scheduled("fetch recordings", 5, fetch_recordings, limit_seconds=900),
    Scheduled("let recordings go on", 5, let_recordings_go_on, limit_seconds=60),
    Scheduled(ASKING, 300, ask_provider, limit_seconds=900),
    Scheduled(ASKING_FOR_SILENT, 15, ask_for_silent, limit_seconds=120),
    Scheduled("clear away", 600, clear_away, limit_seconds=120),
    Scheduled("clear media away", 600, clear_media_away, on_every_node=True, limit_seconds=120),
    Scheduled("forget old webhooks", 3600, forget_webhooks, limit_seconds=120),
    Scheduled("count finished days", 60, count_finished_days, limit_seconds=300),
    Scheduled("tell who comes on duty", 60, tell_who_comes_on_duty),
    Scheduled("hand levels over", ROUND_SECONDS, hand_levels_over, limit_seconds=120),
    Scheduled("tell gaps of the rota", 3600, tell_gaps),
    Scheduled("tell what units lack", 3600, tell_readiness),
    Scheduled("check lines at night", 20, check_lines_at_night),
    Scheduled("remind of the directory", 3600, remind_units_of_directory),
    Scheduled("look for problems", 3600, look_for_problems, limit_seconds=120),
    Scheduled("fill the rota ahead", 3600, fill_rotations, limit_seconds=300),
    Scheduled("learn from corrections", 86_400, learn_from_corrections, limit_seconds=300),
    Scheduled("prove kept figures", 86_400, prove_kept_figures, limit_seconds=900),
)
# What the leader alone does, and how often.
RHYTHMS = {job.name: job.seconds for job in SCHEDULE if not job.on_every_node}
