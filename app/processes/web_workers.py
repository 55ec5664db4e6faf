"""What gunicorn does in each of its web workers before anybody asks."""

from typing import Any

from app.web.provider_events.webhooks import open_door


def post_worker_init(worker: Any) -> None:
    """Begin to take in what an earlier process kept on disk, also where nobody calls for an hour."""
    with worker.wsgi.app_context():
        open_door()
