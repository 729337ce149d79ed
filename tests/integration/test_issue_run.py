"""`issue run`: a command that holds an issue while it runs. All with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.leases.file import FileLeases
from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A desk with two issues."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("one", "two")
    return desk


def begun(ran: subprocess.Popen[str]) -> str:
    """The first line that the command inside wrote: it runs."""
    assert ran.stdout is not None
    return ran.stdout.readline().strip()


def ended(ran: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Waits for the program and for all that it started: they share its output."""
    out, err = ran.communicate(timeout=60)
    return ran.returncode, out, err


def is_free(desk: Desk, id: str) -> bool:
    return desk.json("claim", "check", id)["agent"] is None


def test_the_command_holds_the_issue_and_no_longer(desk: Desk) -> None:
    """P14: inside, commands find the claim and the issue's number; outside it is held; after the
    end it is free and open, and the exit code is the command's."""
    script = 'echo "$ISSUE_NUMBER"; read line; issue comment "$ISSUE_NUMBER" "from inside"; exit 7'
    ran = subprocess.Popen(
        ["issue", "run", "1", "--", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert begun(ran) == "1"
    assert desk.json("show", "1")["state"] == "in_progress"
    assert desk.answer("comment", "1", "from outside", ISSUE_SESSION_ID="bob").code == 3
    assert desk.answer("run", "1", "--", "touch", "ran").code == 3
    assert not Path("ran").exists()
    ran.communicate("go\n")
    assert ran.returncode == 7
    assert is_free(desk, "1")
    shown = desk.json("show", "1", "--comments")
    assert (shown["state"], [one["text"] for one in shown["comments"]]) == ("open", ["from inside"])


def test_what_the_command_says_goes_straight_through(desk: Desk) -> None:
    """Nothing of ours is on standard output, and words after `--` are not ours."""
    told = desk.answer("run", "2", "--timeout", "5m", "--", "printf", "%s|", "--json", "--", "a b")
    assert (told.code, told.out) == (0, "--json|--|a b|")
    assert told.err == "#2 is yours: printf %s| --json -- a b\n"


def test_an_exit_code_of_a_signal(desk: Desk) -> None:
    """128 and its number, as a shell says it."""
    assert desk.answer("run", "1", "--", "sh", "-c", "kill -KILL $$").code == 137


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_go_to_the_command_and_the_issue_is_given_back(desk: Desk, number: int) -> None:
    """The command can end in its own way, its children get the signal too, and only then is the
    issue free."""
    script = (
        'trap "echo asked; exit 9" TERM INT HUP; '
        '(trap "echo child; exit" TERM INT HUP; echo begun; while :; do sleep 0.05; done) & '
        "wait; wait"
    )
    ran = desk.start("run", "1", "--", "bash", "-mc", script)
    assert begun(ran) == "begun"
    os.kill(ran.pid, number)
    code, out, _ = ended(ran)
    assert (code, "asked" in out) == (9, True)
    assert is_free(desk, "1")


def test_a_command_that_does_nothing_about_a_signal_dies_of_it(desk: Desk) -> None:
    """kill -TERM on `issue run`: exit code 143, nothing of it left, the issue free."""
    ran = desk.start("run", "1", "--", "sh", "-c", "echo begun; sleep 600; echo late")
    assert begun(ran) == "begun"
    os.kill(ran.pid, signal.SIGTERM)
    assert ended(ran)[:2] == (143, "")
    assert is_free(desk, "1")


def test_ctrl_c_at_a_terminal_ends_the_command(desk: Desk) -> None:
    """The terminal tells the command itself; its own code is ours, and the issue is free."""
    script = 'trap "echo asked; exit 5" INT; echo begun; while :; do sleep 0.05; done'
    told = desk.at_terminal("run", "1", "--", "bash", "-c", script, then={"\nbegun": "\x03"})
    assert told.code == 5
    assert told.out.count("\nasked") + told.out.count("^Casked") == 1
    assert is_free(desk, "1")


def test_a_claim_that_a_person_ends_ends_the_command(desk: Desk) -> None:
    """Also when nobody takes the issue then: exit code 3."""
    ran = desk.start("run", "1", "--timeout", "1s", "--", "sh", "-c", "echo begun; sleep 600; true")
    assert begun(ran) == "begun"
    person = {"ISSUE_AGENT_ID": "carol", "ISSUE_AGENT_TYPE": "person", "ISSUE_SESSION_ID": "c"}
    assert desk.answer("claim", "release", "1", "--force", **person).code == 0
    code, _, err = ended(ran)
    assert code == 3
    assert "the command was ended" in err


def test_a_command_that_closes_its_issue_goes_on_to_its_end(desk: Desk) -> None:
    """Closing ends the claim; what the command does after that it does in peace."""
    script = "issue close 1 >/dev/null; sleep 1; echo end"
    ran = desk.start("run", "1", "--timeout", "1s", "--", "sh", "-c", script)
    code, out, _ = ended(ran)
    assert (code, out) == (0, "end\n")
    assert desk.json("show", "1")["state"] == "closed"


def test_a_stolen_claim_ends_the_command(desk: Desk) -> None:
    """A person releases it with --force and takes it: exit code 3, the command and what it
    started are ended, and the new claim stays."""
    ran = desk.start("run", "1", "--timeout", "3s", "--", "sh", "-c", "echo begun; sleep 600; true")
    assert begun(ran) == "begun"
    person = {"ISSUE_AGENT_ID": "carol", "ISSUE_AGENT_TYPE": "person", "ISSUE_SESSION_ID": "c"}
    assert desk.answer("claim", "release", "1", "--force", **person).code == 0
    assert desk.answer("claim", "1", **person).code == 0
    code, out, err = ended(ran)
    assert (code, out) == (3, "")
    assert "The claim on issue 1 was lost, so the command was ended" in err
    assert desk.json("claim", "check", "1")["agent"] == "carol"


def test_an_expired_claim_that_somebody_took_ends_the_command(desk: Desk) -> None:
    """As after a machine's sleep: to whoever comes an hour later the claim is over."""
    ran = desk.start("run", "1", "--timeout", "1s", "--", "sh", "-c", "echo begun; sleep 600")
    assert begun(ran) == "begun"
    leases = desk.project / ".nightshift" / "leases"
    later = FileLeases(leases, clock=lambda: datetime.now(UTC) + timedelta(hours=1))
    taken = later.acquire("1", "a run", timedelta(hours=2))
    assert taken is not None
    assert ended(ran)[0] == 3
    assert later.record("1") is not None
    assert desk.json("claim", "check", "1")["epoch"] == taken.epoch


def test_the_claim_outlives_its_timeout_while_the_command_runs(desk: Desk) -> None:
    """It is renewed every third of it: the command sees its own claim's end move on."""
    script = (
        "end() { issue claim check 1 --format=json | sed 's/.*expires_at[^0-9]*//'; }; "
        'first=$(end); while [ "$(end)" = "$first" ]; do :; done; echo moved'
    )
    told = desk.answer("run", "1", "--timeout", "3s", "--", "sh", "-c", script)
    assert (told.code, told.out) == (0, "moved\n")


def test_the_command_may_close_release_or_delete_the_issue(desk: Desk) -> None:
    """What it did stays as it is."""
    assert desk.answer("run", "1", "--", "issue", "close", "1").code == 0
    assert desk.json("show", "1")["state"] == "closed"
    assert desk.answer("run", "2", "--", "issue", "claim", "release", "2").code == 0
    assert is_free(desk, "2")
    assert desk.answer("run", "2", "--", "issue", "delete", "2", "--yes").code == 0
    assert desk.run("show", "2").code == 1


def test_run_next_takes_the_first_ready_issue(desk: Desk) -> None:
    """And says so with exit code 1 when there is none, running nothing."""
    desk.ok("depends", "add", "1", "--on", "2")
    told = desk.answer("run", "next", "--", "sh", "-c", "echo $ISSUE_NUMBER")
    assert told.out == "2\n"
    nothing = desk.answer("run", "next", "--query", "label:none", "--", "touch", "ran")
    assert (nothing.code, nothing.out) == (1, "")
    assert not Path("ran").exists()


def test_inside_a_session_the_claim_is_the_sessions(desk: Desk) -> None:
    """With ISSUE_SESSION_ID set, the session's other commands may write meanwhile."""
    ran = desk.start(
        "run", "1", "--", "sh", "-c", "echo $ISSUE_SESSION_ID; sleep 600", ISSUE_SESSION_ID="mine"
    )
    assert begun(ran) == "mine"
    assert desk.answer("edit", "1", "--title", "new", ISSUE_SESSION_ID="mine").code == 0
    os.kill(ran.pid, signal.SIGTERM)
    assert ended(ran)[0] == 143


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["1"], 2, "Write it after --"),
        (["1", "--"], 2, "Write it after --"),
        (["1", "true"], 2, "one argument too many"),
        (["1", "--", "no-such-program"], 2, "no-such-program cannot be run"),
        (["1", "--timeout", "0s", "--", "true"], 2, "Ask for a second to a year"),
        (["99", "--", "true"], 1, "no issue '99'"),
    ],
)
def test_what_cannot_be_run(desk: Desk, words: list[str], code: int, told: str) -> None:
    """A reason on stderr, and the issue is free afterwards."""
    ran = desk.answer("run", *words)
    assert ran.code == code
    assert told in ran.err
    assert is_free(desk, "1")
    assert desk.json("show", "1")["state"] == "open"
