"""What was promised beside what was measured: said in every run, and asserted for the time that the machine had."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PRESSURE = Path("/proc/pressure/cpu")


@contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """The block keeps to `seconds`, not counting the time in which somebody on this machine waited for a processor.

    Linux tells that time; where it does not, the figures are said and nothing is judged.
    """
    began, waited_before = time.monotonic(), seconds_without_processor()
    yield
    took = time.monotonic() - began
    if waited_before is None:
        print(f"\n{what}: {took:.1f} s ({seconds:.0f} s promised)")
        return
    waited = (seconds_without_processor() or waited_before) - waited_before
    print(f"\n{what}: {took:.1f} s ({seconds:.0f} s promised); processors were short for {waited:.1f} s of them")
    assert took - waited <= seconds, f"{what}: {took:.1f} s, {waited:.1f} s of them for want of a processor"


def seconds_without_processor() -> float | None:
    """Since the machine started, for how long somebody was ready to go on and had to wait."""
    try:
        some = _PRESSURE.read_text().splitlines()[0]
    except OSError:
        return None
    return int(some.rsplit("total=", 1)[1]) / 1e6
