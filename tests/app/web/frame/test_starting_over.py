"""A request that gave way to another is done again at once, as if it had just come; the person notices nothing."""

import io

import pytest
from flask import after_this_request, flash, g, request, session
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.settings import Settings
from app.storage.database import make_engine
from app.web.factory import create_app
from app.web.frame.access import public
from app.web.frame.application import HotlineApp
from tests.conftest import Committed


@pytest.fixture
def app(committed: Committed, settings: Settings) -> HotlineApp:
    return create_app(settings.model_copy(update={"database_url": committed.url}), engine=committed.engine)


def _given_way(db: Session, code: str) -> None:
    db.execute(text(f"do $$ begin raise exception using errcode = '{code}', message = 'as asked'; end $$"))


def _view(app: HotlineApp, *, failures: int, code: str) -> list[dict[str, object]]:
    runs: list[dict[str, object]] = []

    @public
    def view() -> str:
        runs.append({"form": dict(request.form), "file": request.files["f"].read(), "seen": g.get("seen")})
        g.seen = True
        flash("once")
        session["count"] = session.get("count", 0) + 1
        after_this_request(lambda answer: answer.headers.add("X-After", "1") or answer)
        g.session.execute(text("insert into draft_of_a_test default values"))
        if len(runs) <= failures:
            _given_way(g.session, code)
        return f"{session['count']} {len(session['_flashes'])}"

    app.add_url_rule("/of-a-test", "of_a_test", view, methods=["POST"])
    app.config["WTF_CSRF_ENABLED"] = False
    return runs


def _post(app: HotlineApp):
    return app.test_client().post("/of-a-test", data={"a": "1", "f": (io.BytesIO(b"bytes"), "f.txt")})


@pytest.fixture
def table(committed: Committed) -> None:
    owner = make_engine(committed.owner_url, pool_size=1)
    with owner.begin() as connection:
        connection.execute(text("create table draft_of_a_test (id int generated always as identity)"))
        connection.execute(text("grant all on draft_of_a_test to public"))
    owner.dispose()


@pytest.mark.parametrize("code", ["40P01", "40001"])
def test_it_is_done_once_however_often_it_was_tried(app, committed, table, code: str) -> None:
    runs = _view(app, failures=2, code=code)

    answer = _post(app)

    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "1 1")
    assert answer.headers.getlist("X-After") == ["1"]
    assert runs == [{"form": {"a": "1"}, "file": b"bytes", "seen": None}] * 3
    with committed.factory() as db:
        assert db.scalar(text("select count(*) from draft_of_a_test")) == 1


@pytest.mark.parametrize(
    ("failures", "code", "tries"), [(3, "40P01", 3), (1, "55P03", 1), (1, "53100", 1), (1, "57P01", 1)]
)
def test_what_does_not_pass_at_once_is_an_honest_503(app, committed, table, failures: int, code: str, tries: int):
    runs = _view(app, failures=failures, code=code)

    answer = _post(app)

    assert answer.status_code == 503
    assert ("X-Database" in answer.headers) is (code == "57P01"), "scripts are told where the database is gone"
    assert len(runs) == tries
    with committed.factory() as db:
        assert db.scalar(text("select count(*) from draft_of_a_test")) == 0
