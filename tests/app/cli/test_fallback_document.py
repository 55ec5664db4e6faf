"""What callers hear while nothing of ours answers is read by the proxy's own user: who may not is told at once."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from app.cli.commands import build_parser

NOBODY = 65534


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`fallback-document --into`, with the settings of a city: what it says beside the paths it wrote."""
    monkeypatch.setenv("HOTLINE_PUBLIC_BASE_URL", "https://hotline.example.gov.vn")
    monkeypatch.setenv("HOTLINE_SECRET_KEY", "a-test-key-of-sufficient-length-0123456789abcdef")
    for name in ("DATABASE", "OWNER_DATABASE"):
        monkeypatch.setenv(f"HOTLINE_{name}_URL", "postgresql://nobody@127.0.0.1/none")
    monkeypatch.setenv("HOTLINE_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("HOTLINE_TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("HOTLINE_TWILIO_AUTH_TOKEN", "0" * 32)
    monkeypatch.setenv("HOTLINE_TWILIO_DECISION", "12/QĐ-UBND")

    def write(folder: Path) -> str:
        arguments = build_parser().parse_args(["fallback-document", "--into", str(folder)])
        assert arguments.run(arguments) == 0
        return "\n".join(line for line in capsys.readouterr().err.splitlines() if "closed" in line)

    return write


def opened(path: Path) -> Path:
    """The folder, reached by everybody; what pytest makes on the way is the tester's alone."""
    for one in (path, *path.parents):
        if one.stat().st_uid == os.getuid() and one != Path("/"):
            one.chmod(one.stat().st_mode | 0o001)
    return path


def as_nobody(path: Path) -> bool:
    """Whether a user who is neither owner nor of the group can read it."""
    tried = subprocess.run(
        ["cat", str(path)], check=False, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True
    )
    return tried.returncode == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can read as somebody else")
def test_a_folder_that_the_proxy_may_not_pass_is_named_and_the_command_given_opens_it(write, tmp_path) -> None:
    closed = opened(tmp_path) / "etc hotline"
    closed.mkdir(mode=0o750)

    said = write(closed / "fallback")

    assert not as_nobody(closed / "fallback" / "failsafe.xml")
    assert said.count("chmod") == 1 and shlex.quote(str(closed)) in said
    subprocess.run(["sh", "-c", said.partition("with: ")[2]], check=True)
    assert as_nobody(closed / "fallback" / "failsafe.xml")
    assert write(closed / "fallback") == ""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can read as somebody else")
def test_what_is_written_under_a_strict_umask_is_read_by_the_proxy_or_named(write, tmp_path) -> None:
    folder = opened(tmp_path) / "fallback"
    before = os.umask(0o077)
    try:
        said = write(folder)
    finally:
        os.umask(before)

    assert str(folder) in said
    subprocess.run(["sh", "-c", said.partition("with: ")[2]], check=True)
    assert all(as_nobody(path) for path in folder.iterdir())
