"""A plain HTTP client, a stage and a bare repository for tests of the double itself."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from framework.rehearsal.github.clock import Clock
from framework.rehearsal.github.records import Repo
from framework.rehearsal.github.serve import Double
from framework.rehearsal.github.store import Store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(kw_only=True)
class Caller:
    """Speaks REST with one token. Paths without a slash in front are those of /repos/acme/app."""

    double: Double
    token: str = "bot-token"
    extra: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Got:
        full = path if path.startswith("/") else f"/repos/acme/app/{path}".rstrip("/")
        return self.raw(method, "/api/v3" + full, body, **headers)

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> Got:
        parts = urlsplit(self.double.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        sent = {"User-Agent": "test", "Authorization": f"Bearer {self.token}", **self.extra}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, raw, {key: one for key, one in sent.items() if one})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        names = {name.lower(): value for name, value in answer.getheaders()}
        told = json.loads(text) if text and "json" in names.get("content-type", "") else text
        return Got(status=answer.status, headers=names, body=told)

    def as_(self, token: str) -> Caller:
        return Caller(double=self.double, token=token)


def stage(path: Path | None = None, clock: Clock | None = None) -> tuple[Store, Repo]:
    """acme/app, which `bot` may write, `reader` may read and `acme` owns, each with a token named
    after them; `stranger` has one too."""
    store = Store(clock or Clock(START))
    for login in ("bot", "acme", "reader", "stranger"):
        store.add_token(f"{login}-token", login)
    rights: Any = {"bot": "write", "reader": "read"}
    return store, store.add_repo("acme", "app", path=path, permissions=rights)


def git(where: Path, *words: str) -> str:
    named = ("-c", "user.name=T", "-c", "user.email=t@example.com")
    done = subprocess.run(
        ["git", "-C", str(where), *named, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def bare(directory: Path) -> tuple[Path, Path]:
    """A bare repository with one commit on main, and a clone of it to push from."""
    path, clone = directory / "app.git", directory / "clone"
    directory.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    subprocess.run(["git", "clone", "-q", str(path), str(clone)], check=True, capture_output=True)
    git(clone, "checkout", "-q", "-B", "main")
    commit(clone, "README.md", "one\n", "first")
    git(clone, "push", "-q", "origin", "main")
    return path, clone


def commit(clone: Path, name: str, text: str, message: str) -> str:
    (clone / name).write_text(text)
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", message)
    return git(clone, "rev-parse", "HEAD")


def branch(clone: Path, name: str, file: str, text: str, message: str = "change") -> str:
    """A branch of main with one commit, pushed; its hash."""
    git(clone, "checkout", "-q", "-B", name, "origin/main")
    sha = commit(clone, file, text, message)
    git(clone, "push", "-qf", "origin", name)
    return sha
