"""Projects with a remote, and servers that speak git's protocols or refuse to, for tests.

`python -m` it with a root and a crash point: it lands issue 1 there, and dies at the point.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer, ThreadingTCPServer
from threading import Thread
from typing import Any

import anyio

from framework.domain.merge import Merged
from framework.effect import arm
from tests.integration.hubs import House, commit, git

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Remote:
    """A bare repository beside the project, which is the upstream of its main branch."""

    def __init__(self, house: House) -> None:
        self.path = house.root / "origin.git"
        if not self.path.exists():
            git(house.root, "init", "--quiet", "--bare", "-b", "main", str(self.path))
            git(house.project, "remote", "add", "origin", f"file://{self.path}")
            git(house.project, "push", "--quiet", "-u", "origin", "main")

    def __call__(self, *arguments: str) -> str:
        return git(self.path, *arguments)

    @property
    def tip(self) -> str:
        return self("rev-parse", "refs/heads/main")

    def clone(self, name: str = "colleague") -> Path:
        git(self.path.parent, "clone", "--quiet", f"file://{self.path}", name)
        return self.path.parent / name

    def hook(self, name: str, text: str) -> None:
        path = self.path / "hooks" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def landings(self) -> list[str]:
        """The landings along its first parents, oldest first."""
        subjects = self("log", "--first-parent", "--reverse", "--format=%s", "main").split("\n")
        return [one for one in subjects if one.startswith("Land issue")]


def connected(root: Path, **options: Any) -> tuple[House, Remote]:
    """A project with its remote, made unless they are there, and a lander that pushes."""
    house = House(root, start={"a": "one\n"})
    remote = Remote(house)
    house.lander = house.open_lander(environment=ENVIRONMENT, **options)
    return house, remote


def push(clone: Path, files: dict[str, str]) -> str:
    """A colleague commits and pushes."""
    new = commit(clone, files, "by a colleague")
    git(clone, "push", "--quiet", "origin", "main")
    return new


class _Daemon(BaseRequestHandler):
    """One connection of git's own protocol."""

    def handle(self) -> None:
        server: Any = self.server
        subprocess.run(
            ["git", "daemon", "--inetd", "--export-all", *server.options],
            stdin=self.request.fileno(),
            stdout=self.request.fileno(),
            stderr=subprocess.DEVNULL,
            check=False,
        )


class _Refusal(BaseHTTPRequestHandler):
    """Every request gets the same status."""

    def do_GET(self) -> None:
        server: Any = self.server
        self.send_response(server.options)
        self.send_header("WWW-Authenticate", 'Basic realm="forge"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def daemon(directory: Path, *, writable: bool = True) -> Iterator[str]:
    """A git server for the repositories in a directory; its address."""
    options = [f"--base-path={directory}", *(["--enable=receive-pack"] if writable else [])]
    with ThreadingTCPServer(("127.0.0.1", 0), _Daemon) as server, _served(server, options):
        yield f"git://127.0.0.1:{server.server_address[1]}"


@contextmanager
def web(status: int) -> Iterator[str]:
    """A web server that answers with this status; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusal) as server, _served(server, status):
        yield f"http://127.0.0.1:{server.server_address[1]}"


@contextmanager
def _served(server: TCPServer, options: object) -> Iterator[None]:
    server.options = options  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


async def _die(root: Path, point: str) -> None:
    house, _ = connected(root)
    arm(point)
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)


if __name__ == "__main__":
    anyio.run(_die, Path(sys.argv[1]), sys.argv[2])
