"""The secret key: the data know theirs, another is refused, and what an older one made outlives a rotation."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from werkzeug.test import TestResponse

from app.cli.contents import content_findings
from app.phone.answers import Phones
from app.processes.commands import environment_of
from app.reference import Reference
from app.settings import ROOT, Settings, SettingsRefused, load_settings
from app.storage.database import transaction
from app.storage.secret_keys import KeyState, WrongKey, finish_rotation, key_state, keys_of
from app.storage.starting import refuse_unsafe_start
from app.web.factory import create_app
from telephony.provider.held_turn import hold_document, recalled
from telephony.provider.webhook_inbox import Webhook
from tests import factories
from tests.app.web.public.public_forms import fields_of, photograph
from tests.conftest import Committed
from tests.readiness import when_heard
from tickets.people.actor import SYSTEM
from tickets.people.pins import check_pin
from tickets.people.references import reference_of
from tickets.schema import AuditEntry, KeptKeys, Ticket

OLD = "a-test-key-of-sufficient-length-0123456789abcdef"
NEW = "the-key-of-next-year-of-sufficient-length-fedcba"
NOW = datetime.now(UTC)
TYPED = {"body": "Đèn đường không sáng ở hẻm 12.", "place": "phường Bến Nghé quận 1 cũ"}
OTHER = {"body": "Cây xanh ngã đổ trước trường học.", "place": "phường Thủ Dầu Một"}

Under = Callable[..., Settings]


@pytest.fixture
def under(committed: Committed, settings: Settings, tmp_path) -> Under:
    """Settings on one database, with a secret key and those that are still accepted."""

    def of(key: str, *previous: str) -> Settings:
        given = {
            "database_url": committed.url,
            "owner_database_url": committed.owner_url,
            "redis_url": committed.redis_url,
            "data_dir": tmp_path,
            "secret_key": key,
            "secret_key_previous": ", ".join(previous),
        }
        return Settings(**{**settings.model_dump(), **given}, _env_file=None)

    return of


def state(committed: Committed, settings: Settings) -> KeyState:
    with committed.factory() as session:
        return key_state(session, settings)


def finish(committed: Committed, settings: Settings) -> bool:
    with transaction(committed.factory) as session:
        return finish_rotation(session, settings, actor=SYSTEM, now=NOW)


def browser(committed: Committed, settings: Settings, *, like: FlaskClient | None = None) -> FlaskClient:
    """A browser at a node with these settings; `like` another one, whose cookies it holds."""
    client = create_app(settings, engine=committed.engine).test_client()
    for cookie in like._cookies.values() if like else ():
        client.set_cookie(cookie.key, cookie.value, path=cookie.path)
    return client


def sent(client: FlaskClient, page: TestResponse, action: str, **typed: object) -> TestResponse:
    values = fields_of(page.get_data(as_text=True), action)
    for name, value in typed.items():
        values[name] = value
    return client.post(action, data=values, content_type="multipart/form-data")


def test_data_know_the_key_they_begin_with_and_refuse_another(committed: Committed, under: Under) -> None:
    assert state(committed, under(OLD)) is KeyState.NEW
    refuse_unsafe_start(under(OLD))
    refuse_unsafe_start(under(OLD))

    with pytest.raises(WrongKey):
        refuse_unsafe_start(under(NEW))

    assert state(committed, under(OLD)) is KeyState.CURRENT
    assert state(committed, under(NEW)) is KeyState.WRONG
    with committed.factory() as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "secret_key")).all()
    assert noted == ["secret_key.noted"]


def test_a_wrong_key_is_told_by_ready_by_the_doctor_and_in_both_languages(committed: Committed, under: Under) -> None:
    refuse_unsafe_start(under(OLD))
    wrong = under(NEW)

    ready = when_heard(browser(committed, wrong))
    found = [finding.verdict for finding in content_findings(wrong) if finding.subject == "secret key"]
    started = subprocess.run(
        [sys.executable, "-m", "app.cli", "worker"],
        env={**os.environ, **environment_of(wrong)},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert ready.status_code == 503
    assert "./hotline key show" in ready.get_json()["reasons"]["secret_key"]
    assert found == ["failed"]
    assert started.returncode == 1
    assert "HOTLINE_SECRET_KEY_PREVIOUS" in started.stderr and "Khoá bí mật không phải" in started.stderr
    assert OLD not in started.stderr and NEW not in started.stderr


def test_nodes_with_the_old_and_with_the_new_key_work_beside_each_other(committed: Committed, under: Under) -> None:
    refuse_unsafe_start(under(OLD, NEW))
    refuse_unsafe_start(under(NEW, OLD))

    with committed.factory() as session:
        one, other = keys_of(session, under(OLD, NEW)), keys_of(session, under(NEW, OLD))

    assert one.reference == other.reference
    assert set(one.pin) == set(other.pin)
    assert state(committed, under(NEW, OLD)) is KeyState.ROTATING


def test_references_and_pins_outlive_a_rotation_and_the_next(committed: Committed, under: Under) -> None:
    refuse_unsafe_start(under(OLD))
    with transaction(committed.factory) as session:
        told = factories.open_ticket(session)
        first = keys_of(session, under(OLD))

    assert finish(committed, under(NEW, OLD))
    assert not finish(committed, under(NEW, OLD))
    third = "and-the-key-of-the-year-after-that-0123456789"
    assert finish(committed, under(third, NEW))

    with transaction(committed.factory) as session:
        keys = keys_of(session, under(third))
        assert check_pin(session, reference=told.reference, pin=told.pin, asker="a phone", keys=keys, now=NOW).ticket_id
        assert reference_of(42, year=2026, keys=keys) == reference_of(42, year=2026, keys=first)
        assert keys.pin[0] != first.pin[0]
    refuse_unsafe_start(under(third))
    for gone in (under(OLD), under(NEW)):
        with pytest.raises(WrongKey):
            refuse_unsafe_start(gone)


def test_a_browser_goes_on_through_a_rotation_with_all_it_holds(committed: Committed, under: Under) -> None:
    """Follow cookie, form, CSRF token, pending picture, the page with the PIN, and the browser's own cookie."""
    refuse_unsafe_start(under(OLD))
    before = browser(committed, under(OLD))
    with transaction(committed.factory) as session:
        told = factories.open_ticket(session)
    sent(before, before.get("/track"), "/track", reference=told.reference, pin=told.pin)
    assert before.get("/track/request").status_code == 200
    reported = sent(before, before.get("/"), "/", **TYPED)
    assert reported.status_code == 303
    with_pin = reported.headers["Location"]
    # A form that was given back for want of words, with its picture kept meanwhile.
    given_back = sent(before, before.get("/"), "/", body="", pictures=(BytesIO(photograph()), "a.jpg"))
    assert "kept_picture" in fields_of(given_back.get_data(as_text=True), "/")

    after = browser(committed, under(NEW, OLD), like=before)

    assert after.get("/track/request").status_code == 200
    assert after.get(with_pin).status_code == 200
    answer = sent(after, given_back, "/", **OTHER)
    assert answer.status_code == 303
    page = after.get(answer.headers["Location"]).get_data(as_text=True)
    assert re.search(r'data-copy="(\d{6})"', page)
    stranger = browser(committed, under(NEW), like=before)
    assert stranger.get(with_pin).status_code == 404


def test_one_form_sent_before_and_after_a_rotation_is_one_request(committed: Committed, under: Under) -> None:
    refuse_unsafe_start(under(OLD))
    before = browser(committed, under(OLD))
    page = before.get("/")
    sent(before, page, "/", **TYPED)

    sent(browser(committed, under(NEW, OLD), like=before), page, "/", **TYPED)

    with committed.factory() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 1


def test_what_a_caller_pressed_while_holding_the_line_is_opened_by_the_new_key(
    committed: Committed, under: Under
) -> None:
    old, new = (Reference.from_settings(one).keys.pin for one in (under(OLD), under(NEW, OLD)))
    turn = Webhook("sim", "step", {"call_sid": "CA1", "keys": "482913"}, {})
    phones = Phones(under(OLD), Reference.from_settings(under(OLD)))
    account = phones.accounts["sim"]

    document = hold_document(
        turn, lambda *_: "…", base_url="http://127.0.0.1", keys=old, capabilities=account.capabilities
    )
    (query,) = re.findall(r"heard=([\w-]+)", document)
    back = replace(turn, form={"call_sid": "CA1"}, query={"again": "1", "heard": query})

    assert recalled(back, new).form["keys"] == "482913"
    assert "keys" not in recalled(back, Reference.from_settings(under(NEW)).keys.pin).form


def test_the_kept_keys_open_nothing_without_a_secret(committed: Committed, under: Under) -> None:
    refuse_unsafe_start(under(OLD))
    with committed.factory() as session:
        kept = session.get_one(KeptKeys, 1)
        keys = keys_of(session, under(OLD))

    assert OLD not in kept.sealed
    assert not {keys.reference.hex(), *(pin.hex() for pin in keys.pin)} & {kept.sealed, kept.fingerprint}


def test_the_command_shows_the_key_and_finishes_its_rotation(committed: Committed, under: Under) -> None:
    refuse_unsafe_start(under(OLD))

    def key(action: str, settings: Settings) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "key", action],
            env={**os.environ, **environment_of(settings)},
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    rotating, refused = key("show", under(NEW, OLD)), key("finish", under(NEW))
    finished, after = key("finish", under(NEW, OLD)), key("show", under(NEW))

    assert "./hotline key finish" in rotating.stdout
    assert refused.returncode == 1 and "fingerprint" in refused.stderr and "Traceback" not in refused.stderr
    assert "The rotation is finished." in finished.stdout
    assert (after.returncode, "under our key" in after.stdout) == (0, True)


def test_data_without_a_note_take_the_key_of_the_next_process(committed: Committed, under: Under) -> None:
    refuse_unsafe_start(under(OLD))
    with transaction(committed.factory) as session:
        session.execute(delete(KeptKeys))

    refuse_unsafe_start(under(OLD))

    assert state(committed, under(OLD)) is KeyState.CURRENT


def test_a_short_key_is_not_accepted_from_the_past_either() -> None:
    with pytest.raises(SettingsRefused, match="HOTLINE_SECRET_KEY_PREVIOUS"):
        load_settings(
            secret_key=NEW, secret_key_previous="short", public_base_url="https://hotline.example.vn", _env_file=None
        )
