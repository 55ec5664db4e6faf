"""Headers of every answer: its id, what scripts may run, what may be kept."""

from wsgiref.headers import Headers

from flask import Response, current_app, g, request

_STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"
# Scripts that run as workers lie here and nowhere else: a worker lives under the headers of its own file.
WORKERS = "/static/js/workers/"
# The call bar as a page of its own, which our pages show in a frame where the browser runs no script.
BAR_ALONE = "/console/call-bar/alone"


def add_headers(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    response.headers.setdefault("Content-Security-Policy", content_policy())
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=(self)")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", _STRICT_TRANSPORT)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def content_policy(*hosts: str) -> str:
    """What a page may load and run; `hosts`: to whom its scripts may also connect, and whose sounds it may play."""
    connects = " ".join((current_app.config["HOTLINE_LIVE_ORIGIN"], *hosts))
    plays = "".join(f" {host}" for host in hosts if host.startswith("https://"))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
        f"media-src 'self' blob:{plays}; connect-src 'self' {connects}; frame-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {_framed_by()}"
    )


def _framed_by() -> str:
    """Nobody frames us, but our own pages the call bar and whatever answers a press of it, an error too."""
    is_of_the_bar = BAR_ALONE in (request.path, request.args.get("next"))
    return "'self'" if is_of_the_bar else "'none'"


def static_headers(headers: Headers, _path: str, address: str) -> None:
    """Files are answered before the application is asked: what they say they are is all they are.

    A worker may call us and nobody else. A sandbox would take its origin away, and with it every call it makes.
    """
    headers["X-Content-Type-Options"] = "nosniff"
    may = "connect-src 'self'" if address.startswith(WORKERS) else "sandbox"
    headers["Content-Security-Policy"] = f"default-src 'none'; {may}"


def stream_headers(*, secure: bool) -> list[tuple[str, str]]:
    """What the live process says with every answer: it is read by scripts, never shown, framed or kept."""
    strict = [("Strict-Transport-Security", _STRICT_TRANSPORT)] if secure else []
    return [
        ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
        *strict,
    ]
