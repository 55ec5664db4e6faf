"""Rules over every endpoint: each says who may call it, and the gate holds for every role."""

import re
from datetime import datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.access import Access, declared
from app.web.frame.application import HotlineApp
from app.wording.translations import ROOT
from tests.signing_in import sign_in
from tickets.states import Role

OPEN_KINDS = {"public", "webhook", "bearer", "internal"}


def endpoints(app: HotlineApp) -> dict[str, Access | None]:
    return {name: declared(view) for name, view in app.view_functions.items() if name != "static"}


def plain_pages(app: HotlineApp) -> list[tuple[str, Access]]:
    """Pages of signed-in people whose address has nothing to fill in."""
    found = []
    for rule in app.url_map.iter_rules():
        access = declared(app.view_functions[rule.endpoint])
        if access and access.kind == "staff" and "GET" in (rule.methods or ()) and not rule.arguments:
            found.append((rule.rule, access))
    return found


def test_every_endpoint_says_who_may_call_it(app: HotlineApp) -> None:
    silent = [name for name, access in endpoints(app).items() if access is None]

    assert silent == []


def test_an_endpoint_that_does_not_say_who_may_call_it_answers_403(app: HotlineApp, client: FlaskClient) -> None:
    view = app.view_functions["sign_in.form"]
    said = declared(view)
    del view.access  # type: ignore[attr-defined]
    try:
        answer = client.get("/sign-in")
    finally:
        view.access = said  # type: ignore[attr-defined]

    assert answer.status_code == 403


def test_no_page_of_signed_in_people_opens_without_signing_in(app: HotlineApp, client: FlaskClient) -> None:
    for address, _access in [*plain_pages(app), ("/sign-in/code", None)]:
        answer = client.get(address)

        assert answer.status_code == 303, address
        assert answer.headers["Location"].startswith("/sign-in"), address


def test_no_form_acts_without_its_token_but_those_that_prove_themselves_otherwise(
    app: HotlineApp, client: FlaskClient
) -> None:
    """Programs bear a token, providers sign, browsers say where a fault came from; the report asks for it itself."""
    acting = set()
    for rule in app.url_map.iter_rules():
        for method in {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set()):
            address = re.sub(r"<uuid:\w+>", str(UUID(int=1)), re.sub(r"<(?:int:)?\w+>", "1", rule.rule))
            answer = client.open(address, method=method)
            if answer.status_code != 400:
                acting.add(rule.endpoint.split(".")[0])
            assert answer.headers["X-Request-ID"], "whoever is refused can quote a number too"

    assert acting == {"api", "webhooks", "simulated_carrier", "client_faults", "report"}


@pytest.mark.parametrize("role", list(Role))
def test_a_page_opens_for_the_declared_roles_and_for_no_other(
    app: HotlineApp, client: FlaskClient, session: Session, now: datetime, role: Role
) -> None:
    sign_in(client, session, role=role, now=now)
    for address, access in plain_pages(app):
        answer = client.get(address)

        if access.roles and role not in access.roles:
            assert answer.status_code == 403, f"{role} on {address}"
        else:
            assert answer.status_code < 400, f"{role} on {address}: {answer.status_code}"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AGENT}))
def test_whoever_sees_more_than_their_own_tickets_needs_a_second_factor(
    app: HotlineApp, client: FlaskClient, session: Session, now: datetime, role: Role
) -> None:
    sign_in(client, session, role=role, now=now, second_factor=False)
    for address, _access in plain_pages(app):
        answer = client.get(address)

        assert answer.status_code == 303, f"{role} on {address}"
        assert answer.headers["Location"].startswith("/sign-in/code"), f"{role} on {address}"


def test_every_answer_carries_its_request_id_and_a_policy_without_inline_script(client: FlaskClient) -> None:
    answer = client.get("/sign-in", headers={"X-Request-ID": "abcdef0123456789"})

    assert answer.headers["X-Request-ID"] == "abcdef0123456789"
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_a_page_lies_in_no_frame_sends_no_form_elsewhere_and_tells_no_other_site_where_one_was(
    client: FlaskClient,
) -> None:
    answer = client.get("/sign-in")

    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=(self)" in answer.headers["Permissions-Policy"]


def test_a_file_of_ours_is_nothing_but_what_it_says_it_is(client: FlaskClient) -> None:
    answer = client.get("/static/vendor/bootstrap/bootstrap.min.css")

    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Access-Control-Allow-Origin" not in answer.headers
    answer.close()


def test_a_worker_may_call_us_and_no_other_file_may_do_anything(client: FlaskClient) -> None:
    """A worker lives under the headers of its own file: in a sandbox it has no origin, and is refused."""
    folder = ROOT / "app" / "static"
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        answer = client.get(f"/static/{path.relative_to(folder).as_posix()}")

        is_worker = path.parent == folder / "js" / "workers"
        expected = "default-src 'none'; connect-src 'self'" if is_worker else "default-src 'none'; sandbox"
        assert answer.headers["Content-Security-Policy"] == expected, path
        answer.close()


def test_a_forged_request_id_is_replaced(client: FlaskClient) -> None:
    answer = client.get("/sign-in", headers={"X-Request-ID": "evil<script>"})

    assert answer.headers["X-Request-ID"] != "evil<script>"
