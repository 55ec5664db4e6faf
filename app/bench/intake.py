"""Opening tickets over HTTP with eight clients: the API and the public form, beside a bare view with the same rows."""

import http.client
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from sqlalchemy import func, select

from app.accounts.enrolment import add_token
from app.bench.measure import Figure, MeasuredNothing
from app.bench.web_process import web_process
from app.clock import utc_now
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from app.storage.play_progress import TellProgress
from app.web.factory import create_app
from app.web.public.signed import new_form_token
from tickets.schema import Category, Ticket, Unit

_CLIENTS = 8
_ROUNDS = 3
_SECONDS = 3.0
_LEAD_SECONDS = 0.5
LIMIT = 200.0
_MOST_FORMS = 6000

Send = Callable[[http.client.HTTPConnection, int], int]


def run(settings: Settings, *, say: TellProgress) -> list[Figure]:
    """Short stretches of each in turn, so that a drifting machine is fair to all of them."""
    token = _token(settings)
    say(f"Opening tickets with {_CLIENTS} clients …")
    rates = _Rates(settings)
    with web_process(settings, application="app.bench.unlimited:create()") as base_url:

        def open_by_api(connection: http.client.HTTPConnection, number: int) -> int:
            return _post_api(connection, token, number)

        # Asked for by nobody: it wakes the processes, and leaves the ticket whose rows the bare view inserts again.
        rates.take("waking up", base_url, open_by_api)
        beside = settings.model_copy(update={"port": settings.port + 1})
        with web_process(beside, application="app.bench.bare:create()") as bare_url:
            form, journey = _form_sender(settings), _journey_maker(settings)
            for _round in range(_ROUNDS):
                rates.take("api", base_url, open_by_api)
                rates.take("bare", bare_url, _post_bare)
                rates.take("form", base_url, form)
                rates.take("journey", base_url, journey)
    api, bare = rates.of("api"), rates.of("bare")
    posted, journeys = rates.of("form"), rates.of("journey")
    return [
        Figure("API, whole pipeline", f"{api:.0f} tickets/s", f"≥ {LIMIT:.0f}/s", api >= LIMIT),
        Figure("public form, whole pipeline", f"{posted:.0f} tickets/s", f"≥ {LIMIT:.0f}/s", posted >= LIMIT),
        Figure("  with the page before and the page after", f"{journeys:.0f} tickets/s, three requests each"),
        Figure("bare Flask view, the same rows", f"{bare:.0f} tickets/s"),
        Figure("  API beside the bare view", f"{api / bare:.2f} ×"),
        Figure("  form beside the bare view", f"{posted / bare:.2f} ×"),
    ]


def _token(settings: Settings) -> str:
    engine = make_engine(settings.database_url)
    try:
        with transaction(session_factory(engine)) as session:
            return add_token(session, name="bench", scopes=("tickets:write",), unit_code="", now=utc_now())
    finally:
        engine.dispose()


class _Rates:
    """Accepted requests a second, over all stretches of a name; each accepted one must have left a ticket."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._accepted: dict[str, int] = defaultdict(int)
        self._seconds: dict[str, float] = defaultdict(float)
        self._stretches = 0

    def take(self, name: str, base_url: str, send: Send) -> None:
        """One stretch more; each has telephone numbers of its own, so that every ticket brings a new citizen."""
        self._stretches += 1
        before = _tickets(self._settings)
        accepted, in_time = _accepted(base_url, send, first_number=self._stretches * 1_000_000)
        opened = _tickets(self._settings) - before
        if not in_time or opened != accepted:
            raise MeasuredNothing(f"{name}: {accepted} requests were accepted and {opened} tickets opened")
        self._accepted[name] += in_time
        self._seconds[name] += _SECONDS

    def of(self, name: str) -> float:
        return self._accepted[name] / self._seconds[name]


def _tickets(settings: Settings) -> int:
    engine = make_engine(settings.database_url)
    try:
        with transaction(session_factory(engine)) as session:
            return session.scalar(select(func.count()).select_from(Ticket)) or 0
    finally:
        engine.dispose()


def _accepted(base_url: str, send: Send, *, first_number: int) -> tuple[int, int]:
    """Requests of one stretch that were accepted: all, and those in time. Any other answer ends the run."""
    host = urlsplit(base_url).netloc
    every, counts = [0] * _CLIENTS, [0] * _CLIENTS
    failures: list[int] = []
    begin = time.perf_counter() + _LEAD_SECONDS

    def client(which: int) -> None:
        connection, number = http.client.HTTPConnection(host, timeout=30), first_number + which * 100_000
        while (at := time.perf_counter()) < begin + _SECONDS and not failures:
            number += 1
            status = send(connection, number)
            if status not in (200, 201, 303):
                failures.append(status)
                continue
            every[which] += 1
            counts[which] += at >= begin
        connection.close()

    threads = [threading.Thread(target=client, args=(which,)) for which in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise MeasuredNothing(f"a request was answered with {failures[0]}")
    return sum(every), sum(counts)


def _post_api(connection: http.client.HTTPConnection, token: str, number: int) -> int:
    body = {
        "subject": "Rác không thu gom",
        "body": "Hẻm nhà tôi ba ngày nay chưa ai lấy rác, bốc mùi.",
        "place": "phường Bến Nghé quận 1 cũ",
        "phone": f"+849{number % 10**8:08d}",
        "category": "rubbish",
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/tickets", json.dumps(body), headers)
    return _drain(connection)


def _form_sender(settings: Settings) -> Send:
    """Each client fetches the form once, for its cookie, and sends it on with a name of its own for each request."""
    kept = threading.local()
    app = create_app(settings)
    with app.test_request_context():
        tokens = iter([new_form_token() for _form in range(_MOST_FORMS)])
    told = f"similar:{_unit_and_category(settings)}"

    def send(connection: http.client.HTTPConnection, number: int) -> int:
        if not hasattr(kept, "csrf"):
            kept.csrf, kept.cookie = _fetch_form(connection)
        fields = {"csrf_token": kept.csrf, "form_token": next(tokens)} | _report(number, told)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": kept.cookie}
        connection.request("POST", "/", urlencode(fields), headers)
        return _drain(connection, wanted=303)

    return send


def _journey_maker(settings: Settings) -> Send:
    """What a browser that comes for the first time asks for: the form, its sending, the page with the numbers.

    Stylesheet, script and fonts are left out: a proxy or the browser keeps them.
    """
    told = f"similar:{_unit_and_category(settings)}"

    def make(connection: http.client.HTTPConnection, number: int) -> int:
        connection.request("GET", "/")
        answer = connection.getresponse()
        page, cookie = answer.read().decode(), (answer.getheader("Set-Cookie") or "").split(";")[0]
        fields = {name: _hidden(page, name) for name in ("csrf_token", "form_token")} | _report(number, told)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        connection.request("POST", "/", urlencode(fields), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 303:
            return 1000 + answer.status
        cookie = (answer.getheader("Set-Cookie") or cookie).split(";")[0]
        connection.request("GET", answer.getheader("Location") or "", headers={"Cookie": cookie})
        return _drain(connection, wanted=200)

    return make


def _report(number: int, told: str) -> dict[str, str]:
    return {
        "body": "Hẻm nhà tôi ba ngày nay chưa ai lấy rác, bốc mùi.",
        "place": "phường Bến Nghé quận 1 cũ",
        "phone": f"09{number % 10**8:08d}",
        "category": "rubbish",
        "told": told,
    }


def _unit_and_category(settings: Settings) -> str:
    """So that the form does not stop to show similar requests: this citizen has seen them."""
    engine = make_engine(settings.database_url)
    try:
        with transaction(session_factory(engine)) as session:
            unit = session.scalars(select(Unit.id).where(Unit.code == "26740", Unit.valid_to.is_(None))).one()
            category = session.scalars(select(Category.id).where(Category.code == "rubbish")).one()
            return f"{unit}:{category}"
    finally:
        engine.dispose()


def _fetch_form(connection: http.client.HTTPConnection) -> tuple[str, str]:
    connection.request("GET", "/")
    answer = connection.getresponse()
    page = answer.read().decode()
    return _hidden(page, "csrf_token"), (answer.getheader("Set-Cookie") or "").split(";")[0]


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    if found is None:
        raise RuntimeError(f"the form carries no {name}")
    return found.group(1)


def _post_bare(connection: http.client.HTTPConnection, _number: int) -> int:
    connection.request("POST", "/bare", "")
    return _drain(connection)


def _drain(connection: http.client.HTTPConnection, *, wanted: int = 201) -> int:
    """The status; a form that was given back instead of sent on counts as a failure."""
    answer = connection.getresponse()
    answer.read()
    return wanted if answer.status == wanted else 1000 + answer.status
