"""Opening tickets over HTTP with eight clients: the API and the public form, beside a bare view with the same rows."""

import http.client
import json
import re
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from app.bench.measure import Figure
from app.bench.stage import Say
from app.bench.web_process import web_process
from app.clock import utc_now
from app.database import make_engine, session_factory, transaction
from app.newcomers import add_token
from app.settings import Settings

_CLIENTS = 8
_SECONDS = 8.0
LIMIT = 200.0

Send = Callable[[http.client.HTTPConnection, int], int]


def run(settings: Settings, *, say: Say) -> list[Figure]:
    token = _token(settings)
    say(f"Opening tickets with {_CLIENTS} clients …")
    with web_process(settings) as base_url:
        api = _rate(base_url, lambda connection, number: _post_api(connection, token, number))
        form = _rate(base_url, _form_sender())
    with web_process(settings, application="app.bench.bare:create()") as base_url:
        bare = _rate(base_url, _post_bare)
    return [
        Figure("API, whole pipeline", f"{api:.0f} tickets/s", f"≥ {LIMIT:.0f}/s", api >= LIMIT),
        Figure("public form, whole pipeline", f"{form:.0f} tickets/s", f"≥ {LIMIT:.0f}/s", form >= LIMIT),
        Figure("bare Flask view, the same rows", f"{bare:.0f} tickets/s"),
        Figure("  API beside the bare view", f"{api / bare:.2f} ×"),
        Figure("  form beside the bare view", f"{form / bare:.2f} ×"),
    ]


def _token(settings: Settings) -> str:
    engine = make_engine(settings.database_url)
    try:
        with transaction(session_factory(engine)) as session:
            return add_token(session, name="bench", scopes=("tickets:write",), unit_code="", now=utc_now())
    finally:
        engine.dispose()


def _rate(base_url: str, send: Send) -> float:
    """Accepted requests a second over the measured stretch; anything but 2xx or 303 ends the run."""
    host = urlsplit(base_url).netloc
    counts = [0] * _CLIENTS
    failures: list[int] = []
    begin = time.perf_counter() + 1.0

    def client(which: int) -> None:
        connection, number = http.client.HTTPConnection(host, timeout=30), which * 1_000_000
        while (at := time.perf_counter()) < begin + _SECONDS and not failures:
            number += 1
            status = send(connection, number)
            if status not in (200, 201, 303):
                failures.append(status)
            elif at >= begin:
                counts[which] += 1

    threads = [threading.Thread(target=client, args=(which,)) for which in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"a request was answered with {failures[0]}")
    return sum(counts) / _SECONDS


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


def _form_sender() -> Send:
    """Each client fetches the form once and sends it again and again with a fresh form token."""
    kept = threading.local()

    def send(connection: http.client.HTTPConnection, number: int) -> int:
        if not hasattr(kept, "fields"):
            kept.fields, kept.cookie = _fetch_form(connection)
        fields = {
            **kept.fields,
            "form_token": f"{kept.fields.get('form_token', '')[:8]}{number:024d}",
            "body": "Hẻm nhà tôi ba ngày nay chưa ai lấy rác, bốc mùi.",
            "place": "phường Bến Nghé quận 1 cũ",
            "phone": f"09{number % 10**8:08d}",
            "category": "rubbish",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": kept.cookie}
        connection.request("POST", "/", urlencode(fields), headers)
        return _drain(connection)

    return send


def _fetch_form(connection: http.client.HTTPConnection) -> tuple[dict[str, str], str]:
    connection.request("GET", "/")
    answer = connection.getresponse()
    page = answer.read().decode()
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return dict(hidden), (answer.getheader("Set-Cookie") or "").split(";")[0]


def _post_bare(connection: http.client.HTTPConnection, _number: int) -> int:
    connection.request("POST", "/bare", "")
    return _drain(connection)


def _drain(connection: http.client.HTTPConnection) -> int:
    answer = connection.getresponse()
    answer.read()
    return answer.status
