"""Words by which somebody passes on to another matter ("ngoài ra", "also"), and what stands before and behind them."""

import re
from collections.abc import Iterator

_PASSING_ON = re.compile(
    r"\b(?:còn thêm|ngoài ra|với lại|nhân tiện|tiện thể|sẵn tiện|luôn tiện|tiện đây|thêm nữa"
    r"|giờ còn|còn chuyện|bên cạnh đó"
    r"|(?:một|1) (?:việc|chuyện|vấn đề) (?:nữa|khác)|(?:việc|chuyện|vấn đề) thứ (?:hai|2)"
    r"|con them|ngoai ra|voi lai|nhan tien|tien the|san tien|luon tien|tien day|them nua|gio con|con chuyen|ben canh do"
    r"|(?:mot|1) (?:viec|chuyen|van de) (?:nua|khac)|(?:viec|chuyen|van de) thu (?:hai|2)"
    r"|also|besides|in addition|furthermore|moreover|another (?:thing|problem|issue|matter)|secondly|another"
    r"|(?:cho|xin) (?:(?:tôi|em|mình|tui|toi|minh) )?(?:hỏi|hoi))\b",
    re.IGNORECASE,
)
# "1. … 2. …", as people count what they want to say.
_COUNTED = re.compile(r"(?:^|[\s.;,])[2][.)/\-:]\s")
_EDGES = " \t\r\n.,;:-"
_FIRST = re.compile(r"^\s*1[.)/\-:]\s+")


def brings_more(said: str) -> bool:
    """Whether another matter is told beside the first."""
    return _PASSING_ON.search(said) is not None


def before_more(said: str) -> str:
    """What is said before another matter is passed on to: all of it when none is."""
    found = _PASSING_ON.search(said)
    return said if found is None else said[: found.start()]


def told_apart(said: str) -> Iterator[tuple[str, str]]:
    """Each way to read a text as two matters, one behind the other; whether they are two, their kinds decide."""
    places = sorted((found.start(), found.end()) for mark in (_PASSING_ON, _COUNTED) for found in mark.finditer(said))
    for start, end in places:
        first, second = _FIRST.sub("", said[:start]).strip(_EDGES), said[end:].strip(_EDGES)
        if first and second:
            yield first, second[0].upper() + second[1:]
