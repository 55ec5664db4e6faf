"""One cluster for all tests of this folder: setting it up takes a minute, and each test leaves it whole."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from app.accounts.enrolment import add_token
from app.processes.commands import command_of, environment_of
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from tests.cluster.guide import follow, settings_of_the_guide
from tests.cluster.load import Load
from tests.cluster.three_nodes import Cluster, Node, missing, three_nodes
from tests.faults.nodes import LONG, wait_until
from tests.faults.promised import seconds_without_processor
from tickets.schema import InboundSms, Ticket

WITH_HOTLINE = 2
# What is promised; counted from the fault to the next ticket that a program is told of.
BACK_WITHIN_SECONDS = 60.0


@dataclass
class City:
    """The cluster with Hotline on two of its nodes."""

    cluster: Cluster
    settings: Settings
    token: str
    factory: sessionmaker[Session]
    said_by_the_guide: str

    @property
    def nodes(self) -> list[Node]:
        return self.cluster.nodes

    def start_hotline(self, node: Node) -> None:
        """As `hotline.target` of that node."""
        data = node.folder / "hotline"
        data.mkdir(exist_ok=True)
        here = self.settings.model_copy(update={"host": node.address, "data_dir": data})
        environment = {**environment_of(here), "HOTLINE_PUBLIC_BASE_URL": here.public_base_url}
        for name in ("web", "worker", "scheduler"):
            node.start(name, *command_of(name, here), **environment)

    def load(self) -> Load:
        addresses = [f"http://{node.address}:{self.settings.port}" for node in self.nodes[:WITH_HOTLINE]]
        return Load(addresses, self.settings, self.token)

    def assert_all_is_there_once(self, load: Load) -> None:
        """Whatever was acknowledged, whoever was told so."""
        kept = wait_until(lambda: not self.lost(load), seconds=90)
        assert kept, f"acknowledged and not there: {self.lost(load)}"
        with self.factory() as session:
            twice = session.execute(select(Ticket.subject).group_by(Ticket.subject).having(func.count() > 1)).scalars()
            assert [subject for subject in twice if subject in load.tickets] == []

    def lost(self, load: Load) -> set[str]:
        """A text may lie in the spool of its node for a while; it is in the database before long."""
        with self.factory() as session:
            tickets = set(session.scalars(select(Ticket.subject)))
            texts = set(session.scalars(select(InboundSms.message_sid).where(InboundSms.ticket_id.is_not(None))))
        return (set(load.tickets) - tickets) | (set(load.texts) - texts)

    def assert_back_in_time(self, name: str, load: Load, fault: "Fault", **more: object) -> None:
        """Written down for whoever reads the run, and for the guide; time in which processors lacked is not ours."""
        silence, lacking = load.longest_silence(since=fault.at), fault.share_without_processor()
        told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in more.items())
        print(
            f"\n{name}: {len(load.tickets)} tickets and {len(load.texts)} texts acknowledged, all there once; longest "
            f"time without a ticket {silence:.1f} s; processors were short for {lacking:.0%} of it; {told}"
        )
        assert silence * (1 - lacking) <= BACK_WITHIN_SECONDS


class Fault:
    """When it was, and how much of the time since then this machine had work for more processors than it has."""

    def __init__(self) -> None:
        self.at, self._before = time.monotonic(), seconds_without_processor()

    def share_without_processor(self) -> float:
        waited = (seconds_without_processor() or 0.0) - (self._before or 0.0)
        return min(1.0, waited / max(0.001, time.monotonic() - self.at))


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    if not LONG:
        pytest.skip("takes minutes; runs with --long")
    if why := missing():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="hotline-cluster-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with three_nodes(folder) as cluster:
            said = follow(folder / "guide", cluster.nodes[0].folder, HOTLINE_SECRET_KEY=SECRET)
            yield from _with_hotline(cluster, said, folder)


SECRET = "a-test-key-of-sufficient-length-0123456789abcdef"


def _with_hotline(cluster: Cluster, said: str, folder: Path) -> Iterator[City]:
    exported = {name.removeprefix("HOTLINE_").lower(): value for name, value in settings_of_the_guide().items()}
    settings = Settings(
        **exported, secret_key=SECRET, public_base_url="http://127.0.0.1:8000", port=8000, data_dir=folder / "guide",
        demo=True, _env_file=None,
    )  # fmt: skip
    engine = make_engine(settings.database_url, pool_size=3)
    factory = session_factory(engine)
    with transaction(factory) as session:
        token = add_token(session, name="program", scopes=["tickets:write"], unit_code="", now=datetime.now(UTC))
    city = City(cluster, settings, token, factory, said)
    for node in cluster.nodes[:WITH_HOTLINE]:
        city.start_hotline(node)
    yield city
    engine.dispose()
