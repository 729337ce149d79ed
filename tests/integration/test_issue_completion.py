"""`issue completion`: what the Tab key offers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from framework.cli.issue.commands import COMMANDS
from framework.cli.issue.completing import candidates
from tests.integration.issue_desk import Desk

BASH = shutil.which("bash") or "bash"


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["clo"], ["close"]),
        (["list", "--sta"], ["--state"]),
        (["list", "--state", "o"], ["open"]),
        (["list", "--state=cl"], ["--state=closed"]),
        (
            ["list", "--state", "="],
            ["open", "in_progress", "blocked", "needs_review", "closed", "all"],
        ),
        (["list", "--state", "=", "cl"], ["closed"]),
        (["claim", "ex"], ["extend"]),
        (["claim", "4", "--ti"], ["--timeout"]),
        (["claim", "--ti"], ["--timeout"]),
        (["claim", "extend", "4", "--add"], ["--add-time"]),
        (["config", "agent", "set-"], ["set-id", "set-type"]),
        (["edit", "4", "--comm"], []),
        (["edit", "4", "--title", ""], []),
        (["nonsense", ""], []),
        (["nonsense", "a", "b"], []),
        (["label", "nonsense", "b", ""], []),
        (["run", "4", "--", "--js"], []),
        (["batch", ""], []),
    ],
    ids=lambda one: " ".join(one),
)
def test_candidates(words: list[str], found: list[str]) -> None:
    """Commands, their groups' commands, options and the values of options that have few."""
    assert candidates(words) == found


def test_the_first_word_is_a_command() -> None:
    """All of them, in a newcomer's order."""
    assert candidates([""])[:-1] == candidates([])[:-1] == list(COMMANDS)


def completed(desk: Desk, *words: str) -> list[str]:
    """What a real bash offers for the last of the words, as it cuts them itself."""
    script = (
        'source <(issue completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        'name=$(complete -p issue | sed "s/.*-F \\([^ ]*\\) .*/\\1/"); '
        '"$name"; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(
        [BASH, "--norc", "-c", script, "bash", *words], capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    return ran.stdout.split()


def test_bash_completes(desk: Desk) -> None:
    """In a real bash: a command, an option, a value in both spellings, and nothing for a file."""
    assert completed(desk, "issue", "cl") == ["close", "claim"]
    assert completed(desk, "issue", "list", "--upd") == ["--updated-before"]
    assert completed(desk, "issue", "list", "--state", "in") == ["in_progress"]
    assert completed(desk, "issue", "list", "--state", "=", "in") == ["in_progress"]
    assert completed(desk, "issue", "batch", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_asks_the_command(desk: Desk, shell: str) -> None:
    """So that it never grows old; as JSON it is there too."""
    script = desk.ok("completion", shell).out
    assert "issue completion words -- " in script
    assert desk.json("completion", shell)["script"] == script


def test_words_are_printed_one_on_a_line(desk: Desk) -> None:
    """What the scripts ask for, as the program answers it."""
    assert desk.answer("completion", "words", "--", "claim", "re").out == "release\n"
    assert desk.answer("completion", "words", "--", "run", "4", "--", "").out == ""
