"""Media in a bucket of S3-compatible storage, which all nodes reach alike.

A file lies under its lasting key from the beginning. Beside what came with a form lies a mark under `pending/`: what is
a day old and named by no row is swept with it, so that naming a file waits for no network.
"""

import base64
import hashlib
import io
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import IO, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.storage.media_kept import (
    PENDING_SECONDS,
    Lying,
    MediaUnreachable,
    StoredFile,
    Written,
    chunks_of,
    copy_measured,
    new_key,
)
from app.storage.object_reader import ObjectReader

_CONNECT_SECONDS = 2
_READ_SECONDS = 5
_TRIES = 2
# After a silence nobody waits again for so long: every thread of a process would soon stand waiting.
_REST_SECONDS = 5.0
# A form brings its picture back for a day (PENDING_SECONDS); two hours more, and no request can name it any longer.
_SWEPT_AFTER = PENDING_SECONDS + 2 * 3600
_SWEPT_AT_ONCE = 500
# What a store takes in one piece.
_LARGEST_BYTES = 5 * 1024**3
_IN_MEMORY_BYTES = 16 * 1024 * 1024
_LASTING, _PENDING = "attachments/", "pending/"
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


class BucketStore:
    """Everything below one prefix of one bucket."""

    def __init__(
        self, bucket: str, prefix: str, *, endpoint: str, region: str, access_key: str, secret_key: str
    ) -> None:
        self.bucket, self.prefix = bucket, f"{prefix}/" if prefix else ""
        self._endpoint, self._region = endpoint, region
        self._access_key, self._secret_key = access_key, secret_key
        self._lock = threading.Lock()
        self._rests_until = 0.0

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def write(self, stream: IO[bytes], *, room: str, suffix: str = "", max_bytes: int) -> Written:
        return self._written(stream, new_key(room, suffix), max_bytes=max_bytes)

    def write_pending(self, stream: IO[bytes], *, suffix: str = "", max_bytes: int) -> Written:
        """The mark first: what is left by a process that ends in between is swept too."""
        key = new_key(_LASTING.rstrip("/"), suffix)
        self._send(_mark_of(key), io.BytesIO())
        return self._written(stream, key, max_bytes=max_bytes)

    def keep(self, key: str) -> str:
        if not key.startswith(_LASTING):
            raise FileNotFoundError(key)
        return key

    def open(self, key: str) -> StoredFile:
        reader = ObjectReader(lambda first: self._get(key, first))
        size = reader.begin()
        return StoredFile(io.BufferedReader(reader, 64 * 1024), size)

    def put(self, key: str, stream: IO[bytes]) -> None:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as spooled:
            file = cast("IO[bytes]", spooled)
            copy_measured(stream, file, max_bytes=_LARGEST_BYTES)
            self._send(key, file)

    def remove(self, key: str) -> None:
        with self._asking():
            self._client.delete_object(Bucket=self.bucket, Key=self.prefix + key)

    def sweep_pending(self, named_among: Callable[[Sequence[str]], Collection[str]], *, now: float) -> int:
        old = [key for key, at in self._listed(_PENDING) if at.timestamp() < now - _SWEPT_AFTER][:_SWEPT_AT_ONCE]
        lasting = {mark: _LASTING + mark.removeprefix(_PENDING) for mark in old}
        named = set(named_among(list(lasting.values()))) if lasting else set()
        for mark, key in lasting.items():
            if key not in named:
                self.remove(key)
            self.remove(mark)
        return len(lasting.keys()) - len(named)

    def lying(self) -> Iterator[Lying]:
        for found in self._pages(""):
            key = str(found["Key"]).removeprefix(self.prefix)
            if not key.startswith((_PENDING, ".")):
                yield Lying(key, int(found["Size"]))

    def prove(self) -> None:
        key, said = f".proof/{secrets.token_hex(8)}", b"written"
        self._send(key, io.BytesIO(said))
        with self.open(key).stream as stream:
            if stream.read() != said:
                raise MediaUnreachable(f"{self} gives back other bytes than were written")
        self.remove(key)

    def _written(self, stream: IO[bytes], key: str, *, max_bytes: int) -> Written:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as spooled:
            file = cast("IO[bytes]", spooled)
            size, digest = copy_measured(stream, file, max_bytes=max_bytes)
            self._send(key, file)
        return Written(key, size, digest)

    def _send(self, key: str, file: IO[bytes]) -> None:
        """The store compares what came with the digest, and keeps nothing else."""
        digest = hashlib.md5(usedforsecurity=False)
        file.seek(0)
        for chunk in chunks_of(file):
            digest.update(chunk)
        file.seek(0)
        told = base64.b64encode(digest.digest()).decode()
        with self._asking():
            self._client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=file, ContentMD5=told)

    def _get(self, key: str, first: int) -> tuple[Any, int]:
        """The bytes from here on, and how many the whole file has."""
        with self._asking(key):
            where = {"Range": f"bytes={first}-"} if first else {}
            answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + key, **where)
            return answer["Body"], int(answer["ContentLength"]) + first

    def _listed(self, below: str) -> Iterator[tuple[str, datetime]]:
        for found in self._pages(below):
            yield str(found["Key"]).removeprefix(self.prefix), found["LastModified"]

    def _pages(self, below: str) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            with self._asking():
                page = self._client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix + below, **more)
            yield from page.get("Contents", ())
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    @cached_property
    def _client(self) -> Any:
        """Made at the first question, and so after a fork; it may be shared by threads."""
        how = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": _TRIES, "mode": "standard"},
            max_pool_connections=16,
            signature_version="s3v4",
            s3={"addressing_style": "path" if self._endpoint else "auto"},
            # Stores that are no Amazon refuse checksums they do not know; ours is the digest beside each body.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with self._lock:
            return boto3.client(
                "s3",
                aws_access_key_id=self._access_key,
                aws_secret_access_key=self._secret_key,
                region_name=self._region,
                endpoint_url=self._endpoint or None,
                config=how,
            )

    def rest(self, *, seconds: float) -> None:
        """Ask nothing for so long; with 0, ask again now."""
        self._rests_until = time.monotonic() + seconds

    @contextmanager
    def _asking(self, key: str = "") -> Iterator[None]:
        """Whatever the store or the way to it does becomes one of two: not there, or not to be reached now."""
        if time.monotonic() < self._rests_until:
            raise MediaUnreachable(f"{self} did not answer a moment ago")
        try:
            yield
        except ClientError as refused:
            told = refused.response.get("Error", {})
            code = str(told.get("Code", ""))
            if key and code in _MISSING:
                raise FileNotFoundError(key) from refused
            raise MediaUnreachable(f"{self} refuses: {code} {told.get('Message', '')}".strip()) from refused
        except BotoCoreError as silent:
            self.rest(seconds=_REST_SECONDS)
            raise MediaUnreachable(f"{self} does not answer ({type(silent).__name__})") from silent


def _mark_of(key: str) -> str:
    return _PENDING + key.removeprefix(_LASTING)
