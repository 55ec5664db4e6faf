"""An exchange of others: Kamailio carries the calls, rtpengine their sound, as in front of a city's own trunk."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.exchange.sip import Address

KAMAILIO, RTPENGINE = "/usr/sbin/kamailio", "/usr/bin/rtpengine"
MISSING = [name for name in (KAMAILIO, RTPENGINE) if shutil.which(name) is None]
_CONFIG = """
debug=1
log_stderror=yes
fork=yes
children=2
auto_aliases=no
listen=udp:127.0.0.1:{port}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/:/usr/lib/aarch64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "rtpengine.so"
modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:{control}")
modparam("rr", "enable_full_lr", 1)

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ rtpengine_delete(); t_relay(); }} exit; }}
    if (has_totag()) {{
        if (loose_route()) {{
            if (is_method("BYE")) rtpengine_delete();
            t_relay();
        }} else if (is_method("ACK") && t_check_trans()) {{
            t_relay();
        }} else if (!is_method("ACK")) {{
            sl_send_reply("404", "Not here");
        }}
        exit;
    }}
    if (is_method("REGISTER")) {{ save("location"); exit; }}
    if (!is_method("INVITE")) {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
    record_route();
    # Whoever is registered here is rung; every other number lies behind the trunk.
    if (!lookup("location")) {{
        if ($si == "127.0.0.1" && $sp == {trunk}) {{ sl_send_reply("404", "Nobody there"); exit; }}
        $du = "sip:127.0.0.1:{trunk}";
    }}
    rtpengine_manage("replace-origin replace-session-connection");
    t_on_reply("SOUND");
    t_on_failure("REFUSED");
    t_relay();
}}
onreply_route[SOUND] {{
    if (has_body("application/sdp")) rtpengine_manage("replace-origin replace-session-connection");
}}
failure_route[REFUSED] {{ rtpengine_delete(); }}
"""


# Answered to where it comes from: no place is named.
_ARE_YOU_THERE = "\r\n".join(
    [
        "OPTIONS sip:127.0.0.1 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx;rport", "From: <sip:a@b>;tag=1",
        "To: <sip:a@b>", "Call-ID: up", "CSeq: 1 OPTIONS", "Max-Forwards: 5", "Content-Length: 0", "", "",
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Exchange:
    port: int
    processes: tuple[subprocess.Popen[bytes], ...]

    @property
    def place(self) -> Address:
        return "127.0.0.1", self.port


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def free_tcp_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def exchange(folder: Path, *, port: int, trunk: int) -> Iterator[Exchange]:
    """Runs until the block ends; `trunk` is where the provider's switch listens."""
    control, first = free_udp_port(), 20000 + free_udp_port() % 400 * 100
    (folder / "kamailio.cfg").write_text(_CONFIG.format(port=port, control=control, trunk=trunk))
    commands = (
        [RTPENGINE, "--table=-1", "--foreground", "--log-stderr", "--interface=127.0.0.1", f"--port-min={first}",
         f"--port-max={first + 99}", f"--listen-ng=127.0.0.1:{control}",
         f"--listen-cli=127.0.0.1:{free_tcp_port()}", "--num-threads=2"],
        [KAMAILIO, "-DD", "-E", "-f", str(folder / "kamailio.cfg"), "-Y", str(folder), "-m", "64", "-M", "8"],
    )  # fmt: skip
    # Kamailio asks once, as it starts, whether the other is there.
    asked = ((control, b"up d7:command4:pinge"), (port, _ARE_YOU_THERE.encode()))
    processes = []
    try:
        for command, (at, asking) in zip(commands, asked, strict=True):
            with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
            _wait_until_it_answers(at, asking, folder)
        yield Exchange(port, tuple(processes))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_answers(port: int, question: bytes, folder: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("127.0.0.1", 0))
        asking.settimeout(0.3)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                asking.sendto(question, ("127.0.0.1", port))
                asking.recv(4096)
                return
            except OSError:
                time.sleep(0.1)
    raise AssertionError("".join(log.read_text(errors="replace")[-2000:] for log in folder.glob("*.log")))
