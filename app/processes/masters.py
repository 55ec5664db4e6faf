"""What gunicorn's master does in every process that gunicorn serves."""

from typing import Any

from app.recurring.service_manager import keep_telling_alive


def when_ready(_server: Any) -> None:
    """Tell systemd from now on that the master lives, which said READY; workers that hang it ends itself."""
    keep_telling_alive()
