"""What `/health/ready` says, once it has said it: its first answer may come too late on a busy machine."""

import time

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_PATIENCE_SECONDS = 30


def when_heard(client: FlaskClient) -> TestResponse:
    """The first answer that rests on what the database said; the last one when it says nothing for half a minute."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        answer = client.get("/health/ready")
        was_heard = "does not answer within" not in answer.get_json()["checks"]["database"]
        if was_heard or time.monotonic() > deadline:
            return answer
        time.sleep(0.1)
