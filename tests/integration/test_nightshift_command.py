"""`nightshift` itself: what it knows, and that each command calls itself as it was called."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from framework.cli import autonomous, monitor, parallel
from framework.cli.nightshift import main

SCRIPTS = {
    "run": (parallel, "parallel_agent.py"),
    "auto": (autonomous, "autonomous_agent.py"),
    "monitor": (monitor, "monitor.py"),
}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        code = main(words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return (code, *capsys.readouterr())


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    """As words and as options, of the whole and of a command; none of them is an error."""
    whole = run(capsys, "help")
    assert whole == run(capsys, "--help")
    assert whole[0] == 0
    assert "usage: nightshift COMMAND" in whole[1]
    assert run(capsys, "help", "clean") == run(capsys, "clean", "--help")
    assert run(capsys, "--version") == (0, f"nightshift {version('nightshift')}\n", "")
    assert run(capsys, "help", "claen")[0] == 2


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_command_calls_itself_as_it_was_called(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """In usage, in examples and in errors: by the script's name, or behind `nightshift`."""
    module, script = SCRIPTS[name]
    code, told, _ = run(capsys, name, "--help")
    assert (code, f"usage: nightshift {name} " in told, script in told) == (0, True, False)
    with pytest.raises(SystemExit):
        module.main(["--help"])
    told = capsys.readouterr().out
    assert (f"usage: {script} " in told, "nightshift" in told) == (True, False)
    assert run(capsys, name, "--zzz")[2].startswith(f"nightshift {name}: unknown option")


@pytest.mark.parametrize(
    "words", [(*words, "--json", "--zzz") for words in (["run"], ["monitor"], ["rescue", "list"])]
)
def test_wrong_usage_is_json_for_programs(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """Whoever asked for JSON gets an unknown option told so, too."""
    code, out, err = run(capsys, *words)
    told = json.loads(err)
    assert (code, out, told["code"]) == (2, "", "usage_error")
    assert "unknown option --zzz" in told["what"]
    assert "--help" in told["next"]


def test_the_monitor_tells_programs_in_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What it cannot show is an object with a code and the next step."""
    code, out, err = run(capsys, "monitor", str(tmp_path), "--json")
    told = json.loads(err)
    assert (code, out) == (2, "")
    assert set(told) == {"code", "what", "why", "next"}
    assert "has no board yet" in told["what"]
