"""What leaves for a browser is packed when that pays, and kept for ever when its name says that it never changes."""

import gzip
import re

import pytest
from flask.testing import FlaskClient

from app.web.frame.compression import packed

PACKED = {"Accept-Encoding": "gzip, deflate, br"}
FOR_EVER = "max-age=315360000, public, immutable"


def test_a_page_is_packed_for_whoever_takes_it_packed(client: FlaskClient) -> None:
    plain = client.get("/privacy")
    answer = client.get("/privacy", headers=PACKED)

    assert "Content-Encoding" not in plain.headers
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"] and "Accept-Encoding" in answer.headers["Vary"]
    assert len(answer.data) < len(plain.data) / 2
    assert "</html>" in gzip.decompress(answer.data).decode()


def test_who_refuses_packing_gets_the_plain_page(client: FlaskClient) -> None:
    answer = client.get("/privacy", headers={"Accept-Encoding": "gzip;q=0, identity"})

    assert "Content-Encoding" not in answer.headers
    assert "</html>" in answer.text


def test_the_length_of_a_packed_answer_is_a_little_different_each_time() -> None:
    content = b"the same answer every time " * 100

    answers = [packed(content) for _time in range(50)]

    assert {gzip.decompress(answer) for answer in answers} == {content}
    assert len({len(answer) for answer in answers}) > 10


def test_short_answers_and_pictures_stay_as_they_are(client: FlaskClient) -> None:
    assert "Content-Encoding" not in client.get("/health/live", headers=PACKED).headers
    assert "Content-Encoding" not in client.get("/static/fonts/be-vietnam-pro-400.woff2", headers=PACKED).headers


def test_every_file_a_page_names_is_packed_and_may_be_kept_for_ever(client: FlaskClient) -> None:
    page = client.get("/").text
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    sheet = next(address for address in addresses if address.endswith(".css"))
    fonts = re.findall(r'url\("(/static/[^"]+)"\)', client.get(sheet).text)

    assert fonts
    for address in {*addresses, *fonts}:
        answer = client.get(address, headers=PACKED)

        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, FOR_EVER), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert ("Content-Encoding" in answer.headers) is not address.endswith(".woff2"), address
        answer.close()


@pytest.mark.parametrize("address", ["/static/css/public.css", "/static/img/hotline.svg"])
def test_a_file_under_a_name_that_stays_is_asked_for_again_soon(client: FlaskClient, address: str) -> None:
    answer = client.get(address)

    assert answer.headers["Cache-Control"] == "max-age=60, public"
    answer.close()
