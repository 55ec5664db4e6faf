"""Pictures and recordings on S3-compatible storage, as the people meet them who send and hear them."""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.storage.media_store import media_store
from app.web.frame.application import HotlineApp
from tests.app.web.console.console_scene import agent_at
from tests.app.web.console.test_calls import recording, waiting_call
from tests.app.web.public.public_forms import photograph, send_again
from tests.app.web.public.test_report import RUBBISH, newest, report, said
from tests.factories import open_ticket
from tests.object_store import broken_server, object_server, with_bucket
from tickets.schema import Attachment
from tickets.states import RecordingKind, Role


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with object_server(tmp_path_factory.mktemp("objects")) as address:
        yield address


@pytest.fixture
def in_bucket(app: HotlineApp, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> HotlineApp:
    monkeypatch.setattr(app, "settings", with_bucket(app.settings, endpoint))
    return app


def test_a_picture_that_comes_back_with_a_wrong_form_is_kept_and_shown_to_the_office(
    client: FlaskClient, session: Session, in_bucket: HotlineApp, now: datetime
) -> None:
    wrong = report(client, phone="12", pictures=[(BytesIO(photograph()), "rác.jpg")])
    send_again(client, wrong, "/", phone="0901234567")
    file = session.scalars(select(Attachment).where(Attachment.ticket_id == newest(session).id)).one()

    agent_at(client, session, now, role=Role.CITY_OFFICE)
    shown = client.get(f"/console/files/{file.public_id}")

    assert (shown.status_code, shown.mimetype, len(shown.data)) == (200, "image/jpeg", file.size_bytes)
    assert shown.headers["Content-Length"] == str(file.size_bytes)
    assert [one.key for one in media_store(in_bucket.settings).lying()] == [file.storage_key]


def test_a_recording_can_be_listened_to_from_any_second(
    client: FlaskClient, session: Session, in_bucket: HotlineApp, now: datetime
) -> None:
    ticket = open_ticket(session)
    call = waiting_call(session, now, ticket_id=ticket.ticket_id)
    sound = recording(in_bucket, session, now, kind=RecordingKind.VOICEMAIL, ticket_id=ticket.ticket_id, call=call)
    agent_at(client, session, now, role=Role.AGENT)

    whole = client.get(f"/console/recordings/{sound.id}")
    rest = client.get(f"/console/recordings/{sound.id}", headers={"Range": "bytes=5-"})

    assert (whole.status_code, whole.data, whole.headers["Accept-Ranges"]) == (200, b"RIFF-sound", "bytes")
    assert (rest.status_code, rest.data, rest.headers["Content-Range"]) == (206, b"sound", "bytes 5-9/10")


@pytest.mark.parametrize("status", [403, 500])
def test_a_store_that_is_away_costs_the_picture_and_never_the_report(
    client: FlaskClient, session: Session, app: HotlineApp, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with broken_server(status) as address:
        monkeypatch.setattr(app, "settings", with_bucket(app.settings, address))

        told = report(client, pictures=[(BytesIO(photograph()), "a.jpg")])
        sent = send_again(client, told, "/")

    assert "không lưu được hình ảnh" in said(told)
    assert sent.status_code == 303
    assert newest(session).body == RUBBISH


def test_what_cannot_be_reached_and_what_is_missing_are_told_apart(
    client: FlaskClient, session: Session, in_bucket: HotlineApp, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = open_ticket(session)
    file = Attachment(
        public_id=uuid4(), ticket_id=ticket.ticket_id, file_name="a.jpg", media_type="image/jpeg", size_bytes=3,
        sha256="0" * 64, storage_key="attachments/a1/gone.jpg", created_at=now,
    )  # fmt: skip
    session.add(file)
    session.flush()
    agent_at(client, session, now, role=Role.CITY_OFFICE)

    missing = client.get(f"/console/files/{file.public_id}")
    with broken_server(403) as address:
        monkeypatch.setattr(in_bucket, "settings", with_bucket(in_bucket.settings, address))
        away = client.get(f"/console/files/{file.public_id}")

    assert missing.status_code == 404
    assert "no longer lies where it was kept" in said(missing)
    assert away.status_code == 503
    assert "Nothing is lost" in said(away)


def test_a_store_that_refuses_us_makes_ready_red_with_its_reason(
    client: FlaskClient, app: HotlineApp, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def media_after_asking_twice() -> object:
        app.extensions.pop("media_check", None)
        client.get("/health/ready")
        app.extensions["media_check"].ask(lambda: app.extensions["media_check"].value, patience_seconds=30)
        return client.get("/health/ready").get_json()["checks"].get("media")

    monkeypatch.setattr(app, "settings", with_bucket(app.settings, endpoint))
    well = media_after_asking_twice()
    with broken_server(403) as address:
        monkeypatch.setattr(app, "settings", with_bucket(app.settings, address))
        refused = media_after_asking_twice()
    app.extensions.pop("media_check", None)

    assert well == "ok"
    assert "refuses: AccessDenied" in str(refused)
