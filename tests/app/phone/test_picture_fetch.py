"""Pictures of texts: fetched where we know them, nowhere else, drawn anew, hung on the ticket, or said to be lost."""

import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app.phone.accounts import simulated_account
from app.phone.picture_fetch import fetch_pictures
from app.storage.media_folder import FolderStore
from app.web.factory import create_app
from telephony.sms.pictures import MOST_PICTURE_ROUNDS
from tests.conftest import NOW
from tests.telephony.phone import Phone
from tickets.schema import Attachment, InboundSms, Message, OutboundMessage, Ticket, TimelineEntry

GPS = 0x8825


def photograph():
    exif = Image.Exif()
    exif.get_ifd(GPS)[1] = "N"
    exif[0x010F] = "Maker of telephones"
    content = BytesIO()
    Image.new("RGB", (60, 40), "red").save(content, "JPEG", exif=exif)
    return content.getvalue()


@pytest.fixture
def provider():
    """Answers each picture as its name says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.seen.append((self.path, self.headers.get("Authorization")))
            how = self.server.how.get(self.path.rpartition("/")[2], "photograph")
            if how == "away":
                self.send_response(503)
                self.end_headers()
                return
            if how.startswith("http"):
                self.send_response(307)
                self.send_header("Location", how)
                self.end_headers()
                return
            body = {"photograph": photograph(), "words": b"<html>no</html>", "huge": b"\xff" * (11 << 20)}[how]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.how = [], {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def stranger():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def was_asked(listener):
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.fixture
def own_settings(committed, settings, tmp_path):
    return settings.model_copy(update={"database_url": committed.url, "data_dir": tmp_path})


@pytest.fixture
def text_us(committed, own_settings):
    """A telephone whose carrier names addresses of pictures."""
    app = create_app(own_settings)

    def send(words, *pictures, sid="SM1", host="https://api.example.test"):
        named = {f"MediaUrl{place}": f"{host}/any/where/{one}" for place, one in enumerate(pictures)}
        with committed.factory() as session:
            with app.bound_to(session, NOW):
                phone = Phone(app.test_client(), own_settings, to="+842838000000")
                phone.post("sms", MessageSid=sid, SmsSid=sid, Body=words, NumMedia=str(len(pictures)), **named)
            session.commit()

    return send


@pytest.fixture
def fetch(committed, own_settings, provider, tmp_path):
    account = replace(simulated_account(own_settings), api_base_url=f"http://127.0.0.1:{provider.server_port}")

    def round_at(moment):
        return fetch_pictures(committed.factory, {"sim": account}, media=FolderStore(tmp_path / "media"), now=moment)

    return round_at


def all_of(committed, table):
    with committed.factory() as session:
        return session.scalars(select(table).order_by(table.id)).all()


def due(committed):
    [row] = all_of(committed, InboundSms)
    return row.pictures_due_at


def test_a_picture_without_words_is_a_ticket_with_the_picture_and_no_place_in_it(text_us, committed, fetch, tmp_path):
    text_us("", "ME11111111")

    fetch(due(committed))

    [ticket] = all_of(committed, Ticket)
    [kept] = all_of(committed, Attachment)
    assert kept.ticket_id == ticket.id and kept.media_type == "image/jpeg"
    with FolderStore(tmp_path / "media").open(kept.storage_key).stream as stored, Image.open(stored) as shown:
        assert shown.size == (60, 40)
        assert dict(shown.getexif()) == {}, "nothing of where and by what it was taken is left"
    told = [row.template for row in all_of(committed, OutboundMessage)]
    assert told.count("ticket_opened") == 1, "the sender learns once that it came"
    assert due(committed) is None

    text_us("Rác ở phường Bến Thành không ai lấy", sid="SM2")

    [ticket] = all_of(committed, Ticket)
    assert ticket.subject == ticket.body == "Rác ở phường Bến Thành không ai lấy", "its words are its subject"


def test_a_picture_with_words_hangs_on_what_they_say(text_us, committed, fetch):
    text_us("Rác ở phường Bến Thành không ai lấy")
    text_us("Đây là ảnh rác ở đó", "ME11111111", "ME22222222", sid="SM2")

    with committed.factory() as session:
        when = session.scalars(select(InboundSms.pictures_due_at).where(InboundSms.message_sid == "SM2")).one()
    fetch(when)

    [ticket] = all_of(committed, Ticket)
    message = next(one for one in all_of(committed, Message) if "ảnh" in one.body)
    assert {(one.ticket_id, one.message_id) for one in all_of(committed, Attachment)} == {(ticket.id, message.id)}
    assert len(all_of(committed, Attachment)) == 2


def test_no_host_that_a_webhook_or_a_redirect_names_is_ever_asked(text_us, committed, fetch, provider, stranger):
    elsewhere = f"http://127.0.0.1:{stranger.getsockname()[1]}"
    provider.how = {"ME22222222": f"{elsewhere}/x.jpg"}
    text_us("", "ME11111111", "ME22222222", "..%2f..%2fsecret", host=elsewhere)

    fetch(due(committed))

    assert not was_asked(stranger)
    assert [path.rpartition("/Messages/")[2] for path, _ in provider.seen] == [
        "SM1/Media/ME11111111",
        "SM1/Media/ME22222222",
    ]
    assert len(all_of(committed, Attachment)) == 1


def test_what_is_no_picture_or_too_large_is_said_to_both_sides_once(text_us, committed, fetch, provider):
    provider.how = {"ME11111111": "words", "ME22222222": "huge"}
    text_us("", "ME11111111", "ME22222222", "ME33333333")

    fetch(due(committed))

    told = [row.template for row in all_of(committed, OutboundMessage)]
    [entry] = [one for one in all_of(committed, TimelineEntry) if one.params.get("field") == "pictures"]
    assert told.count("pictures_not_taken") == 1
    assert entry.params["count"] == 2 and not entry.is_public
    assert len(all_of(committed, Attachment)) == 1 and due(committed) is None


def test_a_provider_that_is_away_is_asked_again_and_again_and_then_it_is_said(text_us, committed, fetch, provider):
    provider.how = {"ME11111111": "away"}
    text_us("", "ME11111111", "ME22222222")

    rounds = 0
    while (moment := due(committed)) is not None:
        fetch(moment)
        rounds += 1
    told = [row.template for row in all_of(committed, OutboundMessage)]

    assert rounds == MOST_PICTURE_ROUNDS and moment is None
    assert len(all_of(committed, Attachment)) == 1, "the other one was not fetched twice"
    assert told.count("pictures_not_taken") == 1


def test_it_comes_when_the_provider_is_back(text_us, committed, fetch, provider):
    provider.how = {"ME11111111": "away"}
    text_us("", "ME11111111")
    fetch(due(committed))
    provider.how = {}

    fetch(due(committed))

    assert len(all_of(committed, Attachment)) == 1
    assert "pictures_not_taken" not in [row.template for row in all_of(committed, OutboundMessage)]


def test_pictures_of_a_text_that_is_no_matter_are_left_where_they_are(text_us, committed, fetch, provider):
    text_us("STOP", "ME11111111")

    fetch(due(committed))

    assert provider.seen == [] and due(committed) is None
