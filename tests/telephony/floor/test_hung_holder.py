"""Whoever serves the line of callers and hangs holds it for seconds: another serves it, and what wakes is too late."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.settings import ROOT
from telephony.calls import new_call
from telephony.floor import offers, presence
from tests.conftest import NOW
from tests.factories import staff, unit
from tickets.schema import Call, Offer, Presence
from tickets.states import CallState, PresenceState, Role

# Named in the documentation; beyond the server's own limit comes the look of whoever serves the line next.
SERVED_AGAIN_WITHIN = offers.SERVES_IN_SILENCE + timedelta(seconds=2)
HOLDER = """
import sys
from datetime import datetime
from app.storage.database import make_engine, session_factory
from telephony.floor import offers

with session_factory(make_engine(sys.argv[1]))() as session:
    offered = offers.offer_waiting_calls(session, now=datetime.fromisoformat(sys.argv[2]))
    print(f"offered {offered}", flush=True)
    sys.stdin.readline()
    try:
        session.commit()
        print("committed", flush=True)
    except Exception as trouble:
        print(f"refused {type(trouble).__name__}", flush=True)
"""


@pytest.fixture
def waiting(committed):
    """A caller who waits for the only agent."""
    with committed.factory() as session:
        agent = staff(session, role=Role.AGENT, at="26740").id
        presence.go_available(session, agent, now=NOW)
        row = {"account": "sim", "call_sid": "CA1", "state": CallState.QUEUED, "queued_at": NOW}
        call = new_call(session, {**row, "unit_id": unit(session, "26740").id}, now=NOW).id
        session.commit()
    return agent, call


@pytest.fixture
def holder(committed, waiting):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, committed.url, NOW.isoformat()],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "offered 1\n", "it serves the line, and has not committed"
    yield process
    process.kill()
    process.communicate()


def serve(committed) -> int:
    with committed.factory() as session:
        offered = offers.offer_waiting_calls(session, now=NOW)
        session.commit()
    return offered


def test_a_frozen_process_keeps_callers_from_agents_for_seconds_and_does_nothing_when_it_wakes(
    committed, waiting, holder
):
    agent, call = waiting
    os.kill(holder.pid, signal.SIGSTOP)
    frozen_at = time.monotonic()
    assert serve(committed) == 0, "while it may still be at work, nobody serves beside it"

    while not serve(committed):
        assert time.monotonic() - frozen_at < SERVED_AGAIN_WITHIN.total_seconds()
        time.sleep(0.1)

    os.kill(holder.pid, signal.SIGCONT)
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline().startswith("refused")
    with committed.factory() as session:
        (offer,) = session.scalars(select(Offer)).all()
        assert (offer.call_id, offer.staff_id, offer.outcome) == (call, agent, None)
        assert session.get_one(Call, call).state is CallState.OFFERED
        assert session.get_one(Presence, agent).state is PresenceState.OFFERED


def test_who_serves_the_line_and_lives_is_not_disturbed(committed, waiting, holder):
    assert serve(committed) == 0

    holder.stdin.write("\n")
    holder.stdin.flush()

    assert holder.stdout.readline() == "committed\n"


def test_the_limit_ends_with_the_transaction_that_served_the_line(committed, waiting):
    with committed.factory() as session:
        before = limit_of(session)
        assert offers.offer_waiting_calls(session, now=NOW) == 1
        assert limit_of(session) != before
        session.commit()
        assert limit_of(session) == before


def limit_of(session):
    return session.connection().exec_driver_sql("show idle_in_transaction_session_timeout").scalar_one()
