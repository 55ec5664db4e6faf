"""Filling in the public forms as a browser without script does: everything the page holds is sent back."""

from html.parser import HTMLParser
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse


class _Fields(HTMLParser):
    """The values of the form at `action`, as they would be sent."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.inside, self.area, self.select = action, False, "", ""
        self.values: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("action") == self.action
        if not self.inside:
            return
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and name and (kind not in ("radio", "checkbox", "file", "submit") or "checked" in given):
            self.values.append((name, given.get("value", "")))
        elif tag == "textarea":
            self.area = name
            self.values.append((name, ""))
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in given:
            self.values.append((self.select, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""
        elif tag == "select":
            self.select = ""
        elif tag == "form":
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.area and self.inside:
            name, value = self.values[-1]
            self.values[-1] = (name, value + data)


def fields_of(html: str, action: str) -> MultiDict[str, Any]:
    parser = _Fields(action)
    parser.feed(html)
    return MultiDict(parser.values)


def fill_in(client: FlaskClient, page: str, action: str, **typed: Any) -> TestResponse:
    """Open a page and send its form with what was typed."""
    return send_again(client, client.get(page), action, **typed)


def send_again(client: FlaskClient, shown: TestResponse, action: str, **typed: Any) -> TestResponse:
    """Send the form of a page that was given back, with changes; a list is a field with several values."""
    values = fields_of(shown.get_data(as_text=True), action)
    for name, value in typed.items():
        values.setlist(name, value if isinstance(value, list) else [value])
    return client.post(action, data=values)


def photograph(size: tuple[int, int] = (60, 40)) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, (20, 120, 90)).save(made, "JPEG")
    return made.getvalue()
