"""Work that hangs is named and its process ends, so that it is started again; work that only takes its time is not."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from app.recurring.watchdog import HUNG_EXIT_CODE

_BEGIN = "import time, threading\nfrom app.recurring.watchdog import Watchdog\ndog = Watchdog()\n"


HUNG = {
    "beyond its limit": "with dog.watching('seal audit trail', limit_seconds=2):\n    time.sleep(300)",
    "no log": "import os\nos.close(2)\nwith dog.watching('x', limit_seconds=1):\n    time.sleep(300)",
    "missed": "dog.expect('look for changes', again_within_seconds=2)\nthreading.Event().wait()",
}
WELL = {
    "in time": "with dog.watching('short', limit_seconds=60):\n    time.sleep(4)",
    "comes again": "for _ in range(3):\n    dog.expect('x', again_within_seconds=60)\n    time.sleep(1.5)",
    "failed": "import contextlib\n"
    "with contextlib.suppress(ValueError), dog.watching('bad', limit_seconds=1):\n    int('x')\n"
    "time.sleep(4)",
}
FORKED = """
with dog.watching('parent', limit_seconds=600):
    import os
    child = os.fork()
    if child == 0:
        with dog.watching('child', limit_seconds=2):
            time.sleep(300)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
_MOST_SECONDS = 120


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def ran() -> Iterator[Callable[[str], Ended]]:
    """How the program of this name has ended. All begin at once: they do nothing but wait, each for itself."""
    begun = {
        name: subprocess.Popen(
            [sys.executable, "-c", _BEGIN + program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for name, program in {**HUNG, **WELL, "forked": FORKED}.items()
    }

    def end_of(name: str) -> Ended:
        out, errors = begun[name].communicate(timeout=_MOST_SECONDS)
        return Ended(begun[name].returncode, out, errors)

    yield end_of
    for process in begun.values():
        process.kill()
        process.wait()


# First, because it takes longest: the others have ended by then.
def test_a_process_that_was_stopped_for_a_while_has_not_hung(ran) -> None:
    program = _BEGIN + "print('on', flush=True)\nwith dog.watching('x', limit_seconds=8):\n    time.sleep(5)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(10)
        os.kill(process.pid, signal.SIGCONT)
        ended = process.wait(60)

    assert ended == 0


def test_a_job_beyond_its_limit_is_named_with_where_it_stands_and_the_process_ends(ran) -> None:
    done = ran("beyond its limit")

    told = json.loads(done.stderr.splitlines()[-1])
    assert done.returncode == HUNG_EXIT_CODE
    assert (told["event"], told["job"], told["limit_seconds"]) == ("watchdog.hung", "seal audit trail", 2)
    assert any("<string>" in line for line in told["stack"])


def test_a_log_that_takes_nothing_keeps_no_hung_process_alive(ran) -> None:
    assert ran("no log").returncode == HUNG_EXIT_CODE


def test_what_does_not_come_again_is_missed(ran) -> None:
    done = ran("missed")

    assert done.returncode == HUNG_EXIT_CODE
    assert json.loads(done.stderr.splitlines()[-1])["job"] == "look for changes"


@pytest.mark.parametrize("name", WELL)
def test_what_keeps_to_its_limit_goes_on(ran, name: str) -> None:
    assert ran(name).returncode == 0


def test_a_forked_process_is_watched_as_its_parent_is(ran) -> None:
    done = ran("forked")

    assert (done.returncode, done.stdout.split()) == (0, [str(HUNG_EXIT_CODE)])
