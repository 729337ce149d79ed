"""Git on the host: from an empty environment, with a time limit, in its own process group.

Nothing of the person's or the agent's configuration reaches it: no global and no system
configuration, no hooks, no file system monitor. Synchronous; the async doors call it in threads.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..domain.errors import GitFailed, GitMissing

NAME = "Nightshift"
EMAIL = "nightshift@localhost"
SECONDS = 60.0
"""The longest a git command of ours may take."""

FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
"""A fetch that leaves nothing but objects and the refs it is told to write."""

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}
"""What every git is told, ours and those in boxes."""

_HUB = "hub.git"
_RENAME = (
    "What has landed is safe: it is in your branch, or under refs/nightshift/ where that could not "
    "be moved. Rename the hub: the next run makes a new one from your project, and saved work "
    "stays in the renamed one, as far as that can be read."
)
_DAMAGE = re.compile(
    r"not a git repository|bad config line|object file \S+ is empty|is corrupt|inflate: "
    r"|unable to (unpack|read (tree|[0-9a-f]{40}))|not a tree object"
)
"""How git tells, in its own language, that a repository of ours is not whole: its exit code for
this is that for everything else."""

_OLDEST = (2, 38)
_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.excludesFile=/dev/null",
    "core.attributesFile=/dev/null",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "advice.detachedHead=false",
)
_SETTINGS = tuple(word for setting in _CONFIG for word in ("-c", setting))


@dataclass(frozen=True, kw_only=True)
class Answer:
    code: int
    out: str
    err: str


class Git:
    """Git in one place: `where` are the options that say which repository, as `--git-dir`.

    With an `environment`, it is the person's own git, with all that they configured: only for
    what nobody but them can write, and never for a command that runs hooks.
    """

    def __init__(self, *where: str, environment: Mapping[str, str] | None = None) -> None:
        self._where = where if environment is not None else (*_SETTINGS, *where)
        self._environment = environment

    def run(
        self,
        *arguments: str,
        input: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        seconds: float = SECONDS,
    ) -> str:
        """What it prints, without line ends at the end. Raises GitFailed."""
        answer = self.call(*arguments, input=input, env=env, cwd=cwd, seconds=seconds)
        if answer.code != 0:
            raise failed(arguments, answer, self._where)
        return answer.out.rstrip("\n")

    def call(
        self,
        *arguments: str,
        input: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        seconds: float = SECONDS,
    ) -> Answer:
        """As `run`, for commands whose exit code is an answer. Raises GitFailed at the limit."""
        data = None if input is None else encoded(input)
        code, out, err = self._execute(arguments, data, env or {}, cwd, seconds)
        return Answer(code=code, out=decoded(out), err=err.decode("utf-8", "replace").strip())

    def raw(self, *arguments: str, input: str) -> bytes:
        """As `run`, for output that is not text."""
        code, out, err = self._execute(arguments, encoded(input), {}, None, SECONDS)
        if code != 0:
            answer = Answer(code=code, out="", err=err.decode("utf-8", "replace"))
            raise failed(arguments, answer, self._where)
        return out

    def feed(self, data: bytes, *arguments: str, seconds: float) -> bool:
        """Whether a command that is given `data` succeeds. Why not is not told."""
        try:
            return self._execute(arguments, data, {}, None, seconds)[0] == 0
        except (OSError, GitFailed):
            return False

    def start(
        self,
        *arguments: str,
        stdin: int = subprocess.PIPE,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """A command that runs, without a time limit: whoever starts it sees to its end."""
        return subprocess.Popen(
            [_program(), *self._where, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self._everywhere(), **(env or {})},
            cwd=cwd,
            start_new_session=True,  # an interrupt from the terminal must not stop it half-way
        )

    def _everywhere(self) -> Mapping[str, str]:
        return _environment() if self._environment is None else self._environment

    def _execute(
        self,
        arguments: tuple[str, ...],
        data: bytes | None,
        env: Mapping[str, str],
        cwd: Path | None,
        seconds: float,
    ) -> tuple[int, bytes, bytes]:
        stdin = subprocess.DEVNULL if data is None else subprocess.PIPE
        with self.start(*arguments, stdin=stdin, env=env, cwd=cwd) as process:
            try:
                out, err = process.communicate(data, timeout=seconds)
            except subprocess.TimeoutExpired:
                raise GitFailed(
                    f"`{_shown(arguments)}` took longer than {seconds:.0f} s and was stopped"
                ) from None
            finally:
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
            return process.returncode, out, err


def failed(arguments: tuple[str, ...], answer: Answer, where: tuple[str, ...] = ()) -> GitFailed:
    """The error for a command that must not fail. Of a hub that git calls damaged it says what
    is safe and what to do; `where` is as `Git` takes it."""
    hub = Path(where[-1]) if where[-2:-1] == ("--git-dir",) else None
    if hub and hub.name == _HUB and _is_damage(arguments, answer, str(hub)):
        told = (answer.err or answer.out).splitlines()[-1].removeprefix("fatal: ")
        return GitFailed(f"The hub {hub} is damaged ({told}). {_RENAME}")
    return GitFailed(f"`{_shown(arguments)}` failed ({answer.code}): {answer.err or answer.out}")


def _is_damage(arguments: tuple[str, ...], answer: Answer, hub: str) -> bool:
    """A fetch also fails where the repository that it reads is damaged: there the hub must be
    named."""
    if answer.code != 128 or not _DAMAGE.search(answer.err):
        return False
    return arguments[0] != FETCH[0] or hub in answer.err


def check_version() -> None:
    """Raises GitMissing when git is not there or too old."""
    answer = Git().call("version")
    found = re.search(r"(\d+)\.(\d+)", answer.out)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST:
        raise GitMissing(
            f"Nightshift needs git 2.38 or later, and this is {answer.out.strip() or 'unknown'}: "
            "install a newer git"
        )


def readable(path: str) -> str:
    """A path of git's for people and for JSON: bytes that are no text are replaced."""
    return encoded(path).decode("utf-8", "replace")


def _shown(arguments: tuple[str, ...]) -> str:
    text = shlex.join(("git", *arguments))
    return text if len(text) <= 400 else text[:400] + " ..."


@cache
def _program() -> str:
    found = shutil.which("git")
    if found is None:
        raise GitMissing("git is not installed, or not on the PATH: install git 2.38 or later")
    return found


@cache
def _environment() -> dict[str, str]:
    here = str(Path(_program()).parent)
    return {
        "PATH": os.pathsep.join(dict.fromkeys((here, "/usr/local/bin", "/usr/bin", "/bin"))),
        **ENVIRONMENT,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_DEFAULT_HASH": "sha1",
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_AUTHOR_NAME": NAME,
        "GIT_AUTHOR_EMAIL": EMAIL,
        "GIT_COMMITTER_NAME": NAME,
        "GIT_COMMITTER_EMAIL": EMAIL,
        "GIT_REFLOG_ACTION": "nightshift",
    }


def encoded(text: str) -> bytes:
    """As git takes it, and as we took it from git."""
    return text.encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> str:
    """What git says, so that `encoded` gives the same bytes again."""
    return data.decode("utf-8", "surrogateescape")
