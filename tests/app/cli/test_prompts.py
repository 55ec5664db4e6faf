"""A studio gets the list and gives back a folder; the seconds of recordings are those callers hear."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import select

from app.cli.commands import build_parser
from tests.app.storage.test_telephone_sound import pcm, tone
from tests.conftest import Committed
from tickets.schema import AuditEntry, RecordedPrompt


@pytest.fixture
def run(committed: Committed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A command as it is typed, on a database of its own: its exit code and what it prints."""
    monkeypatch.setenv("HOTLINE_DATABASE_URL", committed.url)
    monkeypatch.setenv("HOTLINE_REDIS_URL", committed.redis_url)
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path / "data"))

    def run(*words: str) -> tuple[int, str]:
        arguments = build_parser().parse_args(["prompts", *words])
        code = arguments.run(arguments)
        return code, capsys.readouterr().out

    return run


def wav(path: Path, seconds: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pcm(tone(seconds, rate=48_000), rate=48_000, channels=2))


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "prompts.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_list_names_every_piece_and_the_folder_that_comes_back_is_kept_once(run, committed, tmp_path) -> None:
    folder = tmp_path / "studio"
    assert run("export", str(folder), "--language", "vi")[0] == 0
    listed = rows(folder)
    assert {row["code"] for row in listed} > {"greeting", "queue_position.1", "number.60"}
    wav(folder / "greeting.vi.wav")
    wav(folder / "take two" / "number.3.vi.wav", 0.4)

    code, told = run("import", str(folder))

    assert (code, told.strip()) == (0, "2 recordings kept, 0 are played already, 0 refused.")
    assert "2 are played already" in run("import", str(folder))[1]
    with committed.factory() as session:
        assert {row.code for row in session.scalars(select(RecordedPrompt))} == {"greeting", "number.3"}
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "recorded_prompt.kept")).all()) == 2
    run("export", str(folder), "--language", "vi", "--missing")
    assert not {"greeting", "number.3"} & {row["code"] for row in rows(folder)}


def test_a_file_that_is_refused_keeps_no_other_out(run, committed, tmp_path) -> None:
    folder = tmp_path / "studio"
    run("export", str(folder))
    path = folder / "prompts.csv"
    path.write_text(path.read_text("utf-8-sig").replace("Cảm ơn ông bà đã gọi. Xin chào.", "Xin chào."), "utf-8-sig")
    wav(folder / "greeting.en.wav")
    wav(folder / "goodbye.vi.wav")
    wav(folder / "welcome.vi.wav")
    (folder / "menu_report.vi.mp3").write_bytes(b"no sound")

    code, told = run("import", str(folder))

    assert code == 1
    assert "goodbye.vi.wav: the list it was recorded from says other words than we say now: “Cảm ơn ông bà" in told
    assert "welcome.vi.wav: no words have this name" in told
    assert "menu_report.vi.mp3: no sound that can be read" in told
    assert "1 recordings kept, 0 are played already, 3 refused." in told


def test_a_dry_run_keeps_nothing(run, committed, tmp_path) -> None:
    wav(tmp_path / "studio" / "greeting.vi.wav")

    assert "1 recordings would be kept" in run("import", str(tmp_path / "studio"), "--dry-run")[1]
    with committed.factory() as session:
        assert session.scalars(select(RecordedPrompt)).all() == []


def test_the_table_counts_the_seconds_of_recordings(run, tmp_path) -> None:
    def seconds(told: str) -> float:
        return next(float(line.split()[0]) for line in told.splitlines() if line.endswith("greeting and menu"))

    before = seconds(run("listen")[1])
    wav(tmp_path / "studio" / "menu_report.vi.wav", 9.0)
    run("import", str(tmp_path / "studio"))

    told = run("listen")[1]

    assert seconds(told) > before + 5
    assert "♪ Phản ánh, hỏi đáp, phím 1." in told
