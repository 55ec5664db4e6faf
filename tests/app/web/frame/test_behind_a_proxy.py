"""A public installation stands behind proxies: who is counted, and what a sender can make us believe."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app.settings import Settings
from app.web.factory import create_app
from app.web.frame.limits import limiter
from tests.app.web.public.public_forms import fields_of

PUBLIC = "https://hotline.example.vn"
CITIZEN, NEIGHBOUR, FIREWALL = "203.0.113.7", "203.0.113.8", "10.0.0.2"
# So many links with which somebody acknowledges a level may be tried from one address.
MOST_A_MINUTE = 60

Browser = Callable[..., FlaskClient]


@pytest.fixture
def behind(settings: Settings, database, session, now) -> Iterator[Browser]:
    """A browser of the product on its public address behind so many proxies of ours."""
    with ExitStack() as open_apps:

        def browser(*, proxies: int = 1) -> FlaskClient:
            public = settings.model_copy(update={"public_base_url": PUBLIC, "demo": False, "trusted_proxies": proxies})
            app = create_app(public, engine=database)
            open_apps.enter_context(app.bound_to(session, now))
            forget_counts(app)
            open_apps.callback(forget_counts, app)
            return app.test_client()

        yield browser


def forget_counts(app: Flask) -> None:
    with app.app_context():
        limiter.reset()


def passed_on(*addresses: str, base_url: str = PUBLIC, **more: str) -> dict[str, object]:
    """What our nearest proxy, on this machine and ending TLS, sends on: each has added whom it heard it from."""
    headers = {"X-Forwarded-For": ", ".join(addresses), "X-Forwarded-Proto": "https", "Referer": f"{base_url}/", **more}
    return {"base_url": base_url, "headers": headers, "environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}}


def guess_links(client: FlaskClient, *addresses: str, times: int = MOST_A_MINUTE) -> int:
    """How the last of so many guesses is answered."""
    return [client.get("/a/a-guess", **passed_on(*addresses)).status_code for _guess in range(times)][-1]


def test_citizens_behind_the_proxy_are_counted_each_for_themselves(behind: Browser) -> None:
    client = behind()

    assert guess_links(client, CITIZEN) == 404
    assert guess_links(client, CITIZEN, times=1) == 429
    assert guess_links(client, NEIGHBOUR, times=1) == 404


def test_an_address_that_a_sender_writes_themselves_does_not_count(behind: Browser) -> None:
    client = behind()
    guess_links(client, CITIZEN)

    for forged in ("198.51.100.1", "127.0.0.1", f"{NEIGHBOUR}, 198.51.100.2", "unknown", ""):
        assert guess_links(client, *filter(None, [forged]), CITIZEN, times=1) == 429, forged
    assert guess_links(client, NEIGHBOUR, times=1) == 404, "nobody can use up what another one has"


def test_behind_two_proxies_the_second_address_from_the_end_is_the_citizens(behind: Browser) -> None:
    client = behind(proxies=2)

    assert guess_links(client, CITIZEN, FIREWALL) == 404
    assert guess_links(client, "198.51.100.1", CITIZEN, FIREWALL, times=1) == 429
    assert guess_links(client, NEIGHBOUR, FIREWALL, times=1) == 404


def test_without_a_proxy_of_ours_nothing_that_is_passed_on_is_believed(behind: Browser, client: FlaskClient) -> None:
    for which in (behind(proxies=0), client):
        forget_counts(which.application)

        statuses = [guess_links(which, f"198.51.100.{n}", times=1) for n in range(MOST_A_MINUTE + 1)]

        assert statuses == [404] * MOST_A_MINUTE + [429]


def test_scheme_and_host_that_a_sender_claims_are_not_believed(behind: Browser) -> None:
    client = behind()
    claimed = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil"}

    with client:
        client.get("/track", **passed_on(CITIZEN, **claimed, **{"X-Forwarded-Port": "99"}))

        assert (request.remote_addr, request.url) == (CITIZEN, f"{PUBLIC}/track")


def test_links_that_leave_the_house_name_the_public_address_whatever_name_was_asked_for(
    behind: Browser,
) -> None:
    client = behind()
    evil = passed_on(CITIZEN, base_url="https://evil.example", **{"X-Forwarded-Host": "evil.example"})

    page = client.get("/", **evil)
    form = fields_of(page.get_data(as_text=True), "/")
    for name, value in {"body": "Cống nghẹt", "place": "phường Sài Gòn", "email": "lan@example.vn"}.items():
        form[name] = value
    sent = client.post("/", data=form, **evil)

    assert sent.status_code == 303
    assert sent.headers["Location"].startswith("/")
    shown = client.get(sent.headers["Location"], **evil).get_data(as_text=True)
    assert f"{PUBLIC}/track?reference=" in shown
    assert "evil.example" not in shown


def test_a_form_from_another_site_is_refused_although_it_knows_the_token(behind: Browser) -> None:
    client = behind()
    page = client.get("/sign-in", **passed_on(CITIZEN))
    form = fields_of(page.get_data(as_text=True), "/sign-in")

    from_here = client.post("/sign-in", data=form, **passed_on(CITIZEN))
    # A proxy that says nothing of https, as most: the application is asked in plain text.
    plain = {**passed_on(CITIZEN), "base_url": PUBLIC.replace("https", "http")}
    marks = [
        {"Referer": "https://evil.example/"}, {"Origin": "https://neighbour.example.vn"}, {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site"}, {"Referer": "https://["},
    ]  # fmt: skip
    from_there = {client.post("/sign-in", data=form, **{**plain, "headers": mark}).status_code for mark in marks}

    assert (from_here.status_code, from_there) == (401, {400})
    assert client.post("/sign-in", data=form, **{**plain, "headers": {"Sec-Fetch-Site": "none"}}).status_code == 401


def test_cookies_leave_for_https_alone_and_https_is_asked_for(behind: Browser, client: FlaskClient) -> None:
    public, here = behind().get("/sign-in", **passed_on(CITIZEN)), client.get("/sign-in")

    assert "Secure" in public.headers["Set-Cookie"]
    assert public.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Secure" not in here.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in here.headers


def test_each_application_of_a_process_counts_where_it_was_told_to(
    settings: Settings, behind: Browser, database, session, now
) -> None:
    first = behind()
    guess_links(first, CITIZEN)
    in_memory = create_app(settings.model_copy(update={"redis_url": ""}), engine=database)

    with in_memory.bound_to(session, now):
        others = in_memory.test_client().get("/a/a-guess", environ_overrides={"REMOTE_ADDR": CITIZEN}).status_code

    assert others == 404, "its own counts are new"
    assert guess_links(first, CITIZEN, times=1) == 429, "the one made before goes on where it counted"
