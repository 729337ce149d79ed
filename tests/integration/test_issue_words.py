"""What the `issue` command makes of its words, wherever they stand, and of a Ctrl-C among them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.issue_desk import Desk

TITLE = "long" + " long" * 1999
EARLY = """
import os, signal, sys

where = sys.argv[1]

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == where:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from framework.cli.issue import main
sys.argv[1:] = ["list"]
sys.exit(main())
"""


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A project with one issue of a long title."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create(TITLE)
    return desk


@pytest.mark.parametrize("words", [("list",), ("claim", "next"), ("claim",), ("config", "agent")])
def test_help_may_stand_first(desk: Desk, words: tuple[str, ...]) -> None:
    """`issue help list` is `issue list --help`; of groups as well."""
    told = desk.ok("help", *words)
    assert told.out == desk.ok(*words, "--help").out
    assert told.out.count("usage: issue " + " ".join(words)) == 1
    assert "unknown command 'lst', did you mean list?" in desk.run("help", "lst").err


@pytest.mark.parametrize(
    ("words", "usual"),
    [
        (("--json", "list"), ("list", "--json")),
        (("--format", "json", "list", "--limit", "1"), ("list", "--limit", "1", "--format=json")),
        (("--format=json", "show", "1"), ("show", "1", "--format=json")),
        (("--backend", "sqlite", "--json", "claim", "list"), ("claim", "list", "--json")),
        (("claim", "--json", "check", "1"), ("claim", "check", "1", "--json")),
        (("depends", "--json", "1"), ("depends", "1", "--json")),
    ],
)
def test_what_all_commands_take_may_stand_first(
    desk: Desk, words: tuple[str, ...], usual: tuple[str, ...]
) -> None:
    """Before the command or between its words, as people write it."""
    assert desk.ok(*words).out == desk.ok(*usual).out


def test_an_option_alone_says_what_is_missing(desk: Desk) -> None:
    """It is known, so that it is not called unknown."""
    told = desk.run("--json")
    assert told.code == 2
    assert "--json needs a command, such as `issue list --json`" in json.loads(told.err)["what"]


def test_a_mistake_in_a_query_is_pointed_at(desk: Desk) -> None:
    """A caret below it, also behind wide signs; programs get the column alone."""
    told = desk.run("list", "--query", "is:open 漢字 labl:bug")
    mistake, caret, error = told.err.splitlines()
    assert mistake == "  is:open 漢字 labl:bug"
    assert caret == "  " + " " * 13 + "^"
    assert "(column 12)" in error
    told = desk.run("list", "--query", "is:open 漢字 labl:bug", "--json")
    assert json.loads(told.err)["column"] == 12


def test_a_long_query_is_cut_around_the_mistake(desk: Desk) -> None:
    """Both lines fit, whatever is in the query."""
    told = desk.run(
        "claim", "next", "--query", f"{'word ' * 500}\x1b[31mred labl:bug{' word' * 500}"
    )
    mistake, caret, _ = told.err.splitlines()
    assert len(mistake) < 130
    assert "\x1b" not in mistake
    assert mistake[caret.index("^") :].startswith("labl:bug")


@pytest.mark.parametrize("where", ["framework.cli._options", "framework.attach"])
def test_an_early_interruption_is_no_defect(desk: Desk, where: str) -> None:
    """While the program is being read from the disk: exit code 130 and no traceback."""
    ran = subprocess.run(
        [sys.executable, "-c", EARLY, where], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


def test_a_wrong_duration_is_told_in_one_sentence(desk: Desk) -> None:
    """With one full stop, and the way to the help."""
    told = desk.run("claim", "1", "--timeout", "0")
    assert "such as 30m, 1h30m or 2d. See issue claim --help" in told.err


def test_a_long_title_fits_a_line(desk: Desk) -> None:
    """Of 120 cells where it is piped; all of it for programs."""
    told = desk.ok("list")
    assert max(map(len, told.out.splitlines())) <= 120
    assert "long long" in told.out
    assert desk.json("list")[0]["title"] == TITLE
    assert TITLE in desk.ok("show", "1").out


def test_a_line_of_a_batch_that_is_no_json(desk: Desk) -> None:
    """What is wrong is the line, and not the command or the machine."""
    file = desk.project / "lines"
    file.write_text("no json\n")
    told = desk.run("batch", str(file))
    assert told.code == 1
    error = json.loads(told.out)["error"]
    assert error["code"] == "usage_error"
    assert error["what"].startswith("The line is no JSON")
    assert error["why"] == "The line says nothing that could be done, so nothing of it was."
