"""What gunicorn does in the web process: in its master, and in each of its workers before anybody asks."""

from typing import Any

from app.processes.masters import when_ready
from app.web.provider_events.webhooks import open_door

# gunicorn reads the functions of this module by their names.
__all__ = ["post_worker_init", "when_ready"]


def post_worker_init(worker: Any) -> None:
    """Begin to take in what an earlier process kept on disk, also where nobody calls for an hour."""
    with worker.wsgi.app_context():
        open_door()
