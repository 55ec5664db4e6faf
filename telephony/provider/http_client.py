"""The HTTP client under the official SDK: with time limits, an address of our choosing, and no redirects."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.http import HttpClient
from twilio.http.response import Response
from urllib3.exceptions import HTTPError as BrokenConnection

from telephony.provider.limited_answer import LimitedAnswer, NotTheirs
from telephony.provider.timely_session import timely_session

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
# Until an answer begins, from its first to its last byte, and its length: a page of their lists has a thousand rows.
WHOLE_SECONDS = 30.0
LONGEST_ANSWER_BYTES = 20 * 1024 * 1024
# A carrier that asks for more is asked again all the same: it may be mistaken, and people wait for their answer.
LONGEST_WAIT_SECONDS = 3600.0


def retry_after(said: str, *, now: datetime) -> float:
    """Seconds from a `Retry-After`, which is a number of them or a date (RFC 9110, 10.2.3); 0 for anything else."""
    if said.strip().isdecimal():
        return min(float(said.strip()), LONGEST_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(said)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (aware - now).total_seconds()), LONGEST_WAIT_SECONDS)


def rebase(url: str, base_url: str) -> str:
    """The URL at another scheme and host, below the base's own path: compatible providers keep Twilio's paths."""
    if not base_url:
        return url
    base, target = urlsplit(base_url), urlsplit(url)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + target.path, target.query, ""))


class RebasingHttpClient(HttpClient):
    """The SDK's own client has no time limit and knows one host; a redirect would carry our credentials to another."""

    def __init__(
        self,
        base_url: str,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self.base_url = base_url
        self.limits = (connect_seconds, read_seconds)
        self.whole_seconds = whole_seconds
        self.session = timely_session(whole_seconds)
        # The SDK's errors carry no headers; a sending thread asks for what its own last answer said.
        self._said = threading.local()

    @property
    def retry_after_seconds(self) -> float:
        """What the last answer to this thread asked us to wait; 0 when it asked nothing."""
        return float(getattr(self._said, "retry_after", 0.0))

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Raises requests.RequestException when the provider cannot be reached in time, NotTheirs when somebody
        else says yes for it; any other status is returned."""
        is_json = (headers or {}).get("Content-Type") == "application/json"
        payload: dict[str, Any] = {"json": data} if is_json else {"data": data}
        self._said.retry_after = 0.0
        with self.session.request(
            method.upper(),
            rebase(uri, self.base_url),
            params=params,
            headers=headers,
            auth=auth,
            timeout=self.limits if timeout is None else (min(CONNECT_SECONDS, timeout), timeout),
            allow_redirects=False,
            stream=True,
            **payload,
        ) as answer:
            body = self._body(answer)
        self._said.retry_after = retry_after(answer.headers.get("Retry-After", ""), now=datetime.now(UTC))
        if answer.ok and not answer.is_redirect and body and not _is_object(body):
            raise NotTheirs("no JSON object")
        return Response(answer.status_code, body, answer.headers)

    def _body(self, answer: requests.Response) -> str:
        limited = LimitedAnswer(answer, most_bytes=LONGEST_ANSWER_BYTES, seconds=self.whole_seconds)
        try:
            return limited.whole().decode("utf-8", errors="replace")
        except BrokenConnection as cut:
            # As requests itself names what ends while it is read.
            raise requests.ConnectionError(cut) from cut


def _is_object(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
