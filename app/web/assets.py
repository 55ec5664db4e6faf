"""Addresses of static files that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import current_app, url_for


def asset(path: str) -> str:
    """The address of `path` below the static folder, with a fingerprint of its bytes; FileNotFoundError if missing."""
    folder = current_app.static_folder
    if folder is None:
        raise FileNotFoundError(path)
    return url_for("static", filename=path, v=_fingerprint(Path(folder), path))


@cache
def _fingerprint(folder: Path, path: str) -> str:
    return hashlib.sha256((folder / path).read_bytes()).hexdigest()[:12]
