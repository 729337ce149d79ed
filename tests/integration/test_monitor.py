"""`monitor.py` on real journals, trackers and leases: runs that go, have ended or died."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from framework.attach import open_board
from framework.cli.monitor import main
from framework.domain.chronicle import RunState
from framework.domain.event import AttemptStarted, RunEnded, RunStarted
from framework.domain.issue import Draft
from framework.domain.lease import Process
from framework.journals.sqlite import SqliteJournal
from framework.leases.process import this_process
from framework.trackers.sqlite import SqliteTracker

ROOT = Path(__file__).parents[2]
WATCHED = {"json": ["--json"], "text": []}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a board of two issues, one waiting for the other, and no run."""
    directory = tmp_path / "pocket"
    (directory / ".nightshift").mkdir(parents=True)
    with closing(SqliteTracker(directory / ".nightshift/issues.db")) as tracker:
        first = tracker.create(Draft(title="Parse amounts"))
        tracker.create(Draft(title="Sum amounts", depends_on=(first.id,)))
    return directory


@pytest.fixture
def journal(project: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(project / ".nightshift/journal.db", run="r1")) as opened:
        yield opened


def run_of(process: Process, project: Path) -> RunStarted:
    return RunStarted(
        project=str(project),
        target="main",
        slots=2,
        tracker="sqlite",
        agent="scripted",
        host=process.host,
        boot=process.boot,
        pid=process.pid,
        started=process.started,
    )


def begin(journal: SqliteJournal, project: Path) -> None:
    """A run of this very process, so that it is alive, with one attempt going."""
    journal.append(run_of(this_process(), project))
    journal.append(AttemptStarted(issue="1", title="Parse amounts", epoch=1, slot=1, session="s"))


def gone() -> Process:
    """A process that has ended."""
    command = "from framework.leases.process import this_process; print(this_process())"
    told = subprocess.check_output([sys.executable, "-c", command], cwd=ROOT, text=True)
    process: Process = eval(told, {"Process": Process})
    return process


def test_a_run_that_goes(
    project: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the runner lives the board shows its slots, and exit code 0."""
    begin(journal, project)
    assert main([str(project)]) == 0
    screen = capsys.readouterr().out
    assert "pocket  onto main" in screen
    assert " going " in screen
    assert "1 running · 1 waiting" in screen
    assert "idle" in screen


def test_a_run_that_has_ended(
    project: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    """A finished run is shown with how it ended."""
    journal.append(run_of(this_process(), project))
    journal.append(RunEnded(code=1, why="one issue is blocked"))
    assert main([str(project)]) == 0
    screen = capsys.readouterr().out
    assert "finished with exit code 1" in screen
    assert "one issue is blocked" in screen


def test_a_run_that_died(
    project: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run without an end whose process is gone is dead, and the screen says how to go on."""
    journal.append(run_of(gone(), project))
    assert main([str(project)]) == 0
    screen = capsys.readouterr().out
    assert " dead " in screen
    assert "Run the same command again" in screen


def test_json_is_for_programs(
    project: Path, journal: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    """One document with the same facts."""
    begin(journal, project)
    assert main([str(project), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["run"]["state"] == "going"
    assert document["slots"][0]["attempt"]["title"] == "Parse amounts"
    assert [row["standing"] for row in document["issues"]] == ["running", "waiting"]


def test_an_open_board_follows_the_run(project: Path, journal: SqliteJournal) -> None:
    """Each reading takes in what was written since by another connection."""
    begin(journal, project)
    with open_board(project) as read:
        assert read().run.state is RunState.GOING
        journal.append(RunEnded(code=0, why="all landed"))
        assert read().run.state is RunState.FINISHED


def test_a_directory_that_is_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, a sentence that says what to do, and nothing created there."""
    assert main([str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "parallel_agent.py" in told.err
    assert list(tmp_path.iterdir()) == []


def test_a_board_that_no_run_has_worked_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issues without a journal: it says that there was no run, and makes no journal."""
    assert main([str(project)]) == 1
    assert "No run" in capsys.readouterr().err
    assert not (project / ".nightshift/journal.db").exists()


def start(project: Path, *options: str, stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "monitor.py", str(project), "--watch", "--interval", "0.1", *options],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        # Where the tests run in the background SIGINT is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_watch_for_programs_ends_well_with_an_interrupt(
    project: Path, journal: SqliteJournal
) -> None:
    """One document a line; Ctrl-C is how watching ends, so its exit code is 0."""
    begin(journal, project)
    with start(project, "--json", stdout=subprocess.PIPE) as monitor:
        assert monitor.stdout is not None
        assert monitor.stderr is not None
        assert [json.loads(monitor.stdout.readline())["version"] for _ in range(2)] == [1, 1]
        monitor.send_signal(signal.SIGINT)
        assert (monitor.wait(10), monitor.stderr.read()) == (0, b"")


def test_watch_on_a_terminal_gives_it_back(project: Path, journal: SqliteJournal) -> None:
    """Live in the terminal's second screen; after Ctrl-C the first one shows the last board."""
    begin(journal, project)
    ours, theirs = pty.openpty()
    with start(project, stdout=theirs) as monitor:
        os.close(theirs)
        seen = b""
        while b"Parse amounts" not in seen:
            seen += os.read(ours, 65536)
        monitor.send_signal(signal.SIGINT)
        assert monitor.wait(10) == 0
    left = _rest(ours)
    os.close(ours)
    assert b"\x1b[?1049h" in seen
    assert b"Parse amounts" in left.rpartition(b"\x1b[?1049l")[2]


def test_a_reader_that_leaves_early_is_no_error(project: Path, journal: SqliteJournal) -> None:
    """`monitor.py --json | head -1` ends quietly."""
    begin(journal, project)
    with start(project, "--json", stdout=subprocess.PIPE) as monitor:
        assert monitor.stdout is not None
        assert monitor.stderr is not None
        monitor.stdout.readline()
        monitor.stdout.close()
        assert monitor.stderr.read() == b""
        assert monitor.wait(10) == 1


def _rest(terminal: int) -> bytes:
    """What is still to be read of a terminal whose program has ended."""
    rest = b""
    try:
        while more := os.read(terminal, 65536):
            rest += more
    except OSError:
        return rest
    return rest
