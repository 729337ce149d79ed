"""The `issue` command as somebody at a desk uses it: in a bare project, with a home of its own."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from framework.cli.issue import main
from framework.config.environment import VARIABLES

ISSUE = Path(sys.executable).with_name("issue")


@dataclass(frozen=True, kw_only=True)
class Told:
    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """What is in the JSON envelope."""
        envelope = json.loads(self.out)
        assert envelope["version"] == 1
        return envelope["items"] if "items" in envelope else envelope["item"]


class Desk:
    """`run` is the command in this process; `start` is the program itself, in another."""

    def __init__(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.project = root / "project"
        self.project.mkdir()
        self.home = root / "home"
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        for name in VARIABLES.keys() - {"PATH"}:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(self.home))
        monkeypatch.setenv("ISSUE_AGENT_ID", "ann")
        monkeypatch.setenv("PATH", f"{ISSUE.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.chdir(self.project)

    @property
    def config(self) -> Path:
        return self.project / ".nightshift" / "config.json"

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def run(self, *words: str) -> Told:
        self._capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = self._capsys.readouterr()
        return Told(code=code, out=out, err=err)

    def ok(self, *words: str) -> Told:
        told = self.run(*words)
        assert told.code == 0, told.err
        return told

    def json(self, *words: str) -> Any:
        return self.ok(*words, "--json").value

    def create(self, *titles: str) -> None:
        for title in titles:
            self.ok("create", title)

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            (str(ISSUE), *words),
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def answer(self, *words: str, lines: str | None = None, **variables: str) -> Told:
        """The program's end, told `lines` on its standard input."""
        ran = subprocess.run(
            (str(ISSUE), *words),
            env={**os.environ, **variables},
            input=lines,
            stdin=subprocess.DEVNULL if lines is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        return Told(code=ran.returncode, out=ran.stdout, err=ran.stderr)

    def at_terminal(self, *words: str, then: dict[str, str], **variables: str) -> Told:
        """The program's end at a terminal of its own, where `then` says what is typed when a text
        appears. All that is shown is `out`."""
        near, far = os.openpty()
        ran = subprocess.Popen(
            (str(ISSUE), *words),
            env={**os.environ, "TERM": "xterm", **variables},
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(far)
        shown = _conversation(near, then)
        os.close(near)
        return Told(code=ran.wait(60), out=shown.replace("\r\n", "\n"), err="")


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _conversation(terminal: int, then: dict[str, str]) -> str:
    """Type each answer once, in their order, when its text has appeared behind the last one's."""
    shown, seen, left = "", 0, dict(then)
    while True:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # the other side is closed
            assert not left, shown
            return shown
        for text, answer in list(left.items()):
            if text not in shown[seen:]:
                break
            seen = shown.index(text, seen) + len(text)
            os.write(terminal, answer.encode())
            del left[text]
