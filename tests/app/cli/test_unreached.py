"""Whoever reads why an address was not reached learns what to mend, and nothing that only a programmer reads."""

import shutil
import socket
import ssl
import subprocess
import threading
import urllib.request

import pytest
import requests

from app.cli.unreached import why_unreached


def urllib_error(url: str) -> OSError:
    with pytest.raises(OSError) as raised:
        urllib.request.urlopen(url, timeout=1)
    return raised.value


def requests_error(url: str) -> Exception:
    with pytest.raises(requests.RequestException) as raised:
        requests.get(url, timeout=1)
    return raised.value


@pytest.fixture
def silent():
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def unused():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("ask", [urllib_error, requests_error])
def test_refused_unknown_and_silent_are_three_reasons_whoever_asks(ask, silent, unused) -> None:
    assert why_unreached(ask(unused)) == "nothing listens there"
    assert why_unreached(ask("http://no-such-name.invalid")) == "no name service here knows its name"
    assert "in time" in why_unreached(ask(silent))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
@pytest.mark.parametrize("ask", [urllib_error, requests_error])
def test_a_certificate_nobody_vouches_for_is_named_as_that(ask, tmp_path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=hotline", "-days", "1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*made, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=shake_hands, args=(server, context), daemon=True).start()

        words = why_unreached(ask(f"https://127.0.0.1:{server.getsockname()[1]}"))

    assert "does not trust its certificate" in words


def test_what_is_of_no_known_kind_speaks_for_itself() -> None:
    assert why_unreached(OSError("the cable is cut")) == "the cable is cut"
    assert why_unreached(ValueError()) == "ValueError"


def shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = server.accept()
    try:
        context.wrap_socket(connection, server_side=True)
    except OSError:
        connection.close()
