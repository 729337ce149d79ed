"""No connection: a certificate that nobody trusts, a name that nobody has."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from framework.domain.errors import TrackerUnavailable, Unsure
from framework.forge.github import GitHub
from tests.integration.forge_server import TOKEN


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server whose certificate it signed itself."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    files = ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    # The handshake in the thread of the request, where its failure belongs.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_that_nobody_trusts(address: str) -> None:
    """The token is not sent; the text names the certificate and the way out."""
    api = GitHub(url=address, token=TOKEN, patience=0)
    with pytest.raises(TrackerUnavailable, match=r"certificate of localhost.*SSL_CERT_FILE"):
        api.get("user")
    with pytest.raises(TrackerUnavailable) as caught:
        api.send("POST", "x", {})
    assert not isinstance(caught.value, Unsure)
    api.close()


def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says that it is the name."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    api = GitHub(url="https://nightshift.invalid", token=TOKEN, patience=0)
    with pytest.raises(TrackerUnavailable, match=r"The name nightshift\.invalid is not known"):
        api.get("user")
    api.close()
