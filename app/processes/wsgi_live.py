"""What gunicorn serves as the live process (gevent): `/live` and its own sign of life, nothing else."""

from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from gevent.monkey import get_original

from app.live.hub import Hub
from app.log_setup import set_up_logging
from app.processes.start import settings_to_serve_with
from app.recurring.jobs import RecurringJobs
from app.recurring.watchdog import Watchdog
from app.storage.database import make_engine, session_factory
from app.web.frame.response_headers import stream_headers
from app.web.frame.session_cookie import SESSION_COOKIE

Start = Callable[[str, list[tuple[str, str]]], Any]


def _jobs() -> RecurringJobs:
    """Watched by a thread of the system's: a greenlet would hang with whatever hangs."""
    start, sleep = get_original("_thread", "start_new_thread"), get_original("time", "sleep")
    return RecurringJobs(watchdog=Watchdog(start_thread=lambda watch: start(watch, ()), sleep=sleep))


set_up_logging()
_settings = settings_to_serve_with()
_hub = Hub(session_factory(make_engine(_settings.database_url, pool_size=3)), _jobs())
_SAFE = stream_headers(secure=_settings.base_url.startswith("https://"))


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    path = environ.get("PATH_INFO", "")
    if path == "/health/live":
        start_response("200 OK", [("Content-Type", "application/json"), *_SAFE])
        return [b'{"status": "ok"}']
    if path != "/live" or environ.get("REQUEST_METHOD") != "GET":
        start_response("404 Not Found", [("Content-Type", "text/plain"), *_SAFE])
        return [b"not found"]
    return _stream(environ, start_response)


def _stream(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    headers = _cross_origin(environ.get("HTTP_ORIGIN", ""))
    listener = _hub.listener_of(_cookie(environ.get("HTTP_COOKIE", "")))
    if listener is None:
        start_response("401 Unauthorized", [("Content-Type", "text/plain"), *_SAFE, *headers])
        return [b"sign in first"]
    start_response(
        "200 OK",
        [("Content-Type", "text/event-stream"), ("X-Accel-Buffering", "no"), *_SAFE, *headers],
    )
    return _hub.stream(listener)


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(SESSION_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _cross_origin(origin: str) -> list[tuple[str, str]]:
    """Our own pages come from another port; nobody else may read the stream with a person's cookie."""
    if origin != _settings.base_url and not _same_host(origin):
        return []
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", "Origin"),
    ]


def _same_host(origin: str) -> bool:
    """On this machine `localhost` and `127.0.0.1` both reach us."""
    port = f":{_settings.port}"
    return not _settings.production and origin in (f"http://localhost{port}", f"http://127.0.0.1{port}")
