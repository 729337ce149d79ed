"""Which session a command belongs to, with real shells around it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from framework.facade.caller import session_of

ASK = "from framework.facade.caller import session_of; print(session_of(None))"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def ask(tmp_path: Path) -> str:
    """A shell's words for a command that tells its session."""
    script = tmp_path / "ask.py"
    script.write_text(ASK)
    return f"{sys.executable} {script}"


def told(*words: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    return ran.stdout.split()


def test_a_named_session_is_the_same_everywhere() -> None:
    """The name alone decides, and different names differ."""
    assert session_of("night-1") == session_of("night-1") != session_of("night-2")
    assert len(session_of("night-1")) == 24


def test_what_an_agent_starts_belongs_to_the_agent(ask: str) -> None:
    """Started directly, through `sh -c`, through `env` and through `xargs`: one session, that of
    the process which started all of them."""
    found = {
        *told(*ask.split()),
        *told("bash", "-c", f"{ask}; true"),
        *told("env", "A=b", "sh", "-c", f"{ask}; true"),
        *told("bash", "-lc", f"echo 1 | xargs -I{{}} {ask}"),
    }
    assert len(found) == 1


def test_each_script_is_a_session_of_its_own(ask: str, tmp_path: Path) -> None:
    """All commands of one script share a session; another run of the script has another."""
    script = tmp_path / "agent.sh"
    script.write_text(f"{ask}\n{ask}\nbash -c '{ask}; true'\n")
    first, second = told("bash", str(script)), told("bash", str(script))
    assert len(first) == len(second) == 3
    assert len(set(first)) == len(set(second)) == 1
    assert set(first) != set(second)


def test_pipes_and_substitutions_belong_to_their_script(ask: str, tmp_path: Path) -> None:
    """A shell becomes two of itself for them; that is no new caller."""
    script = tmp_path / "agent.sh"
    script.write_text(
        f"{ask}\n"
        f"N=$({ask} | cat); echo $N\n"
        f"for one in 1; do {ask}; done | cat\n"
        f"({ask}; true)\n"
        f"find {tmp_path} -name agent.sh -exec {ask} \\;\n"
    )
    for shell in ("bash", "sh"):
        found = told(shell, str(script))
        assert len(found) == 5
        assert len(set(found)) == 1


def test_the_first_process_of_a_container_is_a_caller_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parent is outside, and has the number 0."""
    monkeypatch.setattr(os, "getppid", lambda: 0)
    assert len(session_of(None)) == 24
