"""Compiled catalogues: made by whoever comes first, read by everybody, and never a reason to say nothing."""

import os
from pathlib import Path

import pytest

from app.phone.spool import Spool
from app.wording.translations import compiled, translations
from telephony.provider.webhook_inbox import Webhook
from tests.conftest import NOW

NOBODY = 65_534


def test_what_one_user_compiled_every_other_may_read(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        folder = compiled(tmp_path / "locales")
    finally:
        os.umask(before)

    assert {path.stat().st_mode & 0o044 for path in folder.rglob("*.mo")} == {0o044}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_leaves_belongs_to_whom_the_folder_belongs_to(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    spool = Spool.in_data_dir(tmp_path)

    compiled(tmp_path / "locales")
    spool.keep(Webhook("sim", "sms", {"body": "x"}, {}), received_at=NOW)
    [waiting] = spool.waiting()
    spool.take_back(waiting)

    made = [path for path in tmp_path.rglob("*") if path.stat().st_uid != NOBODY]
    assert made == []


def test_where_nothing_can_be_kept_people_are_still_spoken_to_in_their_language(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("no folder")

    words = translations("vi", tmp_path / "full" / "locales")

    assert words.gettext("Audit trail") != "Audit trail"
