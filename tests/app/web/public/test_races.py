"""Two clicks at the same instant, on real connections: one ticket, the same numbers."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.settings import Settings
from app.web.factory import create_app
from tests.app.web.public.public_forms import fields_of
from tests.conftest import Committed
from tickets.schema import Ticket

CLICKS = 6


def test_clicks_at_the_same_instant_open_one_ticket(committed: Committed, settings: Settings) -> None:
    app = create_app(settings, engine=committed.engine)
    browser = app.test_client()
    form = fields_of(browser.get("/").get_data(as_text=True), "/")
    form.setlist("body", ["Đèn đường trước số 12 không sáng đã một tuần nay"])
    form.setlist("place", ["Phường Sài Gòn"])
    cookie = browser.get_cookie("hotline_form")
    assert cookie is not None
    start = Barrier(CLICKS)

    def click(_number: int) -> str:
        window: FlaskClient = app.test_client()
        window.set_cookie("hotline_form", cookie.value)
        start.wait(timeout=30)
        answer = window.post("/", data=form)
        return window.get(answer.headers["Location"]).get_data(as_text=True)

    with ThreadPoolExecutor(CLICKS) as windows:
        pages = list(windows.map(click, range(CLICKS)))

    numbers = {tuple(re.findall(r'data-copy="(\d+)"', page)) for page in pages}
    with committed.factory() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 1
    assert len(numbers) == 1
    assert len(numbers.pop()) == 2
