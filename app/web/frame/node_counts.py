"""What the processes of one node count together, each in a file of its own that all of them read.

A scrape reaches one of several processes; what it tells must be the node's. The files are those of prometheus-client's
mode for several processes, without its variable of the environment, which must be set before the first import.
"""

import math
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.utils import floatToGoString

# More than one process counts.
_RESERVED_BYTES = 1 << 20
_COUNTER, _HISTOGRAM = "counter", "histogram"
# The highest of the processes that live; one that ended uses nothing any more.
_HIGHEST = "gauge_livemax"


class NodeCounts:
    """A folder of this node. Counters of a process that ended are kept until the web process is started anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pid = 0
        self._files: dict[str, MmapedDict] = {}
        self._keys: dict[tuple[object, ...], str] = {}
        self._begun: set[tuple[object, ...]] = set()

    def begin_anew(self) -> None:
        """For whoever starts before any process counts: numbers of ended ones are Prometheus's by now."""
        for path in self._folder.glob("*.db"):
            path.unlink(missing_ok=True)

    def add(self, name: str, words: str, labels: Mapping[str, str], amount: float = 1.0) -> None:
        """To a counter; `name` without the `_total` under which it is told."""
        self._add(_COUNTER, name, f"{name}_total", words, labels, amount)

    def observe(
        self, name: str, words: str, labels: Mapping[str, str], seconds: float, *, bounds: Iterable[float]
    ) -> None:
        """Into a histogram; `bounds` ascend, and what is beyond the last is counted too."""
        self._add(_HISTOGRAM, name, f"{name}_sum", words, labels, seconds)
        limits = (*bounds, math.inf)
        kind = (name, os.getpid(), *labels.values())
        if kind not in self._begun:
            # All of them, so that each is there from the first on; what is told adds them up.
            self._begun.add(kind)
            for bound in limits:
                self._add(_HISTOGRAM, name, f"{name}_bucket", words, {**labels, "le": floatToGoString(bound)}, 0.0)
        within = floatToGoString(next(bound for bound in limits if seconds <= bound))
        self._add(_HISTOGRAM, name, f"{name}_bucket", words, {**labels, "le": within}, 1.0)

    def set_highest(self, name: str, words: str, labels: Mapping[str, str], value: float) -> None:
        """A figure of this process, of which the highest among all is told."""
        with self._lock, suppress(OSError):
            self._file(_HIGHEST).write_value(self._key(name, name, words, labels), value, 0.0)

    def collect(self) -> Iterator[Metric]:
        """Of all processes of this node."""
        files = [str(path) for path in sorted(self._folder.glob("*.db")) if _counts(path)]
        yield from MultiProcessCollector.merge(files)

    def _add(self, kind: str, name: str, sample: str, words: str, labels: Mapping[str, str], amount: float) -> None:
        # On a full disk nothing is counted, and everybody is answered.
        with self._lock, suppress(OSError):
            file, key = self._file(kind), self._key(name, sample, words, labels)
            file.write_value(key, file.read_value(key)[0] + amount, 0.0)

    def _key(self, name: str, sample: str, words: str, labels: Mapping[str, str]) -> str:
        remembered = (sample, *labels.items())
        if remembered not in self._keys:
            self._keys[remembered] = mmap_key(name, sample, list(labels), list(labels.values()), words)
        return self._keys[remembered]

    def _file(self, kind: str) -> MmapedDict:
        """Of this process: after a fork the parent's stays the parent's."""
        if self._pid != os.getpid():
            self._pid, self._files = os.getpid(), {}
        if kind not in self._files:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._folder / f"{kind}_{self._pid}.db"
            _reserve(path)
            self._files[kind] = MmapedDict(str(path))
        return self._files[kind]


def _reserve(path: Path) -> None:
    """Take the disk's room at once: a process that writes to a page of memory for which there is none is killed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, _RESERVED_BYTES)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _counts(path: Path) -> bool:
    if not path.name.startswith(_HIGHEST):
        return True
    with suppress(ValueError, ProcessLookupError, PermissionError):
        os.kill(int(path.stem.rpartition("_")[2]), 0)
        return True
    return False
