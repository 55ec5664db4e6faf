"""Redis named by its sentinels: when the master dies, waking, counting and the worker go on with the next."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from limits.storage import storage_from_string
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from app.delivery import wake_up
from app.engines.binaries import installed_binaries
from app.processes.worker import ThreadedRqWorker
from app.settings import Settings
from app.storage.redis_connection import bounded_redis
from app.web.frame.counting_requests import limiter_options, limiter_storage
from tests.faults.nodes import wait_until

SENTINEL = """\
port {port}
bind 127.0.0.1
requirepass asked
dir {folder}
sentinel monitor hotline 127.0.0.1 {master} 1
sentinel auth-pass hotline kept
sentinel down-after-milliseconds hotline 500
sentinel failover-timeout hotline 2000
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server(stack: ExitStack, folder: Path, *words: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [installed_binaries().valkey_server, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    master, replica, sentinel = free_port(), free_port(), free_port()
    common = ["--bind", "127.0.0.1", "--save", "", "--requirepass", "kept", "--masterauth", "kept"]
    with ExitStack() as stack:
        first = server(stack, tmp_path, "--port", str(master), *common)
        server(stack, tmp_path, "--port", str(replica), *common, "--replicaof", f"127.0.0.1 {master}")
        # A sentinel looks for replicas when it begins and then every ten seconds.
        assert wait_until(lambda: has_a_replica(Redis(port=master, password="kept")))
        configuration = tmp_path / "sentinel.conf"
        configuration.write_text(SENTINEL.format(port=sentinel, folder=tmp_path, master=master))
        server(stack, tmp_path, str(configuration), "--sentinel")
        assert wait_until(lambda: knows_a_replica(Redis(port=sentinel, password="asked")))
        yield (
            f"redis+sentinel://:kept@127.0.0.1:{free_port()},127.0.0.1:{sentinel}/hotline/1?sentinel_password=asked",
            first,
        )


def has_a_replica(master: Redis) -> bool:
    try:
        return master.info("replication").get("slave0", {}).get("state") == "online"
    except RedisError:
        return False


def knows_a_replica(sentinel: Redis) -> bool:
    try:
        return [one["master-link-status"] for one in sentinel.sentinel_slaves("hotline")] == ["ok"]
    except RedisError:
        return False


def test_when_the_master_dies_the_next_one_is_woken_and_counted_at(watched, settings: Settings):
    url, master = watched
    node = settings.model_copy(update={"redis_url": url})
    client = bounded_redis(url, patience_seconds=1)
    queue = Queue(wake_up.QUEUE, connection=client, serializer=JSONSerializer)
    wake_up.wake_outbox(node)
    waited_before = queue.count

    master.kill()
    assert wait_until(lambda: woken(node, queue))
    worker = ThreadedRqWorker([queue], connection=client, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="WARNING", with_scheduler=False)
    counting = storage_from_string(limiter_storage(node), **limiter_options(node))

    assert waited_before == 1
    assert wake_up.awake.is_set()
    assert queue.count == 0
    assert counting.check()
    assert counting.incr("somebody", 60) == 1
    assert client.connection_pool.connection_kwargs["db"] == 1


def woken(node: Settings, queue: Queue) -> bool:
    wake_up.awake.clear()
    try:
        wake_up.wake_outbox(node)
        return queue.count > 0
    except RedisError:
        return False
