"""The file around a backup: plain, or encrypted for a recipient by `age` or GnuPG, whichever the recipient is of."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from app.backup.scratch import DraftRefused, draft_of
from app.backup.trouble import BackupTrouble

_AGE_FILES = (b"age-encryption.org/", b"-----BEGIN AGE")
# Who has the key is answered by the keyring alone: asking the network would tell it of us, and may hang.
_OFFLINE = ("--no-auto-key-locate",)
# What age adds to each of its refusals.
_ADDED = "age: report unexpected or unhelpful errors at https://filippo.io/age/report"
# Where the name of a tar file's own format stands in its first block.
_TAR_MARK = slice(257, 262)
# The highest bit of the first byte (RFC 4880, 4.2).
_PACKET = 0x80


class ProgramFailed(BackupTrouble):
    """`age` or GnuPG ended with a fault, which it has named."""


@contextmanager
def written_to(file: Path, *, recipient: str) -> Iterator[IO[bytes]]:
    """A stream into `file`, which stands under its name only when all of it is on the disk."""
    if file.exists():
        raise BackupTrouble(f"{file} exists already; backups are never written over. Choose another name.")
    command = _encrypting(recipient) if recipient else []
    if command:
        _prove(command)
    try:
        with draft_of(file) as draft:
            with draft.open("wb") as out:
                if command:
                    with _through(command, stdout=out) as process:
                        yield cast("IO[bytes]", process.stdin)
                else:
                    yield out
                out.flush()
                os.fsync(out.fileno())
            draft.replace(file)
    except DraftRefused as refused:
        raise BackupTrouble(f"{file} cannot be written ({refused}).") from refused


@contextmanager
def read_from(file: Path, *, identity: str) -> Iterator[IO[bytes]]:
    """The backup in the clear, as a stream. `identity` is the file of an age key; GnuPG asks its own keyring."""
    try:
        with file.open("rb") as probe:
            head = probe.read(512)
    except OSError as error:
        raise BackupTrouble(f"{file} cannot be read ({error.strerror}).") from error
    if head[_TAR_MARK] == b"ustar":
        with file.open("rb") as plain:
            yield plain
        return
    with file.open("rb") as sealed, _opened(), _through(_decrypting(head, identity), stdin=sealed) as process:
        clear = cast("IO[bytes]", process.stdout)
        yield clear
        # To its end: only then the program has proved all of it.
        while clear.read(1024 * 1024):
            pass


@contextmanager
def _opened() -> Iterator[None]:
    try:
        yield
    except ProgramFailed as failed:
        raise BackupTrouble(
            f"The backup does not open: it is for another key, cut short or damaged. {failed}"
        ) from failed


def _prove(command: list[str]) -> None:
    """Whether it can be encrypted for this recipient: asked before hours are spent on what goes in."""
    with _through(command, stdout=subprocess.DEVNULL):
        pass


def _encrypting(recipient: str) -> list[str]:
    if recipient.startswith(("age1", "ssh-")):
        return [_program("age"), "--encrypt", "--recipient", recipient]
    return [
        _program("gpg"),
        *_OFFLINE,
        "--batch",
        "--yes",
        "--trust-model",
        "always",
        "--encrypt",
        "--recipient",
        recipient,
    ]


def _decrypting(head: bytes, identity: str) -> list[str]:
    if head.startswith(_AGE_FILES):
        if not identity:
            raise BackupTrouble("This backup is encrypted with age: name the file of its key by --identity FILE.")
        return [_program("age"), "--decrypt", "--identity", identity]
    if not _is_of_gnupg(head):
        raise BackupTrouble("The backup is damaged or is none: it is neither a tar file nor encrypted.")
    return [_program("gpg"), "--batch", "--quiet", "--decrypt"]


def _is_of_gnupg(head: bytes) -> bool:
    """Its files begin with the bit of a packet, or say what they are."""
    return head.startswith(b"-----BEGIN PGP") or (len(head) > 0 and head[0] >= _PACKET)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        wanted = {"age": "age (Debian: apt install age)", "gpg": "GnuPG (Debian: apt install gnupg)"}[name]
        raise BackupTrouble(f"{wanted} is not installed, and the encryption asked for needs it. Nothing was written.")
    return found


@contextmanager
def _through(
    command: list[str], *, stdin: IO[bytes] | int = subprocess.PIPE, stdout: IO[bytes] | int = subprocess.PIPE
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE) as process:
        failed: BaseException | None = None
        try:
            yield process
        except (BrokenPipeError, BackupTrouble) as trouble:
            # Its own words tell more than the pipe that broke, or the half of a file that came out of it.
            failed = trouble
        except BaseException:
            process.kill()
            raise
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        words = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
        if process.wait():
            words = words.replace(_ADDED, "").strip()
            raise ProgramFailed(f"{Path(command[0]).name} failed: {words[-500:]}") from failed
        if failed:
            raise failed
