"""The page about the API speaks the reader's language; the document that programs read is written in one."""

import re

from flask.testing import FlaskClient

from app.web.api.described_words import DESCRIBED


def _plain(said: str) -> str:
    return " ".join(said.split()).rstrip(".")


def test_every_sentence_of_the_document_has_words_in_both_languages(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()

    operations = [one for methods in document["paths"].values() for one in methods.values()]
    said = {one.get(part, "") for one in operations for part in ("summary", "description")}
    said.add(document["info"]["description"])
    assert len(operations) > 15
    assert {_plain(one) for one in said if one} == set(DESCRIBED)


def test_the_page_says_in_vietnamese_what_an_operation_does(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs", headers={"Accept-Language": "vi"}).get_data(as_text=True)

    shown = re.sub(r"<code>.*?</code>|<[^>]+>", " ", page.split("<main")[1].split("</main")[0])
    assert "Đổi mức ưu tiên hoặc lĩnh vực" in shown
    assert [said for said in DESCRIBED if said in shown] == []
