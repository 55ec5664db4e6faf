"""Addresses of static files that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import quote

from flask import current_app


def asset(path: str) -> str:
    """The address of `path` below the static folder, with a fingerprint of its bytes; FileNotFoundError if missing."""
    folder = current_app.static_folder
    if folder is None:
        raise FileNotFoundError(path)
    # A page has a dozen: `url_for` would match each against the map of all addresses.
    return f"{current_app.static_url_path}/{quote(path)}?v={_fingerprint(folder, path)}"


@cache
def _fingerprint(folder: str, path: str) -> str:
    return hashlib.sha256((Path(folder) / path).read_bytes()).hexdigest()[:12]
