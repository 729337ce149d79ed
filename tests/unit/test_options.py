"""The parser that all commands share, and how a command ends."""

from __future__ import annotations

import pytest

from framework.cli._options import Parser, ending, seconds
from framework.cli.monitor import main
from framework.domain.errors import (
    IssueNotFound,
    JournalError,
    NightshiftError,
    SpecError,
    TrackerUnavailable,
)
from framework.domain.nearest import nearest


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--wach"], "unknown option --wach, did you mean --watch?"),
        (["--intervall=3"], "unknown option --intervall, did you mean --interval?"),
        (["--watc"], "unknown option --watc, did you mean --watch?"),
        (["--zzz"], "unknown option --zzz, known are --help, --interval, --json, --watch, -h"),
        (["here", "there"], "'there' is one argument too many"),
        (["--interval", "0"], "'0' is no number of seconds from 0.1 up"),
        (["--interval", "soon"], "'soon' is no number of seconds from 0.1 up"),
        (["--interval", "nan"], "'nan' is no number of seconds from 0.1 up"),
    ],
)
def test_wrong_options_say_what_is_right(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Nothing is guessed or abbreviated: exit code 2, one line, the nearest known word."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("monitor.py: ")
    assert told in error
    assert error.endswith(" See monitor.py --help\n")


def test_help_ends_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` shows how the command is used, and is no error."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "monitor.py generations/todo --watch --interval 5" in capsys.readouterr().out


def test_the_callers_epilog_wins(capsys: pytest.CaptureFixture[str]) -> None:
    """A command may word the end of its help itself."""
    assert "exit codes" in Parser(prog="p", epilog="exit codes: 0").format_help()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (IssueNotFound("no #9: see `issue list`"), 1),
        (SpecError("the spec is empty"), 2),
        (TrackerUnavailable("no answer"), 4),
        (JournalError("no run"), 1),
    ],
)
def test_an_error_ends_with_its_code(
    capsys: pytest.CaptureFixture[str], error: NightshiftError, code: int
) -> None:
    """What Nightshift can name is said in its own words, without a traceback."""

    def body() -> int:
        raise error

    assert ending("monitor.py", body) == code
    assert capsys.readouterr().err == f"monitor.py: {error}\n"


def test_a_bug_stays_a_bug() -> None:
    """An error nobody foresaw is not dressed up."""

    def body() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ending("monitor.py", body)


def test_an_interrupt_is_130() -> None:
    """Ctrl-C ends a command with the code that shells expect."""

    def body() -> int:
        raise KeyboardInterrupt

    assert ending("issue", body) == 130


def test_nearest_lists_all_when_none_is_near() -> None:
    """A word like no other gets the whole list, sorted."""
    assert nearest("xyz", ["run", "auto"]) == ", known are auto, run"
    assert seconds("0.5") == 0.5
