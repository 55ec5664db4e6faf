"""Three nodes in network namespaces, set up from `deploy/` as its guide says: etcd, Patroni, PostgreSQL, Redis."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import requests

from app.settings import ROOT
from tests.faults.nodes import wait_until

# Those of the guide, on a network of the test's own.
NETWORK, GUIDES_NETWORK = "10.77.0", "10.0.0"
NUMBERS = (1, 2, 3)
BRIDGE = "hl-cluster"
OUTSIDE = f"{NETWORK}.254"
SUPERUSER = "superuser-password"
POSTGRES = Path("/usr/lib/postgresql/15/bin/postgres")
# Where the guide installs it; the one of Debian 12 hands the city to a server that lacks what was acknowledged.
PATRONI = Path("/opt/patroni/bin")
LEAST_PATRONI = (4, 0, 6)
NEEDED = ("ip", "setpriv", "etcd", "redis-server", "redis-sentinel")


def missing() -> str:
    """What keeps these tests from running here; empty when nothing does."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if not POSTGRES.exists():
        absent.append("postgresql-15")
    if absent:
        return f"needs Debian's iproute2, etcd-server, postgresql, redis-sentinel (missing: {', '.join(absent)})"
    if patroni_version() < LEAST_PATRONI:
        return "needs Patroni 4.0.6 or newer in /opt/patroni, as the guide installs it"
    made = subprocess.run(["ip", "netns", "add", "hl-probe"], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", "hl-probe"], capture_output=True, check=False)
    return "" if made.returncode == 0 else "needs network namespaces"


def patroni_version() -> tuple[int, ...]:
    with suppress(OSError):
        told = subprocess.run([PATRONI / "patroni", "--version"], capture_output=True, text=True, check=False).stdout
        return tuple(int(part) for part in re.findall(r"\d+", told))
    return ()


@dataclass
class Node:
    """One machine: its namespace, its folder, and the processes that run on it."""

    number: int
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        return f"hl-node{self.number}"

    @property
    def link(self) -> str:
        return f"hl-v{self.number}"

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.number}"

    def start(self, name: str, *command: str | Path, user: str = "", **environment: str) -> None:
        """As a service manager of the node would."""
        words = ["ip", "netns", "exec", self.namespace]
        if user:
            words += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*words, *map(str, command)],
                cwd=self.folder if user else ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
                start_new_session=True,
            )

    def lose(self) -> None:
        """As a power cut would: everything in its namespace ends at once."""
        pids = subprocess.run(["ip", "netns", "pids", self.namespace], capture_output=True, text=True, check=False)
        for pid in pids.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        for process in self.processes.values():
            process.wait(30)
        self.processes.clear()

    def isolate(self) -> None:
        """The switch loses its port: packets vanish, and nobody is told."""
        run("ip", "link", "set", self.link, "nomaster")

    def join(self) -> None:
        run("ip", "link", "set", self.link, "master", BRIDGE)

    def start_servers(self) -> None:
        self.start("etcd", "etcd", **self._environment("patroni/etcd.env"))
        self.start(
            "patroni",
            PATRONI / "patroni",
            self.folder / "patroni.yml",
            user="postgres",
            **self._environment("patroni/node.env"),
        )
        for program, name in (("redis-server", "valkey"), ("redis-sentinel", "sentinel")):
            self.start(name, program, self.folder / f"{name}.conf")

    def _environment(self, file: str) -> dict[str, str]:
        lines = self.adapted((ROOT / "deploy" / file).read_text()).splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def adapted(self, text: str) -> str:
        """The guide's example for its first node, for this one; only names, addresses and folders differ."""
        everybody = [f"{GUIDES_NETWORK}.{n}" for n in NUMBERS]
        kept = []
        for line in text.splitlines():
            # A line that names all members is the same on every node, and so is the master at the beginning.
            if all(one in line for one in everybody) or "monitor" in line or "replicaof" in line:
                kept.append(line)
            else:
                kept.append(
                    line.replace(f"{GUIDES_NETWORK}.1", f"{GUIDES_NETWORK}.{self.number}").replace(
                        "=node1", f"=node{self.number}"
                    )
                )
        adapted = "\n".join(kept).replace(f"{GUIDES_NETWORK}.", f"{NETWORK}.")
        for folder in ("/var/lib/postgresql", "/var/run/postgresql", "/var/lib/etcd", "/var/lib/redis"):
            adapted = adapted.replace(folder, str(self.folder / folder.rsplit("/", 1)[1]))
        return adapted + "\n"

    def write_configuration(self) -> None:
        self.folder.mkdir()
        for name in ("postgresql", "etcd", "redis"):
            (self.folder / name).mkdir(mode=0o700)
        (self.folder / "patroni.yml").write_text(self.adapted((ROOT / "deploy/patroni/patroni.yml").read_text()))
        (self.folder / "node.env").write_text(self.adapted((ROOT / "deploy/patroni/node.env").read_text()))
        valkey = self.adapted((ROOT / "deploy/valkey/valkey.conf").read_text())
        if self.number != 1:
            valkey += f"replicaof {NETWORK}.1 6379\n"
        (self.folder / "valkey.conf").write_text(valkey)
        (self.folder / "sentinel.conf").write_text(self.adapted((ROOT / "deploy/valkey/sentinel.conf").read_text()))
        for path in (self.folder, self.folder / "postgresql"):
            shutil.chown(path, "postgres", "postgres")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def leads(self) -> bool:
        """Whether its Patroni says that it holds the primary."""
        with suppress(requests.RequestException):
            return requests.get(f"http://{self.address}:8008/primary", timeout=2).status_code == 200
        return False


@dataclass
class Cluster:
    nodes: list[Node]

    def primary(self) -> Node | None:
        return next((node for node in self.nodes if node.leads()), None)

    def wait_for_primary(self, *, seconds: float = 120) -> Node:
        assert wait_until(lambda: self.primary() is not None, seconds=seconds), self.nodes[0].log("patroni")
        found = self.primary()
        assert found is not None
        return found

    def is_whole(self) -> bool:
        """A primary, two standbys that stream, one of them synchronous, and Patroni has written down which."""
        return sorted(self.members().values()) == ["primary", "replica", "sync"] and self.roles() == {
            "leader": 1,
            "replica": 1,
            "sync_standby": 1,
        }

    def roles(self) -> Counter[str]:
        """As Patroni would choose from them."""
        for node in self.nodes:
            with suppress(requests.RequestException):
                told = requests.get(f"http://{node.address}:8008/cluster", timeout=2).json()
                return Counter(str(member["role"]) for member in told["members"])
        return Counter()

    def members(self) -> dict[str, str]:
        leader = self.primary()
        if leader is None:
            return {}
        found = {f"node{leader.number}": "primary"}
        with (
            suppress(psycopg.Error),
            psycopg.connect(superuser_url(leader), autocommit=True, connect_timeout=3) as connection,
        ):
            rows = connection.execute(
                "select application_name, sync_state from pg_stat_replication where state = 'streaming'"
            )
            found |= {name: "sync" if state == "sync" else "replica" for name, state in rows}
        return found

    def wait_until_whole(self, *, seconds: float = 180) -> None:
        assert wait_until(self.is_whole, seconds=seconds), (
            self.members(),
            [n.log("patroni")[-800:] for n in self.nodes],
        )


def superuser_url(node: Node, database: str = "postgres") -> str:
    return f"postgresql://postgres:{SUPERUSER}@{node.address}:5432/{database}"


def run(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@contextmanager
def three_nodes(folder: Path) -> Iterator[Cluster]:
    """A network with three nodes on it, and nothing left of them afterwards."""
    nodes = [Node(number, folder / f"node{number}") for number in NUMBERS]
    folder.chmod(0o755)
    _clear_away(nodes)
    with ExitStack() as stack:
        stack.callback(_clear_away, nodes)
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "address", "add", f"{OUTSIDE}/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        for node in nodes:
            _plug_in(node)
            node.write_configuration()
            node.start_servers()
        cluster = Cluster(nodes)
        cluster.wait_until_whole()
        yield cluster


def _plug_in(node: Node) -> None:
    run("ip", "netns", "add", node.namespace)
    run("ip", "link", "add", node.link, "type", "veth", "peer", "name", "eth0", "netns", node.namespace)
    run("ip", "link", "set", node.link, "master", BRIDGE, "up")
    inside = ("ip", "netns", "exec", node.namespace, "ip")
    run(*inside, "address", "add", f"{node.address}/24", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")
    run(*inside, "link", "set", "lo", "up")


def _clear_away(nodes: list[Node]) -> None:
    for node in nodes:
        node.lose()
    deadline = time.monotonic() + 10
    for words in (
        *(("ip", "netns", "del", node.namespace) for node in nodes),
        *(("ip", "link", "del", node.link) for node in nodes),
        ("ip", "link", "del", BRIDGE),
    ):
        while subprocess.run(words, capture_output=True, check=False).returncode and time.monotonic() < deadline - 9:
            time.sleep(0.2)
