"""How long the resolver takes for what people say about a place."""

from sqlalchemy.orm import Session

from app.bench.measure import Figure, timed, times_of
from app.clock import utc_now
from tickets.directory.loading import load_places
from tickets.directory.places import resolve

_SAID = (
    "phường Bến Nghé quận 1 cũ, tôi nộp hồ sơ khai sinh 10 ngày chưa có kết quả",
    "F6 Q3",
    "nha em o p26 binh thanh, duong no trang long ngap nuoc tu chieu qua",
    "phường Đa Kao quận 1",
    "xã Thanh An",
    "ở Phú Nhuận",
    "Hẻm 12 đường số 3, khu phố 4, thị trấn Phước Bửu, huyện Xuyên Mộc, tỉnh Bà Rịa - Vũng Tàu",
    "chung cư ở phường Nguyễn Thái Bình, Q.1 bị mất nước ba ngày nay, gọi ban quản lý không ai nghe máy",
)
_ROUNDS = 200
LIMIT_MS = 2.0


def run(session: Session) -> list[Figure]:
    index, today = load_places(session), utc_now().date()
    for said in _SAID:
        resolve(index, said, on=today)
    times = times_of([timed(lambda s=said: resolve(index, s, on=today)) for _ in range(_ROUNDS) for said in _SAID])  # type: ignore[misc]
    value = f"p50 {times.p50:.2f} ms, p99 {times.p99:.2f} ms"
    return [Figure("place resolver, one text", value, f"< {LIMIT_MS} ms", times.p99 < LIMIT_MS)]
