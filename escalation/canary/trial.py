"""The trial itself: a made-up ticket is opened as any other, and followed from its breach to the delivered message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.canary.failure import alarms
from escalation.canary.runs import add_run, end_run, newest_runs, note_progress, open_runs
from escalation.firing.notices import LEVEL_TEMPLATE
from tickets.audit import entries
from tickets.directory.places import PlaceIndex
from tickets.directory.standing_rows import administrators
from tickets.directory.trial_recipient import TrialRecipient
from tickets.intake.cleaning import Matter
from tickets.intake.opening import open_ticket
from tickets.keys import Keys
from tickets.outbox import posting
from tickets.people.actor import SYSTEM, Actor
from tickets.routing.rules import Rules
from tickets.schema import CanaryRun, OutboundMessage, PlannedStep, Post
from tickets.states import CanaryStage, Channel, OutboundChannel, StepKind, StepResult, TicketStatus
from tickets.work.ticket import lock_ticket, move

EVERY = timedelta(hours=1)
# After one that failed: whether it was a moment is known soon.
AGAIN_AFTER = timedelta(minutes=10)
# A promise of two minutes: whatever has not left a minute later stands still.
LEAVES_WITHIN = timedelta(minutes=3)
# A carrier may take its time to report.
ARRIVES_WITHIN = timedelta(minutes=8)
_WORDS = "Chạy thử hằng giờ: phiếu này do hệ thống tự tạo và tự kết thúc."


@dataclass(frozen=True, slots=True)
class _Marks:
    """When each part of the way was passed."""

    fired_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether another trial should begin: none is under way, and the last is long enough ago."""
    newest = next(iter(newest_runs(session, limit=1)), None)
    if newest is None:
        return True
    pause = EVERY if newest.missing is None else AGAIN_AFTER
    return newest.ended_at is not None and newest.opened_at <= now - pause


def begin(
    session: Session, to: TrialRecipient, *, actor: Actor, keys: Keys, places: PlaceIndex, rules: Rules, now: datetime
) -> CanaryRun | None:
    """Open a trial; None where one is under way. The promise and the recipient must have been set up."""
    # Two who begin at once wait for each other here.
    session.execute(select(Post.id).where(Post.id == to.post_id).with_for_update())
    if any(run.ended_at is None for run in newest_runs(session, limit=1)):
        return None
    matter = Matter(
        channel=Channel.API,
        arrived_at=now,
        subject=_WORDS,
        unit_id=rules.routing.operations_unit_id,
        contact_source_key=f"canary:{now.isoformat()}",
        is_canary=True,
        acknowledge=False,
    )
    opened = open_ticket(session, matter, actor=actor, keys=keys, places=places, rules=rules, now=now)
    due_at = next((clock.due_at for clock in opened.clocks if clock.due_at is not None), now)
    return add_run(session, ticket_id=opened.ticket_id, opened_at=now, due_at=due_at)


def follow(session: Session, *, now: datetime) -> Sequence[CanaryRun]:
    """Write down how far the trials under way have come, and end those that arrived or are late; the ended ones."""
    ended = []
    for run in open_runs(session):
        marks = _marks(session, run)
        note_progress(run, fired_at=marks.fired_at, sent_at=marks.sent_at, delivered_at=marks.delivered_at)
        missing = _missing(marks)
        if missing is not None and not _is_late(run, missing, now=now):
            continue
        _end(session, run, missing, now=now)
        ended.append(run)
    session.flush()
    return ended


def _marks(session: Session, run: CanaryRun) -> _Marks:
    """Of the level that told somebody, and of the text to the test recipient."""
    fired_at = session.scalar(
        select(PlannedStep.fired_at).where(
            PlannedStep.ticket_id == run.ticket_id,
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.result == StepResult.NOTIFIED,
        )
    )
    message = session.execute(
        select(OutboundMessage.sent_at, OutboundMessage.delivered_at)
        .where(
            OutboundMessage.ticket_id == run.ticket_id,
            OutboundMessage.template == LEVEL_TEMPLATE,
            OutboundMessage.channel == OutboundChannel.SMS,
        )
        .order_by(OutboundMessage.id)
        .limit(1)
    ).one_or_none()
    return _Marks(fired_at, *(message if message is not None else (None, None)))


def _missing(marks: _Marks) -> CanaryStage | None:
    if marks.fired_at is None:
        return CanaryStage.FIRED
    if marks.delivered_at is not None:
        return None
    return CanaryStage.DELIVERED if marks.sent_at is not None else CanaryStage.SENT


def _is_late(run: CanaryRun, missing: CanaryStage, *, now: datetime) -> bool:
    within = ARRIVES_WITHIN if missing is CanaryStage.DELIVERED else LEAVES_WITHIN
    return now > run.opened_at + within


def _end(session: Session, run: CanaryRun, missing: CanaryStage | None, *, now: datetime) -> None:
    end_run(run, missing=missing, now=now)
    move(session, lock_ticket(session, run.ticket_id), to=TicketStatus.SPAM, actor=SYSTEM, now=now)
    entries.record(
        session,
        actor=SYSTEM,
        action="canary.failed" if missing is not None else "canary.passed",
        subject_kind="canary_run",
        subject_id=run.id,
        params={"missing": missing.value if missing is not None else ""},
        now=now,
    )
    if missing is not None:
        posting.post_all(session, alarms(run, missing, administrators(session, now=now)), now=now)
