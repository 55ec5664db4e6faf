"""Texts that nobody writes in good faith, or that a machine mangled: read within bounds, and sensibly."""

import base64
import random
import time
import unicodedata

import pytest

from tickets.matter import Certainty, read_matter

FIRE = "cháy nhà có người kẹt bên trong cứu với"
# Many times what the slowest of them takes; one of them took half a minute.
MOST_SECONDS = 1.5


def repeated(words: str) -> str:
    return words * (20_000 // len(words) + 1)


@pytest.mark.parametrize(
    "said",
    [
        "a" * 2_000_000,
        "ơ" * 2_000_000,
        repeated("vẫn còn ngập đã sửa xong rồi "),
        repeated("tưởng chưa xong ai dè xong rồi "),
        repeated("không cháy nhà "),
        repeated("cán bộ phường đòi tiền phong bì "),
        repeated("着火了救命"),
        repeated("cháy nhà 火事 불이야 пожар حريق "),
        repeated("a.b.c.d."),
        repeated("a'"),
        repeated("9k "),
        "a" + "\u0301" * 20_000,
        base64.b64encode(random.Random(1).randbytes(15_000)).decode(),
    ],
    ids=lambda said: said[:12],
)
def test_no_text_takes_long(said: str) -> None:
    begun = time.process_time()

    read_matter.__wrapped__(said)

    assert time.process_time() - begun < MOST_SECONDS


@pytest.mark.parametrize(
    "said",
    [
        "\u200b".join(FIRE),
        f"\u202e{FIRE}\u202c",
        unicodedata.normalize("NFD", FIRE),
        FIRE.replace("a", "а").replace("o", "о").replace("c", "с"),
        FIRE.upper(),
        f"<b>{FIRE}</b> {'🔥' * 40}",
    ],
    ids=["zero width", "bidi", "NFD", "look-alikes", "capitals", "tags and emoji"],
)
def test_danger_is_read_however_it_is_written(said: str) -> None:
    assert read_matter(said).is_danger


@pytest.mark.parametrize(
    "said", ["🙏" * 30, "…", "\u200b\u200b\u200b", base64.b64encode(bytes(range(256)) * 8).decode()]
)
def test_what_says_nothing_is_no_danger_and_accuses_nobody(said: str) -> None:
    read = read_matter(said)

    assert read.danger.certainty is Certainty.NO
    assert not read.may_accuse
