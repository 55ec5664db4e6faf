"""How long the resolver takes for what people say about a place."""

from sqlalchemy.orm import Session

from app.bench.measure import Figure, MeasuredNothing, timed, times_of
from app.clock import utc_now
from tickets.directory.loading import load_places
from tickets.directory.places import resolve

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
_ROUNDS = 200
RESOLVE_LIMIT_MS = 2.0


def run(session: Session) -> list[Figure]:
    index, today = load_places(session), utc_now().date()
    for said, outcome in _SAID.items():
        found = resolve(index, said, on=today).outcome
        if found != outcome:
            raise MeasuredNothing(f"{said!r} resolves to {found}, not {outcome}")
    times = times_of([timed(lambda s=said: resolve(index, s, on=today)) for _ in range(_ROUNDS) for said in _SAID])  # type: ignore[misc]
    value = f"p50 {times.p50:.2f} ms, p99 {times.p99:.2f} ms"
    return [Figure("place resolver, one text", value, f"< {RESOLVE_LIMIT_MS} ms", times.p99 < RESOLVE_LIMIT_MS)]
