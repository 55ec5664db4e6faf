"""Around every request: what it was, what came of it and what it cost is counted, whoever answered it."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import current_app, request

from app.storage.statement_count import statements_sent
from app.web.frame.node_counts import NodeCounts

Environ = dict[str, Any]
Answer = Iterable[bytes]
Application = Callable[[Environ, Callable[..., Any]], Answer]

# What is answered without any page group: files, and addresses that nothing of ours has.
_FILES, _NOTHING = "files", "none"
GROUP = "hotline.page_group"
# A provider waits for one second, a person for three; ten are a fault.
BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = ("hotline_http_requests", "Requests answered, by page group and class of status")
SECONDS = ("hotline_http_request_seconds", "Until a request was answered, by page group")
STATEMENTS = ("hotline_http_statements", "Statements that requests sent to the database, by page group")


def note_page_group() -> None:
    """Before a view: tell whoever watches from outside which group of pages answers."""
    view = current_app.view_functions.get(request.endpoint or "")
    _, _, below = (view.__module__ if view else "").partition("app.web.")
    request.environ[GROUP] = below.partition(".")[0] or _NOTHING


class RequestWatch:
    """The outermost layer of the web process. An answer of unknown length is watched until its last byte."""

    def __init__(self, application: Application, counts: NodeCounts) -> None:
        self._application, self._counts = application, counts

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Answer:
        began, sent_before = time.monotonic(), statements_sent()
        # 500 unless somebody answers: whatever is raised up to here is answered so by the server.
        told: dict[str, Any] = {"status": 500, "has_length": False}

        def note_start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told["status"] = int(status[:3])
            told["has_length"] = any(name.lower() == "content-length" for name, _ in headers)
            return start_response(status, headers, *rest)

        def note_end() -> None:
            self._count(environ, told["status"], time.monotonic() - began, statements_sent() - sent_before)

        try:
            answer = self._application(environ, note_start)
        except BaseException:
            note_end()
            raise
        if told["has_length"]:
            note_end()
            return answer
        return _WatchedAnswer(answer, note_end)

    def _count(self, environ: Environ, status: int, seconds: float, statements: int) -> None:
        group = environ.get(GROUP, _FILES)
        self._counts.add(*REQUESTS, {"group": group, "status": f"{status // 100}xx"})
        self._counts.observe(*SECONDS, {"group": group}, seconds, bounds=BOUNDS)
        if statements:
            self._counts.add(*STATEMENTS, {"group": group}, statements)


class _WatchedAnswer:
    """An answer whose server says when it is done with it, read to its end or not."""

    def __init__(self, answer: Answer, note_end: Callable[[], None]) -> None:
        self._answer, self._note_end = answer, note_end

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._note_end()
