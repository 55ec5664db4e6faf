"""A full disk kills no process that counts: its room is taken at once, and where there is none nothing is counted."""

import errno
import os
from pathlib import Path

import pytest

from app.web.frame.node_counts import NodeCounts


def test_the_room_of_what_is_counted_is_taken_at_once(tmp_path: Path) -> None:
    NodeCounts(tmp_path).add("hotline_visits", "Visits", {"group": "public"})

    [path] = tmp_path.glob("*.db")

    assert path.stat().st_blocks * 512 >= path.stat().st_size > 0


def test_where_there_is_no_room_nothing_is_counted_and_nobody_hears_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    counts = NodeCounts(tmp_path)

    counts.add("hotline_visits", "Visits", {"group": "public"})
    counts.set_highest("hotline_pool", "Pool", {}, 3.0)

    assert list(tmp_path.glob("*.db")) == []
    assert list(counts.collect()) == []
