"""An agent's browser at the exchange of deploy/kamailio, as it is shipped: registered, rung, heard, muted, keys."""

import base64
import hashlib
import hmac
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.browser.conftest import BROWSER_ARGUMENTS, browser_path
from tests.exchange.exchange import KAMAILIO, MISSING, RTPENGINE, free_udp_port
from tests.exchange.sound import tone, wav
from tests.exchange.telephone import Telephone

ROOT = Path(__file__).resolve().parents[2]
DOMAIN, SECRET = "exchange.test", "shared-with-the-exchange-0123456789"
BROWSER_SPEAKS_WITH, TRUNK_SPEAKS_WITH = 1100, 700
MODULE = "auth_ephemeral.so"
# What the telephone's window does, without the rest of it: app/static/js/telephone/core.js says what a driver is.
HOST = """([address, user, password]) => {
  const Real = RTCPeerConnection;
  window.RTCPeerConnection = class extends Real { constructor(...given) { super(...given); window.line = this } };
  window.told = [];
  const tell = (what) => window.told.push(what);
  window.phone = exchange({
    registered: () => tell("registered"), unregistered: (why) => tell(why), talking: () => tell("talking"),
    ended: () => tell("ended"), trouble: tell, incoming: () => { tell("incoming"); window.phone.answer() },
  });
  window.phone.start({ address, user, password, uri: "sip:agent_7@exchange.test" }, {});
}"""
# The loudest tone that comes in.
HEARS = """async () => {
  const audio = new AudioContext();
  const analyser = audio.createAnalyser();
  analyser.fftSize = 4096;
  audio.createMediaStreamSource(new MediaStream([line.getReceivers()[0].track])).connect(analyser);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.reduce((best, level, at) => (level > bins[best] ? at : best), 0);
  const heard = bins[loudest] > -80 ? (loudest * audio.sampleRate) / analyser.fftSize : 0;
  audio.close();
  return heard;
}"""


@dataclass(frozen=True)
class CityExchange:
    browsers: str
    inside: tuple[str, int]
    log: Path


@contextmanager
def as_shipped(folder: Path) -> Iterator[CityExchange]:
    inside, browsers, control = free_udp_port(), _free_tcp_port(), free_udp_port()
    first = 20000 + free_udp_port() % 400 * 100
    shipped = (ROOT / "deploy/kamailio/kamailio.cfg").read_text()
    modules = next(path.parent for path in Path("/usr/lib").glob("*/kamailio/modules/" + MODULE))
    # Only where things lie on this machine is another: the rest is what a city gets.
    local = shipped.replace("127.0.0.1:2223", f"127.0.0.1:{control}")
    local = local.replace("/usr/lib/x86_64-linux-gnu/kamailio/modules", str(modules))
    (folder / "kamailio.cfg").write_text(local)
    defined = {
        "DOMAIN": f'"{DOMAIN}"', "SECRET": f'"{SECRET}"', "PUBLIC_LISTEN": f"tcp:127.0.0.1:{browsers}",
        "INSIDE_LISTEN": f"udp:127.0.0.1:{inside}", "TRUNK": '"127.0.0.1"',
    }  # fmt: skip
    lines = [f"#!define {name} {value}\n" for name, value in defined.items()]
    (folder / "hotline-local.cfg").write_text("".join(lines))
    commands = (
        [RTPENGINE, "--table=-1", "--foreground", "--log-stderr", "--interface=127.0.0.1", f"--port-min={first}",
         f"--port-max={first + 99}", f"--listen-ng=127.0.0.1:{control}", "--num-threads=2"],
        [KAMAILIO, "-DD", "-E", "-f", str(folder / "kamailio.cfg"), "-Y", str(folder), "-m", "64", "-M", "8"],
    )  # fmt: skip
    processes, log = [], folder / "exchange.log"
    try:
        for command in commands:
            with log.open("ab") as written:
                processes.append(subprocess.Popen(command, stdout=written, stderr=written, cwd=folder))
            # Kamailio asks once, as it starts, whether the other is there.
            assert command[0] != RTPENGINE or _wait(lambda: _answers(control)), log.read_text(errors="replace")[-3000:]
        assert _wait(lambda: _listens(browsers)), log.read_text(errors="replace")[-3000:]
        yield CityExchange(f"ws://127.0.0.1:{browsers}", ("127.0.0.1", inside), log)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(15)


@pytest.fixture(scope="module")
def city_exchange() -> Iterator[CityExchange]:
    if MISSING or not list(Path("/usr/lib").glob("*/kamailio/modules/" + MODULE)):
        pytest.skip("not installed (Debian: kamailio, kamailio-websocket-modules, kamailio-autheph-modules, rtpengine)")
    with tempfile.TemporaryDirectory(prefix="hotline-node-", ignore_cleanup_errors=True) as folder:
        with as_shipped(Path(folder)) as running:
            yield running


@pytest.fixture(scope="module")
def speaking_browser(one_playwright: Playwright) -> Iterator[Browser]:
    """Its microphone hears one tone without end."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "microphone.wav"
        sound.write_bytes(wav(tone(BROWSER_SPEAKS_WITH, 10)))
        speaking = [
            "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={sound}", "--autoplay-policy=no-user-gesture-required",
        ]  # fmt: skip
        path = browser_path(hears=True)
        browser = one_playwright.chromium.launch(
            executable_path=path, headless=True, args=[*BROWSER_ARGUMENTS, *speaking]
        )
        yield browser
        browser.close()


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Telephone</title>")

    def log_message(self, *_words: object) -> None:
        return


@pytest.fixture(scope="module")
def blank_page() -> Iterator[str]:
    """On this machine, which browsers trust with a microphone."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def page(speaking_browser: Browser, blank_page: str) -> Iterator[Page]:
    context = speaking_browser.new_context()
    page = context.new_page()
    page.goto(blank_page)
    page.add_script_tag(content=(ROOT / "app/static/vendor/jssip/jssip.min.js").read_text())
    driver = (ROOT / "app/static/js/telephone/exchange.js").read_text()
    page.add_script_tag(content=driver.replace("export function", "function"))
    yield page
    context.close()


def credentials(name: str, *, secret: str = SECRET, seconds: int = 600) -> tuple[str, str]:
    """As app/phone/telephones.py makes them."""
    user = f"{int(time.time()) + seconds}:{name}"
    return user, base64.b64encode(hmac.new(secret.encode(), user.encode(), hashlib.sha1).digest()).decode()


def told(page: Page, what: str, *, seconds: float = 15) -> bool:
    return _wait(lambda: what in page.evaluate("told"), pause=lambda: page.wait_for_timeout(100), seconds=seconds)


def test_both_sides_of_a_call_hear_each_other_and_mute_keys_and_goodbye_get_through(
    city_exchange: CityExchange, page: Page
) -> None:
    page.evaluate(HOST, [city_exchange.browsers, *credentials("agent_7")])
    assert told(page, "registered"), page.evaluate("told")
    trunk = Telephone("+84901112233", city_exchange.inside, hertz=TRUNK_SPEAKS_WITH)
    try:
        trunk.dial("agent_7")
        assert told(page, "talking"), page.evaluate("told")

        assert trunk.hears(BROWSER_SPEAKS_WITH)
        assert abs(page.evaluate(HEARS) - TRUNK_SPEAKS_WITH) < 30
        heard = page.evaluate("phone.quality()")
        assert heard["loss"] < 0.05

        page.evaluate("phone.mute(true)")
        page.wait_for_timeout(1500)
        assert not trunk.hears(BROWSER_SPEAKS_WITH, seconds=1.5)
        page.evaluate("phone.mute(false)")
        assert trunk.hears(BROWSER_SPEAKS_WITH)

        page.evaluate("phone.keys('5#')")
        leg = trunk.leg
        assert leg is not None
        keys = ""
        for _ in range(30):
            page.wait_for_timeout(100)
            keys += leg.sound.take_keys()
        assert keys == "5#"

        trunk.hang_up()
        assert told(page, "ended")
    finally:
        trunk.close()


def test_the_browser_hangs_up_and_the_trunk_hears_of_it(city_exchange: CityExchange, page: Page) -> None:
    page.evaluate(HOST, [city_exchange.browsers, *credentials("agent_7")])
    assert told(page, "registered")
    trunk = Telephone("+84901112233", city_exchange.inside, hertz=TRUNK_SPEAKS_WITH)
    try:
        trunk.dial("agent_7")
        assert told(page, "talking")

        page.evaluate("phone.hangUp()")

        assert _wait(lambda: not trunk.is_on_the_line, pause=lambda: page.wait_for_timeout(100))
    finally:
        trunk.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "agent_7", "secret": "another-secret-0123456789-abcdef"},
        {"name": "agent_7", "seconds": -5},
        # A good password, for another agent's place.
        {"name": "agent_8"},
    ],
)
def test_a_wrong_password_an_ended_one_and_another_agents_register_nobody(
    city_exchange: CityExchange, page: Page, wrong: dict[str, object]
) -> None:
    page.evaluate(HOST, [city_exchange.browsers, *credentials(**wrong)])  # type: ignore[arg-type]

    assert told(page, "refused"), page.evaluate("told")
    assert "registered" not in page.evaluate("told")


def test_no_browser_rings_anybody(city_exchange: CityExchange, page: Page) -> None:
    page.evaluate(HOST, [city_exchange.browsers, *credentials("agent_7")])
    assert told(page, "registered")
    user, password = credentials("agent_7")

    answer = page.evaluate(
        """([address, user, password]) => new Promise((resolve) => {
          const ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(address)], uri: "sip:agent_7@exchange.test",
            authorization_user: user, password });
          ua.on("registered", () => ua.call("sip:agent_7@exchange.test", { mediaConstraints: { audio: true } })
            .on("failed", ({ message }) => resolve(message?.status_code)));
          ua.start();
        })""",
        [city_exchange.browsers, user, password],
    )

    assert answer == 403


def _free_tcp_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(control: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.3)
        try:
            asking.sendto(b"up d7:command4:pinge", ("127.0.0.1", control))
            return bool(asking.recv(4096))
        except OSError:
            return False


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(0.3)
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _wait(
    what: Callable[[], bool], *, pause: Callable[[], object] = lambda: time.sleep(0.1), seconds: float = 20
) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        pause()
    return False
