"""How long the resolver takes for what people say about a place."""

import sys
from datetime import date
from types import FrameType

from sqlalchemy.orm import Session

from app.bench.measure import Figure, MeasuredNothing, timed, times_of
from app.clock import utc_now
from tickets.directory.loading import load_places
from tickets.directory.places import PlaceIndex, resolve

# What is said, and how far the resolver gets with it: a resolver that understands nothing is quick.
_SAID = {
    "phường Bến Nghé quận 1 cũ, tôi nộp hồ sơ khai sinh 10 ngày chưa có kết quả": "unique",
    "F6 Q3": "unique",
    "nha em o p26 binh thanh, duong no trang long ngap nuoc tu chieu qua": "unique",
    "phường Đa Kao quận 1": "split",
    "xã Thanh An": "unique",
    "ở Phú Nhuận": "ambiguous",
    "Hẻm 12 đường số 3, khu phố 4, thị trấn Phước Bửu, huyện Xuyên Mộc, tỉnh Bà Rịa - Vũng Tàu": "unique",
    "chung cư ở phường Nguyễn Thái Bình, Q.1 bị mất nước ba ngày nay, gọi ban quản lý không ai nghe máy": "split",
}
# The same place rightly written, and as somebody heard it.
_HEARD = {
    "Nhà tôi ở phường Sài Gòn ạ": "Nhà tôi ở phường Sài Gòng ạ",
    "phường Tân Sơn Nhất": "phường Tân Sơn Nhấc",
    "phường Hòa Bình": "phường Hào Bình",
    "xã Phước Kiển, huyện Nhà Bè": "xã Phước Kiểng, huyện Nhà Bè",
    "phường Trung Mỹ Tây": "phường Chung Mỹ Tây",
}
_ROUNDS = 200
RESOLVE_LIMIT_MS = 2.0
# Listening may not cost more than once more reading; counted, because a time says as much of the machine.
_MOST_TIMES = 2.0


def run(session: Session) -> list[Figure]:
    index, today = load_places(session), utc_now().date()
    for said, outcome in _SAID.items():
        found = resolve(index, said, on=today).outcome
        if found != outcome:
            raise MeasuredNothing(f"{said!r} resolves to {found}, not {outcome}")
    times = times_of([timed(lambda s=said: resolve(index, s, on=today)) for _ in range(_ROUNDS) for said in _SAID])  # type: ignore[misc]
    value = f"p50 {times.p50:.2f} ms, p99 {times.p99:.2f} ms"
    return [
        Figure("place resolver, one text", value, f"< {RESOLVE_LIMIT_MS} ms", times.p99 < RESOLVE_LIMIT_MS),
        _listening(index, today),
    ]


def _listening(index: PlaceIndex, today: date) -> Figure:
    """How many times the steps of a name rightly written a name takes that is only heard; the worst counts."""
    worst = 0.0
    for written, heard in _HEARD.items():
        if resolve(index, heard, on=today).outcome == "none":
            raise MeasuredNothing(f"{heard!r} is not heard as anything")
        # Once before counting: what a process remembers of syllables is not asked again.
        resolve(index, written, on=today)
        worst = max(worst, _steps(index, heard, today) / _steps(index, written, today))
    within = worst <= _MOST_TIMES
    return Figure("place resolver, a name misheard", f"{worst:.2f} × its steps", f"≤ {_MOST_TIMES:.0f} ×", within)


def _steps(index: PlaceIndex, said: str, today: date) -> int:
    """Calls of Python functions; the same on every machine and under any load."""
    steps = 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal steps
        steps += event == "call"

    sys.setprofile(count)
    try:
        resolve(index, said, on=today)
    finally:
        sys.setprofile(None)
    return steps
