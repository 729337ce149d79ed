"""What a program in the box can reach. Every probe here is a way out that was tried."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from framework.box import Bubblewrap, Cell, Unboxed, is_available, programs
from tests.integration.hubs import NO_BOX
from tests.theatre import wait_for

boxed = pytest.mark.skipif(not is_available(), reason=NO_BOX)
CANARY = "canary-7f3a"


@pytest.fixture
def cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cell:
    """One writable directory, one readable one, and a secret in our own environment."""
    monkeypatch.setenv("NIGHTSHIFT_CANARY", CANARY)
    for name in ("mine", "given", "sibling"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(f"{name}\n")
    return Cell(
        directory=tmp_path / "mine",
        writable=(tmp_path / "mine",),
        readable=(tmp_path / "given",),
        environment={"GIVEN": "yes"},
    )


@pytest.fixture
def box(tmp_path: Path) -> Bubblewrap:
    return Bubblewrap(tmp_path / "accounts", programs(os.environ["PATH"]))


def run(box: Bubblewrap | Unboxed, cell: Cell, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        box.wrap(["/bin/sh", "-c", script], cell),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def python(code: str) -> str:
    return f"python3 -c {shlex.quote(code)}"


@boxed
def test_it_works_where_it_should(box: Bubblewrap, cell: Cell) -> None:
    """It starts in its directory, writes there, reads what it was given, and has an account."""
    given = cell.readable[0]
    said = run(box, cell, f"pwd; cat file {given}/file; echo x > new; whoami; echo $GIVEN; id -u")
    assert said.stdout == f"{cell.directory}\nmine\ngiven\nagent\nyes\n1000\n"
    assert (cell.directory / "new").read_text() == "x\n"
    assert (
        run(box, cell, "echo x > $HOME/x && echo x > /tmp/x && echo x > $TMPDIR/y").returncode == 0
    )
    assert not Path("/tmp/x").exists()


@boxed
def test_nothing_in_procfs_can_be_opened_for_writing(box: Bubblewrap, cell: Cell) -> None:
    """As root its files reach the host's kernel. They are only opened here, never written."""
    code = """
import os
found = []
for parent, directories, names in os.walk("/proc"):
    if parent.count("/") > 5:
        directories.clear()
    for name in names:
        path = os.path.join(parent, name)
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            continue
        if not os.path.realpath(path).startswith(("/dev/", "/proc/self/fd")) and "/fd/" not in path:
            found.append(path)
print(found)
"""
    assert run(box, cell, python(code)).stdout == "[]\n"


@boxed
def test_our_environment_is_nowhere_to_be_seen(box: Bubblewrap, cell: Cell) -> None:
    """Not in its own environment, nor in that of any process it sees, its first one included."""
    said = run(box, cell, "env; cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'")
    assert CANARY not in said.stdout
    assert "GIVEN=yes" in said.stdout


@boxed
def test_other_peoples_files_are_absent(box: Bubblewrap, cell: Cell) -> None:
    """No password file, no home, no other clone: they are not merely forbidden."""
    sibling = cell.directory.parent / "sibling"
    for path in ("/etc/shadow", "/etc/ssh", "/root/.ssh", "/var", "/run", "/srv", str(sibling)):
        assert run(box, cell, f"test ! -e {path}").returncode == 0, path
    assert run(box, cell, f"ls -A {Path.home()}/.ssh {Path.home()}/.config").stdout == ""
    assert run(box, cell, "ls /home").stdout == "agent\n"
    assert run(box, cell, "cat /etc/passwd").stdout.startswith("agent:x:1000")


@boxed
def test_nothing_outside_can_be_written(box: Bubblewrap, cell: Cell) -> None:
    """The system, what it was given, the root, and the directory above its own."""
    given = cell.readable[0]
    paths = ("/x", "/usr/x", "/etc/x", "/etc/passwd", "/bin/x", f"{given}/file", "/home/x")
    for path in paths:
        assert run(box, cell, f"echo x >> {path}").returncode != 0, path
    run(box, cell, "echo x > ../x; rm -r ../sibling; mv ../given ../taken")
    assert sorted(one.name for one in given.parent.iterdir()) == [
        *("accounts", "given", "mine", "sibling"),
    ]
    assert (given / "file").read_text() == "given\n"
    for program in box._programs:
        assert run(box, cell, f"echo x > {program}/x").returncode != 0
    for command in ("mount -o remount,rw /usr", "mount -t tmpfs none /mnt", "unshare -Ur true"):
        assert run(box, cell, command).returncode != 0, command


@boxed
def test_links_lead_nowhere(box: Bubblewrap, cell: Cell) -> None:
    """A link out of its directory points to what is not there."""
    sibling = cell.directory.parent / "sibling" / "file"
    os.symlink(sibling, cell.directory / "link")
    said = run(box, cell, "cat link; echo x > link")
    assert said.stdout == ""
    assert sibling.read_text() == "sibling\n"


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@boxed
def test_there_is_no_network_unless_it_was_asked_for(
    box: Bubblewrap, cell: Cell, listener: int
) -> None:
    """Checks reach not even this machine's own services; sessions reach the model."""
    connect = f"import socket; socket.create_connection(('127.0.0.1', {listener}), 2)"
    assert run(box, cell, python(connect)).returncode != 0
    assert "Network is unreachable" in (
        run(
            box, cell, python("import socket; socket.create_connection(('192.0.2.1', 9), 2)")
        ).stderr
    )
    online = Cell(directory=cell.directory, writable=cell.writable, network=True)
    assert run(box, online, python(connect)).returncode == 0


@boxed
def test_our_processes_are_out_of_sight(box: Bubblewrap, cell: Cell) -> None:
    """It sees and signals its own processes only."""
    said = run(
        box,
        cell,
        python("import os; print(max(int(p) for p in os.listdir('/proc') if p.isdigit()))"),
    )
    assert int(said.stdout) < 20
    assert run(box, cell, f"kill -0 {os.getpid()}").returncode != 0


DAEMON = "setsid sh -c 'setsid sleep {marker} & exec sleep {marker}' > /dev/null 2>&1 &"


def alive(marker: str) -> bool:
    return any(
        one.info["cmdline"] == ["sleep", marker] and one.info["status"] != psutil.STATUS_ZOMBIE
        for one in psutil.process_iter(["cmdline", "status"])
    )


def wait_until(what: bool, marker: str) -> None:
    wait_for(lambda: alive(marker) == what, f"sleep {marker}: {what}")


@boxed
def test_daemons_die_with_the_box(box: Bubblewrap, cell: Cell) -> None:
    """What a command left in a session of its own ends when the command does."""
    marker = "14.1421"
    assert run(box, cell, DAEMON.format(marker=marker)).returncode == 0
    wait_until(False, marker)


@boxed
def test_everything_dies_with_the_runner(box: Bubblewrap, cell: Cell) -> None:
    """Kill -9 of the process that started the box leaves nothing of it."""
    marker = "17.3205"
    script = DAEMON.format(marker=marker) + f" sleep {marker}"
    code = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    command = box.wrap(["/bin/sh", "-c", script], cell)
    with subprocess.Popen([sys.executable, "-c", code, *command]) as runner:
        wait_until(True, marker)
        runner.kill()
    wait_until(False, marker)


@boxed
def test_this_python_runs_inside(box: Bubblewrap, cell: Cell) -> None:
    """Wherever the interpreter is installed, it is found first."""
    said = run(box, cell, python("import sys, ssl, sqlite3; print(sys.version_info[:3])"))
    assert said.stdout == f"{sys.version_info[:3]}\n"


@boxed
def test_git_runs_inside(box: Bubblewrap, cell: Cell) -> None:
    """A clone that the host made belongs to the agent there."""
    said = run(
        box,
        cell,
        "git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x; "
        "git log --format=%s",
    )
    assert said.stdout == "x\n", said.stderr


def test_programs_leave_out_what_lies_above_the_home(tmp_path: Path) -> None:
    """A careless PATH does not hand the box everything that is private."""
    tools = tmp_path / "tools"
    tools.mkdir()
    link = tmp_path / "link"
    link.symlink_to("/usr/bin")
    path = os.pathsep.join(
        ["/", str(Path.home()), "relative", "/none", "/usr/bin", "/bin", str(link), str(tools)]
    )
    found = programs(path)
    assert tools in found
    assert {Path("/"), Path.home(), Path("/usr/bin"), link}.isdisjoint(found)


def test_programs_leave_out_what_cannot_be_looked_at(tmp_path: Path) -> None:
    """A PATH that `su` left, with directories of another user, stops nobody."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    outside = [tmp_path / ("x" * 300), loop, tmp_path]
    found = programs(os.pathsep.join(map(str, outside)))
    assert tmp_path in found
    assert {*outside[:2]}.isdisjoint(found)


def test_without_a_box_only_the_environment_is_ours(tmp_path: Path, cell: Cell) -> None:
    """It starts in the cell's directory, from the same small environment."""
    said = run(Unboxed(()), cell, "pwd; env")
    assert said.stdout.startswith(f"{cell.directory}\n")
    assert CANARY not in said.stdout
    assert "GIVEN=yes" in said.stdout
