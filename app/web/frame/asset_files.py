"""The files browsers load, published at start under names that change with their content, each also compressed.

They are put together from app/static and kept below the data folder, like the compiled catalogues: there is no build
step to forget, and a page opened before an upgrade still finds the files it was written for.
"""

import gzip
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from app.web.frame.bundles import one_script, one_sheet

_SHEETS = ("css/bootstrap.css", "css/tokens.css", "css/hotline.css", "css/work.css", "css/layouts.css")
SHEETS = {
    "css/public.css": (*_SHEETS, "css/public.css"),
    "css/desk.css": (*_SHEETS, "css/console.css", "css/steering.css"),
}
SCRIPTS = {
    "js/public.js": ("js/hotline.js", "js/report.js"),
    "js/desk.js": ("js/hotline.js", "js/live.js", "js/console.js", "js/telephone/bar.js"),
    "js/telephone.js": ("js/hotline.js", "js/live.js", "js/console.js", "js/telephone/window.js"),
}
# Served as they are. What a style sheet loads is found by its `url(…)`.
SINGLE_FILES = (
    "img/*.svg", "fonts/*.woff2", "vendor/htmx/htmx.min.js", "js/workers/*.js", "js/demonstration.js",
    "vendor/jssip/*.js", "vendor/voice-sdk/*.js",
)  # fmt: skip
# How a published address is told from any other: it may be kept for ever.
PUBLISHED = r"\.[0-9a-f]{12}\.\w+$"
_PACKED = (".css", ".js", ".svg")
_KEPT_SECONDS = 90 * 24 * 3600


@dataclass(frozen=True)
class PublishedFile:
    """Where a file of ours is served, below /static/, and what it holds, as it is and packed."""

    name: str
    content: bytes
    packed: bytes | None


def publish(static: Path, *, into: Path) -> dict[str, str]:
    """Write what browsers load into the folder; the served name of each path that templates ask for."""
    files = published_files(static)
    for file in files.values():
        _write(into / file.name, file.content)
        if file.packed is not None:
            _write(into / f"{file.name}.gz", file.packed)
    _forget_old(into, {file.name for file in files.values()})
    return {path: file.name for path, file in files.items()}


@cache
def published_files(static: Path) -> dict[str, PublishedFile]:
    """Everything to be published, under the path templates name it by. Read once per process."""
    files = {path: _published(path, (static / path).read_bytes()) for path in _single_paths(static)}

    def address(path: str) -> str:
        return f"/static/{files[path].name}"

    for path, sheets in SHEETS.items():
        files[path] = _published(path, one_sheet(static, sheets, address).encode())
    for path, scripts in SCRIPTS.items():
        files[path] = _published(path, one_script(static, scripts).encode())
    return files


def _single_paths(static: Path) -> Iterator[str]:
    for pattern in SINGLE_FILES:
        for path in sorted(static.glob(pattern)):
            yield path.relative_to(static).as_posix()


def _published(path: str, content: bytes) -> PublishedFile:
    stem = PurePosixPath(path)
    digest = hashlib.sha256(content).hexdigest()[:12]
    packed = gzip.compress(content, 9, mtime=0) if stem.suffix in _PACKED else None
    return PublishedFile(str(stem.with_suffix(f".{digest}{stem.suffix}")), content, packed)


def _write(target: Path, content: bytes) -> None:
    """Several processes start at once, and one may be stopped half-way: a file is there whole or not at all."""
    if target.exists():
        os.utime(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(target)


def _forget_old(folder: Path, current: set[str]) -> None:
    long_ago = time.time() - _KEPT_SECONDS
    for path in folder.rglob("*.*"):
        name = path.relative_to(folder).as_posix().removesuffix(".gz")
        if name not in current and path.is_file() and path.stat().st_mtime < long_ago:
            path.unlink(missing_ok=True)
