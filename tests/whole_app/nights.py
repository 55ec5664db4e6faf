"""A good day as rows, and one in which everything is wrong that an alert tells of."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.phone.reconciliation import ASKING
from app.phone.spool import Spool
from app.settings import Settings
from app.storage.secret_keys import settle_key
from app.web.frame.application import HotlineApp
from app.web.frame.pool_watch import IN_USE
from app.web.frame.request_watch import BOUNDS, SECONDS
from app.web.monitoring.client_faults import BrowserTrouble, count_fault
from escalation.canary.runs import add_run, end_run
from telephony import reconciliation_marks
from telephony.floor import presence
from telephony.provider.account import ProviderKind
from telephony.provider.webhook_inbox import Webhook, refuse
from tests import factories
from tests.telephony.provider import account_rows
from tickets import done_days, job_faults, leader_jobs, leadership, process_beats
from tickets.audit import entries
from tickets.outbox import troubles
from tickets.outbox.over_budget import OVER
from tickets.schema import Call, CallbackRequest, OutboundMessage
from tickets.states import CallbackReason, CallbackState, CallState, CanaryStage, OutboundChannel, OutboundState
from tickets.told_clocks import ToldTime, as_detail

JOBS = {"seal audit trail": 20, ASKING: 300}


def a_good_day(session: Session, here: Settings, now: datetime) -> None:
    settle_key(session, here, now=now)
    clock = as_detail(ToldTime("agrees", "", 0.0, 0.0, 0))
    for kind in ("scheduler", "worker"):
        process_beats.note(session, f"{kind}:web-1:7", kind=kind, detail={"set_aside": 0, **clock}, now=now)
    session.execute(text("delete from leader_lease"))
    leadership.take(session, holder="scheduler:web-1:7", now=now)
    leader_jobs.announce(session, JOBS, now=now)
    for job in JOBS:
        leader_jobs.note_success(session, job, now=now)
    done_days.note(session, done_days.BACKUP, on_day=now.date(), now=now)
    reconciliation_marks.note_round(session, account="sim", kind="texts", began_at=now)
    job_faults.count(session, {"seal audit trail": 1}, now=now)
    lan = factories.staff(session)
    presence.go_available(session, lan.id, now=now)
    while entries.seal(session, now=now, settled_before=now):
        pass


def every_fault(app: HotlineApp, session: Session, here: Settings, now: datetime) -> None:
    long_ago = now - timedelta(hours=25)
    things_late(session, now, long_ago)
    trials_fail(session, now)
    nobody_there(session, now, now - timedelta(minutes=5))
    for _ in range(25):
        refuse(session, account="sim", path="/webhooks/sim/voice", reason="signature", now=now)
        count_fault(session, BrowserTrouble.HEARTBEAT_UNHEARD, now=now)
    events_kept(Spool.in_data_dir(here.data_dir), now, long_ago)
    account_rows.add(session, here, "undecided", ProviderKind.TWILIO, country="US")
    session.execute(text("delete from done_day"))
    session.execute(text("update unit set valid_to = now() - interval '1 year'"))
    session.execute(text("update kept_keys set fingerprint = 'another'"))
    session.execute(text("drop index ix_ticket_wake"))
    app.counts.set_highest(*IN_USE, {"pool": "pages"}, 1000)
    for group in ("provider_events", "public"):
        app.counts.observe(*SECONDS, {"group": group}, 9.0, bounds=BOUNDS)


def things_late(session: Session, now: datetime, long_ago: datetime) -> None:
    ticket = factories.ticket(session, now=now - timedelta(hours=2))
    session.execute(
        text("update planned_step set planned_at = :late where ticket_id = :ticket and fired_at is null"),
        {"late": now - timedelta(minutes=5), "ticket": ticket.id},
    )
    states = [(OutboundState.WAITING, True), (OutboundState.WAITING, False), (OutboundState.FAILED, False)]
    for why in OVER.values():
        session.add(
            OutboundMessage(
                channel=OutboundChannel.SMS, address="+84900000002", template="ticket_opened", params={}, locale="vi",
                dedup_key=f"night:{why}", state=OutboundState.WAITING, error_code=why, created_at=long_ago,
                not_before=now + timedelta(minutes=30), due_at=long_ago,
            )
        )  # fmt: skip
    for number, (state, is_urgent) in enumerate(states):
        session.add(
            OutboundMessage(
                channel=OutboundChannel.SMS, address="+84900000001", template="ticket_opened", params={}, locale="vi",
                dedup_key=f"night:{number}", is_urgent=is_urgent, state=state, created_at=long_ago,
                not_before=long_ago, due_at=long_ago,
            )
        )  # fmt: skip
    session.add(
        Call(
            account="sim", call_sid="CAnight", state=CallState.QUEUED, state_since=long_ago, arrived_at=long_ago,
            state_until=now + timedelta(hours=1), queued_at=long_ago,
        )
    )  # fmt: skip
    session.add(
        CallbackRequest(
            once_key="night", reason=next(iter(CallbackReason)), state=CallbackState.OPEN, order_at=long_ago,
            created_at=long_ago,
        )
    )  # fmt: skip
    session.flush()
    troubles.note_refused(session, OutboundChannel.SMS, account="sim", code="401", error="who?", now=now)
    reconciliation_marks.note_round(session, account="sim", kind="texts", began_at=now - timedelta(hours=1))


def trials_fail(session: Session, now: datetime) -> None:
    ticket = factories.ticket(session, now=now)
    for minutes in (30, 15):
        run = add_run(session, ticket_id=ticket.id, opened_at=now - timedelta(minutes=minutes), due_at=now)
        end_run(run, missing=CanaryStage.SENT, now=now)
    session.flush()


def nobody_there(session: Session, now: datetime, silent_since: datetime) -> None:
    process_beats.forget(session, "worker:web-1:7")
    process_beats.note(session, "worker:web-2:7", kind="worker", now=silent_since)
    session.execute(text("delete from leader_lease"))
    leadership.take(session, holder="scheduler:lost:1", now=silent_since)
    leader_jobs.announce(session, JOBS, now=silent_since)
    leader_jobs.note_success(session, "seal audit trail", now=silent_since)
    job_faults.count(session, {"seal audit trail": 9}, now=now)


def clock_that_holds(session: Session) -> None:
    """Just before it is read: what a scheduler told of clocks counts for half a minute of the database's own time."""
    holds = as_detail(ToldTime("holds", "", 7200.0, 0.0, 90))
    held = [{"pid": 7, "role": "postgres", "tables": ["ticket"], "is_whole": True, "seconds": 40}]
    detail = {"set_aside": 2, "held": held, **holds}
    process_beats.note(session, "scheduler:web-1:7", kind="scheduler", detail=detail, now=utc_now())


def events_kept(spool: Spool, now: datetime, long_ago: datetime) -> None:
    spool.keep(Webhook("sim", "sms", {}, {}), received_at=now - timedelta(minutes=10))
    spool.keep(Webhook("sim", "sms", {}, {}), received_at=long_ago)
    for _ in range(5):
        oldest = next(spool.waiting())
        spool.failed(oldest, failure="RuntimeError", now=now)
    assert spool.refused_count() == 1
