"""G20: a database that is frozen says nothing at all; whoever watches us hears so, and work goes on after it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.faults.breakable import Place
from tests.faults.logged import logged
from tests.faults.nodes import LONG, alive, wait_until

pytestmark = pytest.mark.fault

# Two seconds are promised; whoever hangs, hangs for as long as the database does.
ANSWERS_WITHIN_SECONDS = 10.0
LOOKS = 20 if LONG else 4
# More than there are threads: without refusals they would all be taken, and nobody could even ask how we are.
VISITORS = 80 if LONG else 48


def everybody_of(place: Place) -> list[int]:
    """The server and all that work for it."""
    server = place.engines.pids["postgres"]
    return [server, *map(int, Path(f"/proc/{server}/task/{server}/children").read_text().split())]


@contextmanager
def frozen(place: Place) -> Iterator[None]:
    everybody = everybody_of(place)
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in everybody:
            os.kill(pid, signal.SIGCONT)


def look(place: Place, path: str) -> requests.Response:
    return requests.get(f"{place.base_url}{path}", timeout=ANSWERS_WITHIN_SECONDS)


def visit(place: Place, visits: list[int]) -> None:
    """A citizen who opens a page, and is served or told."""
    visits.append(requests.get(f"{place.base_url}/directory", timeout=ANSWERS_WITHIN_SECONDS * 9).status_code)


def figure(page: str, name: str) -> float:
    told = [line.rpartition(" ") for line in page.splitlines() if line.startswith(name)]
    return sum(float(value) for _, _, value in told)


def is_ready(place: Place) -> bool:
    return look(place, "/health/ready").json()["checks"].get("database") == "ok"


def test_ready_and_metrics_answer_while_it_is_frozen_say_so_and_count_what_failed(place: Place):
    visits: list[int] = []
    with logged(place.settings, "scheduler", "worker") as node:
        place.start_web()
        assert wait_until(lambda: alive(place.factory, "scheduler") + alive(place.factory, "worker") == 2)
        assert wait_until(lambda: is_ready(place))
        for _ in range(LOOKS):
            assert wait_until(lambda: figure(look(place, "/metrics").text, "hotline_database_answers") == 1)

        with frozen(place):
            crowd = [threading.Thread(target=visit, args=(place, visits), daemon=True) for _ in range(VISITORS)]
            for visitor in crowd:
                visitor.start()
                time.sleep(0.25)
            readiness = [look(place, "/health/ready") for _ in range(LOOKS)]
            figures = [look(place, "/metrics") for _ in range(LOOKS)]
            for visitor in crowd:
                visitor.join(ANSWERS_WITHIN_SECONDS * 10)
            given_up = wait_until(lambda: all(one.said("job.failed") for one in node.values()))
        works_again = wait_until(lambda: is_ready(place))
        counted = wait_until(lambda: figure(look(place, "/metrics").text, "hotline_job_failures_total") > 0)

    assert set(visits) == {503}, "nobody waits for ever, and everybody is told"
    assert {answer.status_code for answer in readiness} == {503}
    assert all("does not answer" in answer.json()["reasons"]["database"] for answer in readiness)
    assert {answer.status_code for answer in figures} == {200}
    assert {figure(answer.text, "hotline_database_answers") for answer in figures} == {0}
    assert any("hotline_tickets_overdue" in answer.text for answer in figures), "what was said last is kept"
    assert (given_up, works_again, counted) == (True, True, True)


def test_ready_says_that_a_read_only_database_keeps_nothing(place: Place):
    place.start_web()
    assert wait_until(lambda: is_ready(place))

    with place.read_only():
        told = wait_until(lambda: "read-only" in look(place, "/health/ready").json()["reasons"].get("database", ""))

    assert told
    assert wait_until(lambda: is_ready(place))
