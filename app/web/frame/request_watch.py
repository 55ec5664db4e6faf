"""Around every request: what it was, what came of it and what it cost is counted and logged, whoever answered it."""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Response, current_app, g, request

from app.storage.statement_count import statements_sent
from app.web.frame.node_counts import NodeCounts

Environ = dict[str, Any]
Answer = Iterable[bytes]
Application = Callable[[Environ, Callable[..., Any]], Answer]

# What is answered without any page group: files, and addresses that nothing of ours has.
_FILES, _NOTHING = "files", "none"
_CLASSES = ("2xx", "3xx", "4xx", "5xx")
GROUP = "hotline.page_group"
# What the inner layers tell of a request for its line in the log.
_TOLD = "hotline.told"
# Of an address only what is no secret is logged: a link that signs somebody in, a phone or a name is none of that.
_SAFE_VALUES = frozenset({"reference"})

log = structlog.get_logger()
# A provider waits for one second, a person for three; ten are a fault.
BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = ("hotline_http_requests", "Requests answered, by page group and class of status")
SECONDS = ("hotline_http_request_seconds", "Until a request was answered, by page group")
STATEMENTS = ("hotline_http_statements", "Statements that requests sent to the database, by page group")


def note_page_group() -> None:
    """Before a view: tell whoever watches from outside which group of pages answers."""
    view = current_app.view_functions.get(request.endpoint or "")
    request.environ[GROUP] = _group_of(view) if view else _NOTHING
    request.environ[_TOLD] = {"request_id": g.request_id, "route": _route()}


def note_viewer(response: Response) -> Response:
    """After a view: in which roles it was asked for; nobody's name."""
    viewer = g.get("viewer")
    roles = sorted(role.value for role in viewer.roles) if viewer else []
    request.environ.setdefault(_TOLD, {})["roles"] = roles
    return response


def _route() -> str:
    """The address as the product knows it, without what was typed into it; empty for one that nothing of ours has."""
    if request.url_rule is None:
        return ""
    route = request.url_rule.rule
    for name, value in (request.view_args or {}).items():
        if isinstance(value, int) or name in _SAFE_VALUES:
            # Parted and joined: in a text put in by the pattern, a backslash would be read as its language.
            route = str(value).join(re.split(rf"<(?:[^<>:]+:)?{name}>", route))
    return route


def page_groups(views: Iterable[Callable[..., Any]]) -> set[str]:
    """Of all of them: folders of `app/web`."""
    return {_group_of(view) for view in views}


def _group_of(view: Callable[..., Any]) -> str:
    return view.__module__.partition("app.web.")[2].partition(".")[0] or _NOTHING


@dataclass(slots=True)
class _Said:
    """What an answer says of itself; the length of a stream is known when it is over."""

    status: int
    length: int | None


class RequestWatch:
    """The outermost layer of the web process. An answer of unknown length is watched until its last byte."""

    def __init__(self, application: Application, counts: NodeCounts, groups: Iterable[str]) -> None:
        self._application, self._counts = application, counts
        self._groups = {*groups, _FILES, _NOTHING}
        self._begun_by = 0

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Answer:
        self._begin()
        began, sent_before = time.monotonic(), statements_sent()
        # 500 unless somebody answers: whatever is raised up to here is answered so by the server.
        said = _Said(500, None)

        def note_start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            said.status = int(status[:3])
            said.length = next((int(value) for name, value in headers if name.lower() == "content-length"), None)
            return start_response(status, headers, *rest)

        def note_end() -> None:
            seconds, statements = time.monotonic() - began, statements_sent() - sent_before
            self._count(environ, said.status, seconds, statements)
            _log(environ, said, seconds, statements)

        try:
            answer = self._application(environ, note_start)
        except BaseException:
            note_end()
            raise
        if said.length is not None:
            note_end()
            return answer
        return _WatchedAnswer(answer, said, note_end)

    def _begin(self) -> None:
        """Tell of every group before anything happens: from nothing to one is a growth only where nothing was told."""
        if self._begun_by != os.getpid():
            self._begun_by = os.getpid()
            for group in self._groups:
                for status in _CLASSES:
                    self._counts.add(*REQUESTS, {"group": group, "status": status}, 0)

    def _count(self, environ: Environ, status: int, seconds: float, statements: int) -> None:
        group = environ.get(GROUP, _FILES)
        self._counts.add(*REQUESTS, {"group": group, "status": f"{status // 100}xx"})
        self._counts.observe(*SECONDS, {"group": group}, seconds, bounds=BOUNDS)
        if statements:
            self._counts.add(*STATEMENTS, {"group": group}, statements)


def _log(environ: Environ, said: _Said, seconds: float, statements: int) -> None:
    """One line a request, in every process's log, with the id that the answer and all other lines carry."""
    # A file is named by its own address, which is no person's.
    path = str(environ.get("PATH_INFO", ""))
    told = environ.get(_TOLD) or {"request_id": "", "route": path if path.startswith("/static/") else ""}
    log.info(
        "request",
        **{"roles": [], **told},
        method=environ.get("REQUEST_METHOD", ""),
        status=said.status,
        ms=round(seconds * 1000, 1),
        bytes=said.length or 0,
        statements=statements,
        group=environ.get(GROUP, _FILES),
    )


class _WatchedAnswer:
    """An answer whose server says when it is done with it, read to its end or not."""

    def __init__(self, answer: Answer, said: _Said, note_end: Callable[[], None]) -> None:
        self._answer, self._said, self._note_end = answer, said, note_end

    def __iter__(self) -> Iterator[bytes]:
        for part in self._answer:
            self._said.length = (self._said.length or 0) + len(part)
            yield part

    def close(self) -> None:
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._note_end()
