"""Where a project is, and how its own directory is made."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framework.config.place import find_project, git_top, prepare, store_id
from framework.domain.errors import SettingsError, UsageError


def git(directory: Path, *words: str) -> str:
    ran = subprocess.run(
        ("git", "-C", str(directory), *words), capture_output=True, text=True, check=True
    )
    return ran.stdout


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    return place


def made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_the_nearest_board_is_the_project(home: Path) -> None:
    """From any depth the nearest `.nightshift/` upwards is found, past a repository's top."""
    made(home / "app" / ".nightshift")
    made(home / "app" / "vendored" / ".git")
    deep = made(home / "app" / "vendored" / "src" / "deep")
    assert find_project(deep) == home / "app"
    made(home / "app" / "vendored" / ".nightshift")
    assert find_project(deep) == home / "app" / "vendored"


def test_without_a_board_the_top_of_the_repository_is_the_project(home: Path) -> None:
    """The nearest `.git` counts, a directory or a file alike."""
    made(home / "app" / ".git")
    assert find_project(made(home / "app" / "src")) == home / "app"
    tree = made(home / "app" / "tree")
    (tree / ".git").write_text("gitdir: elsewhere\n")
    assert find_project(made(tree / "src")) == tree


def test_a_bare_directory_is_its_own_project(home: Path) -> None:
    assert find_project(made(home / "notes" / "today")) == home / "notes" / "today"


def test_a_board_in_the_home_directory_is_not_that_of_the_repositories_below(home: Path) -> None:
    """It serves what has no repository of its own."""
    made(home / ".nightshift")
    made(home / "app" / ".git")
    assert find_project(home / "app") == home / "app"
    assert find_project(made(home / "notes")) == home
    assert find_project(home) == home


def test_nothing_above_the_home_directory_counts(home: Path) -> None:
    made(home.parent / ".nightshift")
    assert find_project(made(home / "notes")) == home / "notes"


def test_a_board_that_anybody_could_have_planted_does_not_count(tmp_path: Path) -> None:
    """A directory that all may write in, such as /tmp, is a project only from within."""
    shared = made(tmp_path / "shared")
    made(shared / ".nightshift")
    shared.chmod(0o1777)
    assert find_project(made(shared / "mine")) == shared / "mine"
    assert find_project(shared) == shared


def test_symbolic_links_are_followed_first(home: Path) -> None:
    """One project has one name, whichever way it is reached."""
    made(home / "app" / ".nightshift")
    made(home / "app" / "src")
    (home / "link").symlink_to(home / "app" / "src")
    assert find_project(home / "link") == home / "app"


def test_a_start_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        find_project(tmp_path / "file")
    with pytest.raises(UsageError, match="No such file"):
        find_project(tmp_path / "nowhere")


def test_all_work_trees_of_a_repository_share_its_board(home: Path) -> None:
    """An agent in a linked one finds the board; a link to nothing is a project of its own."""
    app, tree = made(home / "app"), home / "trees" / "tree"
    git(app, "init", "--quiet")
    git(app, "-c", "user.name=a", "-c", "user.email=a", "commit", "--allow-empty", "-qm", "first")
    git(app, "worktree", "add", "--quiet", str(tree))
    assert find_project(tree) == tree
    prepare(app)
    assert find_project(made(tree / "src")) == app
    made(tree / ".nightshift")
    assert find_project(tree) == tree
    loose = made(home / "loose")
    (loose / ".git").write_text("gitdir: /nowhere\n")
    assert find_project(loose) == loose


def test_the_directory_is_kept_out_of_git(tmp_path: Path) -> None:
    """`git status` shows nothing of ours, also in a linked work tree; twice changes nothing."""
    git(tmp_path, "init", "--quiet", "app")
    app = tmp_path / "app"
    git(app, "-c", "user.name=a", "-c", "user.email=a", "commit", "--allow-empty", "-qm", "first")
    git(app, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    for place in (app, tmp_path / "tree"):
        assert (prepare(place) / "x").write_text("x")
        assert prepare(place) == place / ".nightshift"
        assert git(place, "status", "--porcelain") == ""
    lines = (app / ".git" / "info" / "exclude").read_text().splitlines()
    assert lines.count(".nightshift/") == 1


def test_a_line_is_added_to_what_is_there(tmp_path: Path) -> None:
    """A list of another encoding and without an end of line stays as it was."""
    exclude = made(tmp_path / ".git" / "info") / "exclude"
    exclude.write_bytes(b"*.\xff")
    prepare(tmp_path)
    assert exclude.read_bytes() == b"*.\xff\n.nightshift/\n"


def test_where_git_cannot_be_told_the_directory_says_it_itself(tmp_path: Path) -> None:
    """A `.git` that cannot be written, as in a box, does not stop anybody."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "info" / "exclude").unlink()
    (tmp_path / ".git" / "info").rmdir()
    (tmp_path / ".git" / "info").touch()
    (prepare(tmp_path) / "x").touch()
    assert git(tmp_path, "status", "--porcelain") == ""


def test_outside_of_git_there_is_only_the_directory(tmp_path: Path) -> None:
    assert list(prepare(tmp_path).iterdir()) == []
    assert git_top(tmp_path) is None


def test_a_file_in_the_way_is_explained(tmp_path: Path) -> None:
    (tmp_path / ".nightshift").touch()
    with pytest.raises(SettingsError, match=r"\.nightshift cannot be made: File exists"):
        prepare(tmp_path)


def test_the_name_of_a_projects_leases_stays(tmp_path: Path) -> None:
    """Made up once, also by many at once; another project has another."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: store_id(tmp_path), range(32)))
    assert len(found) == 1
    assert re.fullmatch("[0-9a-f]{6}", found.pop())
    (tmp_path / "other").mkdir()
    assert store_id(tmp_path / "other") != store_id(tmp_path)
    assert [one.name for one in (tmp_path / ".nightshift").glob("store-id*")] == ["store-id"]
