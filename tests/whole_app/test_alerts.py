"""The alerts for a city's Prometheus: quiet on a good day, and every one raised by the fault that it is for.

Faults are made in rows, files and answers of the product, `/metrics` is read before and after, and Prometheus's own
promtool judges. What cannot be made here (a full disk, a wrong clock of this machine) is pretended in what was read.
"""

import json
import math
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.settings import ROOT, Settings
from app.storage.database import make_engine
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from tests.conftest import Servers
from tests.whole_app.nights import a_good_day, clock_that_holds, every_fault

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
BOARD = ROOT / "deploy" / "grafana" / "hotline.json"
RUNBOOK = ROOT / "docs" / "operate" / "runbook.md"
PROMTOOL = shutil.which("promtool")
# Of Prometheus itself and of the blackbox exporter; their values are pretended.
NOT_OURS = {"up", "probe_success", "probe_ssl_earliest_cert_expiry"}
# A figure of ours is constant in both scrapes here, and what it would be in the fault.
PRETENDED = {
    "hotline_clock_here_ahead_seconds": 45.0,
    "hotline_database_connections": 95.0,
    "hotline_database_connections_limit": 100.0,
    "hotline_disk_free_bytes": 1e9,
    "hotline_disk_bytes": 1e12,
}
OUTSIDE = {
    'up{job="hotline",instance="web-2"}': 0,
    'probe_success{job="hotline-live",instance="web-2"}': 0,
    'probe_success{job="hotline-outside",instance="www"}': 0,
    'probe_ssl_earliest_cert_expiry{job="hotline-outside",instance="www"}': 86400 * 7,
}
HERE = 'job="hotline",instance="web-1"}'
# What is there when nothing at all is read of us.
WITH_NOTHING = {"HotlineNobodyTells"}
WITH_NO_DATABASE = {"HotlineDatabaseSilent"}


@dataclass(frozen=True, slots=True)
class Night:
    """What `/metrics` said on a good day, in the middle of every fault at once, and with no database at all."""

    before: Mapping[str, float]
    after: Mapping[str, float]
    away: Mapping[str, float]


def rules() -> dict[str, dict[str, Any]]:
    document = yaml.safe_load(ALERTS.read_text("utf-8"))
    return {rule["alert"]: rule for group in document["groups"] for rule in group["rules"]}


def samples(client: FlaskClient) -> dict[str, float]:
    page = client.get("/metrics").get_data(as_text=True)
    return {
        sample.name + "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in sample.labels.items()) + "}": (
            sample.value
        )
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def night(
    app: HotlineApp, settings: Settings, database: Engine, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Night:
    """Made as the owner of the tables, who alone can spoil them, in one transaction that is rolled back."""
    here = settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("node")})
    owner = make_engine(servers.url(str(database.url.database), owner=True), pool_size=1)
    with owner.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            before, after = read_twice(app, session, here)
        outer.rollback()
    owner.dispose()
    lost = create_app(here.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/nothing"}))
    return Night(before, after, samples(lost.test_client()))


def read_twice(app: HotlineApp, session: Session, here: Settings) -> tuple[dict[str, float], dict[str, float]]:
    now, client = utc_now(), app.test_client()
    with pytest.MonkeyPatch.context() as patched, app.bound_to(session, now):
        patched.setattr(app, "settings", here)
        a_good_day(session, here, now)
        client.post("/webhooks/sim/voice")
        before = samples(client)
        every_fault(app, session, here, now)
        session.commit()
        for endpoint in ("track.form", "webhooks.receive"):
            patched.setitem(app.view_functions, endpoint, broken(app.view_functions[endpoint]))
        client.get("/track")
        client.post("/webhooks/sim/voice")
        patched.setattr(app, "settings", here.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
        clock_that_holds(session)
        # Nothing more can be written from here on.
        session.execute(text("set local transaction_read_only = on"))
        return before, samples(client)


def broken(view: Any) -> Any:
    def fails(**_given: object) -> None:
        raise RuntimeError("broken on purpose")

    fails.access, fails.__module__ = view.access, view.__module__  # type: ignore[attr-defined]
    return fails


def series(night: Night, name: str) -> list[dict[str, str]]:
    """As promtool takes them: every half minute the same again, counters growing as they grew from before to after."""
    if name == "after":
        told = [(sample, *in_the_fault(night, sample)) for sample in night.after]
    else:
        told = [(sample, value, 0.0) for sample, value in {"before": night.before, "away": night.away}[name].items()]
    found = [
        {
            "series": as_scraped(sample),
            "values": f"{shown(value)}+{shown(growth)}x60",
        }
        for sample, value, growth in told
        if not math.isnan(value)
    ]
    outside = OUTSIDE if name == "after" else {}
    return found + [{"series": one, "values": f"{value}+0x60"} for one, value in outside.items()]


def as_scraped(sample: str) -> str:
    """With whom it was asked of, under labels of Prometheus's own, which would rename ours of the same name."""
    assert not re.search(r'[{,](job|instance)="', sample), f"Prometheus renames a label of {sample}"
    return sample[:-1] + ("," if sample[-2] != "{" else "") + HERE


def in_the_fault(night: Night, sample: str) -> tuple[float, float]:
    """The figure, and by how much it grows each time it is read."""
    metric, value = sample.partition("{")[0], night.after[sample]
    if metric.endswith(("_total", "_bucket", "_sum", "_count")):
        before = night.before.get(sample, 0.0)
        return before, value - before
    return PRETENDED.get(metric, value), float(metric == "hotline_leader_epoch")


def shown(value: float) -> str:
    # promtool counts on from a number, and takes no endless one.
    return "1e300" if math.isinf(value) else repr(value)


def firing(tmp_path: Path, known: list[dict[str, str]]) -> set[str]:
    """The alerts that fire when it has been so for twenty minutes."""
    asked = {"expr": 'group by (alertname) (ALERTS{alertstate="firing"})', "eval_time": "20m", "exp_samples": []}
    told = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "15s",
        "tests": [{"interval": "30s", "input_series": known, "promql_expr_test": [asked]}],
    }
    file = tmp_path / "night.yaml"
    file.write_text(yaml.safe_dump(told), "utf-8")
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    # Nothing is expected, so that whatever fires is told as a difference.
    _, is_different, got = said.partition("got:")
    assert done.returncode == 0 or is_different, said[:2000]
    return set(re.findall(r'alertname="(\w+)"', got))


needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian's prometheus)")


@needs_promtool
def test_promtool_takes_the_file() -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_every_fault_raises_its_alert(night: Night, tmp_path: Path) -> None:
    fired = firing(tmp_path, series(night, "after"))

    assert set(rules()) - fired == WITH_NO_DATABASE | WITH_NOTHING
    assert fired <= set(rules())


@needs_promtool
def test_a_good_day_raises_none(night: Night, tmp_path: Path) -> None:
    assert firing(tmp_path, series(night, "before")) == set()


@needs_promtool
def test_a_lost_database_is_told_by_a_node_that_never_heard_of_it(night: Night, tmp_path: Path) -> None:
    assert night.away["hotline_database_answers{}"] == 0
    assert firing(tmp_path, series(night, "away")) >= WITH_NO_DATABASE


@needs_promtool
def test_no_node_at_all_is_told(tmp_path: Path) -> None:
    assert firing(tmp_path, []) == WITH_NOTHING


WORD = re.compile(r"\b((?:hotline|probe)_[a-z_]+|up)\b(\{[^}]*\})?")


def test_everything_an_alert_asks_for_is_told(night: Night) -> None:
    told = {sample.partition("{")[0] for sample in night.after}
    asked = {metric for rule in rules().values() for metric, _ in WORD.findall(rule["expr"])}

    assert asked - told == NOT_OURS


def test_every_label_an_alert_asks_for_is_there(night: Night) -> None:
    def is_there(metric: str, selector: str) -> bool:
        wanted = re.findall(r'(\w+)(=~|=)"([^"]*)"', selector)
        return any(
            all(
                any(re.fullmatch(value, found) for found in re.findall(rf'[{{,]{label}="([^"]*)"', sample))
                for label, _, value in wanted
            )
            for sample in night.after
            if sample.startswith(metric + "{")
        )

    missing = [
        (name, metric + selector)
        for name, rule in rules().items()
        for metric, selector in WORD.findall(rule["expr"])
        if metric not in NOT_OURS and not is_there(metric, selector)
    ]

    assert missing == []


def test_everything_the_board_shows_is_told(night: Night) -> None:
    told = {sample.partition("{")[0] for sample in night.after}
    board = json.loads(BOARD.read_text("utf-8"))
    asked = {
        panel["title"]: {metric for target in panel.get("targets", ()) for metric, _ in WORD.findall(target["expr"])}
        for panel in board["panels"]
        if panel["type"] != "row"
    }

    assert len(asked) > 20
    assert {title: metrics - told for title, metrics in asked.items() if not metrics or metrics - told} == {}


def test_every_alert_has_its_entry_and_every_entry_its_alert() -> None:
    entries_there = re.split(r"^### ", RUNBOOK.read_text("utf-8"), flags=re.MULTILINE)[1:]
    named = {entry.partition("\n")[0]: entry for entry in entries_there}

    assert set(named) == set(rules())
    for name, rule in rules().items():
        assert rule["annotations"]["runbook_url"].endswith(f"docs/operate/runbook.md#{name.lower()}")
        for part in ("**People notice:**", "**Now:**", "**Over when:**"):
            assert part in named[name], (name, part)
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_connections_of_the_sizing_guide_are_those_of_the_pools(night: Night) -> None:
    pages, telephone = (night.away[f'hotline_pool_limit{{pool="{pool}"}}'] for pool in ("pages", "telephone"))
    guide = (ROOT / "docs" / "operate" / "sizing.md").read_text("utf-8")

    web = 2 * (pages + telephone + 2)
    assert f"× ({pages:.0f} for pages + {telephone:.0f} for the telephone + 2 for monitoring)" in guide
    assert f"a node {web + 13 + 20 + 20:.0f}" in guide
