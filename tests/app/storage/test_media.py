"""Keeping pictures: what is refused, what is left out of them, and what a reader may reach."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from app.storage import media
from app.storage.media_folder import FolderStore
from app.storage.media_kept import MediaRefused


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), *, exif: Image.Exif | None = None) -> BytesIO:
    made = BytesIO()
    extra = {"exif": exif} if exif else {}
    Image.new("RGB", size, (200, 30, 30)).save(made, kind, **extra)
    made.seek(0)
    return made


def taken_at_a_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Maker of phones"
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (10.0, 46.0, 36.0)
    return exif


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_picture_is_kept_and_can_be_read_again(tmp_path: Path, kind: str, media_type: str) -> None:
    kept = media.store_picture(FolderStore(tmp_path), picture(kind), file_name="ảnh chụp.dat")

    assert kept.media_type == media_type
    assert kept.file_name.startswith("ảnh chụp.")
    with Image.open(FolderStore(tmp_path).path_of(kept.storage_key)) as read:
        assert read.size == (40, 20)


def test_place_device_and_comments_are_gone_and_the_picture_stands_upright(tmp_path: Path) -> None:
    given = picture(exif=taken_at_a_place())
    assert b"Maker of phones" in given.getvalue()

    kept = media.store_picture(FolderStore(tmp_path), given, file_name="a.jpg")

    content = FolderStore(tmp_path).path_of(kept.storage_key).read_bytes()
    assert b"Maker of phones" not in content
    assert b"Exif" not in content
    with Image.open(BytesIO(content)) as read:
        assert read.size == (20, 40)
        assert not read.getexif()


def test_nothing_hidden_behind_the_pixels_survives(tmp_path: Path) -> None:
    smuggling = BytesIO(picture().getvalue() + b"<script>alert(1)</script>")

    kept = media.store_picture(FolderStore(tmp_path), smuggling, file_name="a.jpg")

    assert b"<script>" not in FolderStore(tmp_path).path_of(kept.storage_key).read_bytes()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not_a_picture"),
        (b"<!doctype html><script>alert(1)</script>", "not_a_picture"),
        (b"%PDF-1.7 ", "not_a_picture"),
        (b"\xff\xd8\xff\xe0 and then nothing of a JPEG", "not_a_picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heic"),
        (b"GIF89a\x01\x00\x01\x00\x80\x00\x00", "not_a_picture"),
    ],
)
def test_whatever_is_no_picture_is_refused_whatever_it_calls_itself(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(MediaRefused) as refused:
        media.store_picture(FolderStore(tmp_path), BytesIO(content), file_name="photo.jpg")

    assert refused.value.code == code
    assert list(tmp_path.rglob("*.jpg")) == []


def test_more_than_ten_megabytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused) as refused:
        media.store_picture(
            FolderStore(tmp_path), BytesIO(picture().getvalue() + b"\0" * media.MAX_PICTURE_BYTES), file_name="a.jpg"
        )

    assert refused.value.code == "too_large"


def test_a_small_file_with_a_hundred_million_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    bomb = BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    bomb.seek(0)
    assert len(bomb.getvalue()) < 100_000

    with pytest.raises(MediaRefused) as refused:
        media.store_picture(FolderStore(tmp_path), bomb, file_name="bomb.png")

    assert refused.value.code == "too_many_pixels"


@pytest.mark.parametrize(("is_progressive", "is_taken"), [(False, True), (True, False)])
def test_of_large_photographs_only_those_are_taken_that_are_read_line_by_line(
    tmp_path: Path, is_progressive: bool, is_taken: bool
) -> None:
    """A progressive JPEG of two megabytes with 200 million pixels filled 1.2 gigabytes while it was read."""
    photograph = BytesIO()
    Image.new("L", (6_000, 5_000)).save(photograph, "JPEG", progressive=is_progressive)
    photograph.seek(0)

    try:
        media.store_picture(FolderStore(tmp_path), photograph, file_name="a.jpg")
        code = ""
    except MediaRefused as refused:
        code = refused.code

    assert code == ("" if is_taken else "too_many_pixels")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Ảnh\\rác.jpg", "rác.jpg"),
        ("../../etc/passwd", "passwd"),
        ('a"b<c>\r\n.png', "abc.png"),
        ("", "file"),
        ("x" * 300 + ".jpeg", "x" * 70 + ".jpeg"),
    ],
)
def test_file_names_are_shown_without_folders_and_signs(given: str, shown: str) -> None:
    assert media.clean_name(given) == shown
