"""What Seatbelt is told, as text: this is not a Mac."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from framework.box import Cell, Seatbelt, has_seatbelt, loose
from framework.box.seatbelt import profile_of


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    return Cell(
        directory=tmp_path / "checkout",
        writable=(tmp_path / "checkout", tmp_path / "home"),
        readable=(tmp_path / "hub",),
    )


def test_only_the_cell_is_written(tmp_path: Path, cell: Cell) -> None:
    """Writing is denied, then allowed for what the cell names and the usual devices."""
    rules = profile_of(cell, ()).splitlines()
    denied = rules.index("(deny file-write*)")
    (allowed,) = [one for one in rules if one.startswith("(allow file-write*")]
    assert denied < rules.index(allowed)
    assert f'(subpath "{tmp_path}/checkout") (subpath "{tmp_path}/home")' in allowed
    assert "hub" not in allowed


def test_a_cell_that_writes_nothing(cell: Cell) -> None:
    """No rule is left without a path: it would be for every path."""
    rules = profile_of(replace(cell, writable=()), ()).splitlines()
    (allowed,) = [one for one in rules if one.startswith("(allow file-write*")]
    assert "subpath" not in allowed
    assert not [one for one in rules if one.startswith("(deny file-read-data")]


def test_what_is_private_is_denied_and_the_cell_within_it_is_not(
    tmp_path: Path, cell: Cell
) -> None:
    """The last rule counts: first the whole directory, then the cell's own part of it."""
    rules = profile_of(cell, (tmp_path,)).splitlines()
    denied = rules.index(f'(deny file-read-data (subpath "{tmp_path}"))')
    (allowed,) = [one for one in rules if one.startswith("(allow file-read-data")]
    assert denied < rules.index(allowed)
    assert f'(subpath "{tmp_path}/hub")' in allowed


def test_the_network_is_off_unless_asked_for(cell: Cell) -> None:
    """Loopback is off with the rest."""
    assert "(deny network*)" in profile_of(cell, ())
    assert "network*" not in profile_of(replace(cell, network=True), ())


def test_paths_are_real_and_cannot_end_a_rule(tmp_path: Path, cell: Cell) -> None:
    """A link is followed, and what a name holds stays a name."""
    odd = tmp_path / 'a") (allow default) (x "\\'
    odd.mkdir()
    (tmp_path / "link").symlink_to(odd)
    text = profile_of(replace(cell, writable=(tmp_path / "link",)), ())
    assert f'(subpath "{tmp_path}/a\\") (allow default) (x \\"\\\\")' in text
    assert "link" not in text


def test_the_command_runs_under_the_profile(tmp_path: Path, cell: Cell) -> None:
    """With nothing of our environment, and temporary files where it may write."""
    box = Seatbelt(private=(tmp_path / "theirs",))
    words = box.wrap(["/bin/sh", "-c", "true"], cell)
    at = words.index("/usr/bin/sandbox-exec")
    assert words[at:] == [
        *("/usr/bin/sandbox-exec", "-p", profile_of(cell, box.private)),
        *("/bin/sh", "-c", "true"),
    ]
    assert words[:2] == ["/usr/bin/env", "-i"]
    assert f"TMPDIR={tmp_path}/home" in words
    assert shlex.quote(str(tmp_path / "checkout")) in words


def test_where_it_is() -> None:
    """On macOS alone."""
    assert not has_seatbelt("linux")


def test_a_sandbox_that_does_not_start_is_not_tight(tmp_path: Path) -> None:
    """Here there is no `sandbox-exec`: what cannot be tried counts as open, and nothing stays."""
    if has_seatbelt():
        pytest.skip("this is a Mac")
    (found,) = loose(Seatbelt(private=(tmp_path,)), tmp_path / "probe")
    assert found.startswith("do what could not be tried")
    assert not (tmp_path / "probe").exists()
