"""A request that gave way to another is run again as if it had just come: what its first run left is taken back."""

from typing import Any

from flask import g
from flask.globals import request_ctx


class StartingOver:
    """A request before its view has run. Its transaction takes the rows back; here is what else a view leaves."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = dict(vars(_globals()))
        # Not by the proxy: looking at the session through it says that the answer depends on a cookie.
        self._cookie = dict(request_ctx._session or {})
        self._was_modified = bool(request_ctx._session and request_ctx._session.modified)
        self._afterwards = len(request_ctx._after_request_functions)

    def go_back(self) -> bool:
        """Go back. False when a file that came along has been read and is gone."""
        try:
            for files in request_ctx.request.files.listvalues():
                for file in files:
                    file.stream.seek(0)
        except (OSError, ValueError):
            return False
        vars(_globals()).clear()
        vars(_globals()).update(self._known)
        if request_ctx._session is not None:
            request_ctx._session.clear()
            request_ctx._session.update(self._cookie)
            request_ctx._session.modified = self._was_modified
        request_ctx.flashes = None
        del request_ctx._after_request_functions[self._afterwards :]
        return True


def _globals() -> Any:
    return g._get_current_object()
