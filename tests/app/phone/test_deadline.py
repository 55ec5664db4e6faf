"""Work with a deadline: done in a thread that is used again, left behind when it is held up."""

import threading
from contextvars import ContextVar

import pytest

from app.phone.deadline import TookTooLong, within

_SEEN: ContextVar[str] = ContextVar("seen", default="nothing")


def test_the_result_and_the_fault_of_the_work_come_back():
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_work_that_is_held_up_is_left_behind_and_the_next_is_done_all_the_same():
    freed = threading.Event()
    with pytest.raises(TookTooLong):
        within(0.05, freed.wait)

    assert within(5, lambda: "done") == "done"
    freed.set()


def test_a_thread_is_used_again_and_remembers_nothing_of_what_it_did():
    def work() -> tuple[int, str]:
        seen = _SEEN.get()
        _SEEN.set("the work before")
        return threading.get_ident(), seen

    done = [within(5, work) for _turn in range(20)]

    assert {seen for _thread, seen in done} == {"nothing"}
    assert len({thread for thread, _seen in done}) < len(done)
