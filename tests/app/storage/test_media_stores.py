"""A folder and a bucket keep media alike; a bucket that is away, slow or refuses says so and never for long."""

import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from app.settings import Settings, SettingsRefused, load_settings
from app.storage.media_bucket import BucketStore
from app.storage.media_folder import FolderStore
from app.storage.media_kept import MediaRefused, MediaUnreachable
from app.storage.media_store import MediaStore, media_store
from tests.object_store import ACCESS_KEY, SECRET_KEY, broken_server, free_port, object_server, with_bucket

IN_TWO_DAYS = 2 * 24 * 3600


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with object_server(tmp_path_factory.mktemp("objects")) as address:
        yield address


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, settings: Settings, endpoint: str, tmp_path: Path) -> MediaStore:
    if request.param == "folder":
        return media_store(settings.model_copy(update={"media_url": str(tmp_path / "media")}))
    # A prefix of its own: each test finds it empty.
    there = with_bucket(settings, endpoint)
    return media_store(there.model_copy(update={"media_url": f"{there.media_url}/{tmp_path.name}"}))


def read(store: MediaStore, key: str) -> bytes:
    with store.open(key).stream as stream:
        return stream.read()


def nothing_named(_keys: object) -> list[str]:
    return []


def test_what_was_written_is_read_again_from_any_place_in_it(store: MediaStore) -> None:
    content = bytes(range(256)) * 2_000

    written = store.write(BytesIO(content), room="recordings", suffix=".wav", max_bytes=10**6)

    opened = store.open(written.storage_key)
    with opened.stream as stream:
        stream.seek(300_000)
        late = stream.read(100)
        stream.seek(10)
        early = stream.read(100)
    assert (opened.size_bytes, written.size_bytes) == (len(content), len(content))
    assert (late, early) == (content[300_000:300_100], content[10:110])
    assert read(store, written.storage_key) == content
    assert [one.key for one in store.lying()] == [written.storage_key]


def test_size_and_digest_of_a_stream_are_those_of_its_bytes(store: MediaStore) -> None:
    written = store.write(BytesIO(b"abc"), room="recordings", suffix=".wav", max_bytes=100)

    assert written.size_bytes == 3
    assert written.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_stream_that_is_too_long_leaves_nothing_behind(store: MediaStore) -> None:
    with pytest.raises(MediaRefused):
        store.write(BytesIO(b"x" * 101), room="recordings", max_bytes=100)

    assert list(store.lying()) == []
    if isinstance(store, FolderStore):
        assert [path for path in store.folder.rglob("*") if path.is_file()] == []


def test_a_picture_that_a_row_names_outlives_the_sweep_and_one_of_an_unfinished_form_does_not(
    store: MediaStore,
) -> None:
    given = store.write_pending(BytesIO(b"kept"), suffix=".jpg", max_bytes=100)
    forgotten = store.write_pending(BytesIO(b"never sent"), suffix=".jpg", max_bytes=100)
    kept = store.keep(given.storage_key)

    early = store.sweep_pending(nothing_named, now=time.time() + 3600)
    swept = store.sweep_pending(lambda keys: [key for key in keys if key == kept], now=time.time() + IN_TWO_DAYS)
    again = store.sweep_pending(nothing_named, now=time.time() + 2 * IN_TWO_DAYS)

    assert (early, swept, again) == (0, 2 if isinstance(store, FolderStore) else 1, 0)
    assert [one.key for one in store.lying()] == [kept]
    assert read(store, kept) == b"kept"
    with pytest.raises(FileNotFoundError):
        store.open(forgotten.storage_key)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for somebody else")
def test_what_root_puts_back_can_be_read_and_written_beside_by_the_user_of_the_processes(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 12_345, 12_346)
    store = FolderStore(folder / "media")

    store.put("attachments/2026/picture.jpg", BytesIO(b"picture"))
    kept = store.keep(store.write_pending(BytesIO(b"other"), suffix=".jpg", max_bytes=10).storage_key)

    made = [folder / "media", *(folder / "media").rglob("*")]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(12_345, 12_346)}
    assert (folder / "media" / kept).read_bytes() == b"other"


def test_a_file_that_is_not_there_is_said_to_be_missing_and_removing_it_is_harmless(store: MediaStore) -> None:
    store.put("attachments/a1/đèn đường.jpg", BytesIO(b""))

    store.remove("attachments/a1/none.jpg")

    assert read(store, "attachments/a1/đèn đường.jpg") == b""
    with pytest.raises(FileNotFoundError):
        store.open("attachments/a1/none.jpg")
    with pytest.raises(FileNotFoundError):
        store.keep("pending/a1/none.jpg")
    store.prove()
    assert [one.key for one in store.lying()] == ["attachments/a1/đèn đường.jpg"]


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "attachments/../../secret", "", "attachments"])
def test_no_key_leads_out_of_the_media_folder(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "media"
    (folder / "attachments").mkdir(parents=True)
    (tmp_path / "secret").write_text("not yours")

    with pytest.raises(FileNotFoundError):
        FolderStore(folder).open(key)


@pytest.mark.parametrize(
    ("status", "said"), [(403, "refuses: AccessDenied"), (500, "refuses: 500"), (404, "refuses: 404")]
)
def test_a_store_that_refuses_us_is_named_with_its_reason(settings: Settings, status: int, said: str) -> None:
    with broken_server(status) as address:
        store = media_store(with_bucket(settings, address))

        for ask in (store.prove, lambda: store.write(BytesIO(b"x"), room="recordings", max_bytes=9)):
            with pytest.raises(MediaUnreachable, match=said):
                ask()


def test_a_wrong_key_and_a_wrong_bucket_are_said_as_the_store_says_them(settings: Settings, endpoint: str) -> None:
    there = with_bucket(settings, endpoint)

    with pytest.raises(MediaUnreachable, match="SignatureDoesNotMatch"):
        media_store(with_bucket(settings, endpoint, secret_key="of another city")).prove()
    with pytest.raises(MediaUnreachable, match="NoSuchBucket"):
        media_store(there.model_copy(update={"media_url": "s3://no-such-bucket"})).prove()


def test_after_a_silence_nobody_waits_again_for_a_while_and_then_it_is_tried_again(settings: Settings) -> None:
    port = free_port()
    store = media_store(with_bucket(settings, f"http://127.0.0.1:{port}"))
    assert isinstance(store, BucketStore)

    with pytest.raises(MediaUnreachable, match="does not answer"):
        store.open("attachments/a1/a.jpg")
    with pytest.raises(MediaUnreachable, match="a moment ago"):
        store.open("attachments/a1/a.jpg")
    store.rest(seconds=0)
    with pytest.raises(MediaUnreachable, match="does not answer"):
        store.open("attachments/a1/a.jpg")


def test_a_bucket_without_name_or_keys_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load_settings(media_url="s3://", media_endpoint="minio:9000", data_dir=tmp_path, _env_file=None)
    said = refused.value.reasons

    assert any("s3://bucket/prefix" in one for one in said)
    assert any("HOTLINE_MEDIA_ACCESS_KEY must be set" in one for one in said)
    assert any("HOTLINE_MEDIA_SECRET_KEY must be set" in one for one in said)
    assert any("HOTLINE_MEDIA_ENDPOINT must be a whole address" in one for one in said)
    fine = load_settings(
        media_url="s3://city/x", media_access_key=ACCESS_KEY, media_secret_key=SECRET_KEY, data_dir=tmp_path,
        _env_file=None,
    )  # fmt: skip
    assert SECRET_KEY not in repr(fine)
