"""High availability: what one fault takes away, and what was acknowledged before and during it (RPO 0, back in 60 s).

Runs with --long, as root, with the packages of `docs/operate/high-availability.md`, whose commands it follows.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from redis.exceptions import RedisError
from sqlalchemy import select

from app.server_addresses import libpq_parameters
from app.storage.redis_connection import bounded_redis
from tests.cluster.conftest import City, Fault
from tests.cluster.load import Load
from tests.cluster.three_nodes import Node
from tests.faults.nodes import wait_until
from tickets.schema import DoneDay, Ticket

pytestmark = [pytest.mark.fault, pytest.mark.slow]


def under_way(city: City, load: Load) -> None:
    assert wait_until(lambda: load.goes_on(since=0.0, count=10)), city.nodes[0].log("web")


def recovered(city: City, load: Load, fault: Fault) -> None:
    back = wait_until(lambda: load.goes_on(since=fault.at + 3, count=10), seconds=240)
    assert back, (city.cluster.members(), [node.log("web")[-1500:] for node in city.nodes[:2]])


def test_the_guide_ends_with_a_primary_two_standbys_and_a_commit_that_waits(city: City):
    said = city.said_by_the_guide

    assert re.search(r"Leader", said)
    assert re.search(r"Sync Standby", said)
    assert "The database schema is up to date." in said
    assert len(re.findall(r"^ok +server \S+: standby$", said, re.M)) == 2
    assert len(re.findall(r"^ok +server \S+: primary; a commit waits for a standby", said, re.M)) == 1
    assert "3 sentinels are asked which is the master of hotline" in said


def test_a_whole_node_is_lost_with_the_primary_on_it(city: City):
    lost = city.cluster.wait_for_primary()
    with city.load() as load:
        under_way(city, load)

        fault = Fault()
        lost.lose()

        recovered(city, load, fault)
        redis = bounded_redis(city.settings.redis_url, patience_seconds=2)
        assert wait_until(lambda: answers(redis), seconds=60)
    leader = city.cluster.wait_for_primary()
    put_back(city, lost)

    city.assert_all_is_there_once(load)
    assert leader.number != lost.number
    city.assert_back_in_time("A node lost", load, fault, lost=lost.number, promoted=leader.number)


def answers(redis) -> bool:
    try:
        return bool(redis.set("here", "1"))
    except (RedisError, OSError):
        return False


def put_back(city: City, node: Node) -> None:
    node.start_servers()
    if node in city.nodes[:2]:
        city.start_hotline(node)
        # As its proxy does before it sends anybody there again; what lay in its spool is replayed from then on.
        assert wait_until(lambda: lives(city, node)), node.log("web")
    city.cluster.wait_until_whole()


def lives(city: City, node: Node) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"http://{node.address}:{city.settings.port}/health/live", timeout=5).ok
    return False


def test_the_primary_is_killed_under_load(city: City):
    city.cluster.wait_until_whole()
    leader = city.cluster.wait_for_primary()
    with city.load() as load:
        under_way(city, load)

        fault = Fault()
        for pid in processes_of(leader, "postgres"):
            os.kill(pid, signal.SIGKILL)

        recovered(city, load, fault)
    after = city.cluster.wait_for_primary()
    city.cluster.wait_until_whole()

    city.assert_all_is_there_once(load)
    city.assert_back_in_time("The primary killed", load, fault, was=leader.number, then=after.number)


def processes_of(node: Node, name: str) -> list[int]:
    told = subprocess.run(["ip", "netns", "pids", node.namespace], capture_output=True, text=True, check=True)
    found = []
    for pid in map(int, told.stdout.split()):
        with suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                found.append(pid)
    return found


def test_the_primarys_network_is_cut_and_nothing_is_lost_when_it_comes_back(city: City):
    city.cluster.wait_until_whole()
    cut = city.cluster.wait_for_primary()
    inside = writing_inside(city, cut)
    with city.load() as load:
        under_way(city, load)
        time.sleep(5)

        fault = Fault()
        cut.isolate()
        recovered(city, load, fault)
        time.sleep(20)
        promoted = city.cluster.wait_for_primary()
        cut.join()
        # Whoever returns with an old view of who leads must not lead again.
        time.sleep(30)
        city.cluster.wait_until_whole()
        still = city.cluster.wait_for_primary()
    inside.terminate()
    said = [json.loads(line) for line in inside.communicate(timeout=30)[0].splitlines()]
    first_of_the_next = min(at for at in load.tickets.values() if at > fault.at + 3)
    while_cut = [one for one in said if fault.at + 1 < one["at"] < first_of_the_next]

    assert len(said) > 5
    assert promoted.number != cut.number
    assert still.number == promoted.number
    assert while_cut == [], "two wrote at once"
    city.assert_all_is_there_once(load)
    assert not_there(city, said) == []
    city.assert_back_in_time(
        "The network cut", load, fault, cut=cut.number, promoted=promoted.number, acknowledged_inside=len(said)
    )


def writing_inside(city: City, node: Node) -> subprocess.Popen[str]:
    told = {**libpq_parameters(city.settings.database_url), "host": node.address, "port": "5432"}
    address = f"postgresql://{told['user']}:{told['password']}@{node.address}:5432/{told['dbname']}"
    words = ["tests/cluster/write_inside.py", address, f"http://{node.address}:{city.settings.port}", city.token]
    return subprocess.Popen(
        ["ip", "netns", "exec", node.namespace, sys.executable, *words], stdout=subprocess.PIPE, text=True
    )


def not_there(city: City, said: list[dict[str, object]]) -> list[dict[str, object]]:
    with city.factory() as session:
        rows = set(session.scalars(select(DoneDay.work)))
        tickets = set(session.scalars(select(Ticket.subject)))
    return [one for one in said if one.get("row") not in rows and one.get("ticket") not in tickets]


def test_after_all_of_it_hotline_is_ready(city: City):
    node = city.nodes[1]

    def is_ready() -> bool:
        try:
            told = requests.get(f"http://{node.address}:{city.settings.port}/health/ready", timeout=5)
        except requests.RequestException:
            return False
        print(told.status_code, told.json().get("reasons"))
        return told.status_code == 200

    assert wait_until(is_ready, seconds=120)
