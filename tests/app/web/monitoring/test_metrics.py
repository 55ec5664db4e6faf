"""`/metrics`: what Prometheus reads, and that nobody else reads it, however the request came here."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app.settings import Settings
from app.web.factory import create_app
from tests.factories import open_ticket

TOKEN = "a-token-for-the-monitoring-0123456789"


def samples(page: str) -> dict[str, float]:
    told = [line for line in page.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in told)}


@pytest.fixture(params=["loopback", "production"])
def guarded(request: pytest.FixtureRequest, settings: Settings, database, session, now) -> Iterator[FlaskClient]:
    """The product with a metrics token, on this machine alone and on a public address."""
    public = {"public_base_url": "https://hotline.example.vn", "demo": False} if request.param == "production" else {}
    app = create_app(settings.model_copy(update={"metrics_token": TOKEN, **public}), engine=database)
    with app.bound_to(session, now):
        yield app.test_client()


def test_the_figures_are_those_of_the_rows(client: FlaskClient, session) -> None:
    before = samples(client.get("/metrics").get_data(as_text=True))
    open_ticket(session)
    open_ticket(session)

    after = samples(client.get("/metrics").get_data(as_text=True))

    tickets = 'hotline_tickets_unfinished{status="new"}'
    assert after[tickets] - before.get(tickets, 0) == 2
    assert after["hotline_audit_unsealed"] > before["hotline_audit_unsealed"]


def test_this_machine_reads_them_without_a_token(guarded: FlaskClient) -> None:
    for name in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        answer = guarded.get("/metrics", base_url=f"http://{name}")

        assert answer.status_code == 200, name
        assert "hotline_tickets_overdue" in answer.get_data(as_text=True)


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.8", "2001:db8::7"])
def test_another_machine_needs_the_token(guarded: FlaskClient, address: str) -> None:
    from_there = {"REMOTE_ADDR": address}

    without = guarded.get("/metrics", environ_overrides=from_there)
    wrong = guarded.get("/metrics", environ_overrides=from_there, headers={"Authorization": f"Bearer {TOKEN}x"})
    empty = guarded.get("/metrics", environ_overrides=from_there, headers={"Authorization": "Bearer "})
    right = guarded.get("/metrics", environ_overrides=from_there, headers={"Authorization": f"Bearer {TOKEN}"})

    assert [answer.status_code for answer in (without, wrong, empty, right)] == [403, 403, 403, 200]


@pytest.mark.parametrize(
    "passed_on",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "203.0.113.7, 127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Host": "localhost"},
        {"Via": "1.1 proxy"},
        {"Host": "hotline.example.vn"},
    ],
    ids=lambda passed_on: " ".join(map(": ".join, passed_on.items())),
)
def test_what_a_proxy_on_this_machine_passes_on_is_not_local(guarded: FlaskClient, passed_on: dict[str, str]) -> None:
    without = guarded.get("/metrics", headers=passed_on)
    right = guarded.get("/metrics", headers={**passed_on, "Authorization": f"Bearer {TOKEN}"})

    assert (without.status_code, right.status_code) == (403, 200)


def test_without_a_token_in_the_settings_no_token_opens_them(client: FlaskClient) -> None:
    from_there = {"REMOTE_ADDR": "203.0.113.7"}

    for given in ("", "Bearer", "Bearer ", "Bearer x"):
        answer = client.get("/metrics", environ_overrides=from_there, headers={"Authorization": given})

        assert answer.status_code == 403, given
