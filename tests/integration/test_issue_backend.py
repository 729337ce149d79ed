"""`issue backend`: where issues live."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.issue_desk import Desk

PLACE = ("--url", "https://git.example.com", "--owner", "me", "--repo", "app")


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


def test_c20_add_reads_its_answers_from_a_heredoc(desk: Desk) -> None:
    """C20, E04: URL, owner and repository from standard input, a line each; the token stays in
    the variable that the integration guide names."""
    lines = "https://git.example.com\nme\napp\n"
    told = desk.answer("backend", "add", "my-project", "gitea", lines=lines, GITEA_API_TOKEN="s3c")
    assert (told.code, told.out) == (
        0,
        f"my-project (gitea) is defined in {desk.config}\n",
    )
    kept = json.loads(desk.config.read_text())["backends"]["my-project"]
    assert kept == {
        "type": "gitea",
        "url": "https://git.example.com",
        "owner": "me",
        "repo": "app",
        "token_source": "env:GITEA_API_TOKEN",
    }
    assert "s3c" not in told.out + told.err + desk.config.read_text()


def test_c20_add_asks_at_a_terminal(desk: Desk) -> None:
    """C20: what is not said is asked; Enter takes what is known."""
    told = desk.at_terminal(
        "backend", "add", "mine", "gitea", "--owner", "me",
        then={"web address:": "https://git.example.com\n", "holds the issues:": "app\n"},
    )  # fmt: skip
    assert told.code == 0, told.out
    assert desk.ok("backend", "show", "mine", "--field", "repo").out == "app\n"


def test_nobody_answers(desk: Desk) -> None:
    """Off a terminal nothing is waited for: exit code 2, and the options that would say it."""
    told = desk.answer("backend", "add", "mine", "gitea", "--owner", "me")
    assert told.code == 2
    assert "issue backend add mine gitea --url URL --repo REPO" in told.err
    assert not desk.config.exists()


def test_a_silent_pipe_is_not_waited_for(desk: Desk) -> None:
    """An agent's standard input may be a pipe that nobody writes to and nobody closes."""
    reading, writing = os.pipe()
    ran = subprocess.run(
        ["issue", "backend", "add", "mine", "gitea"],
        stdin=reading,
        capture_output=True,
        check=False,
    )
    os.close(reading)
    os.close(writing)
    assert ran.returncode == 2


def test_the_git_remote_answers(desk: Desk) -> None:
    """What is not said is taken from where the project was cloned from."""
    git = desk.project / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "objects").mkdir()
    (git / "refs").mkdir()
    (git / "config").write_text('[remote "origin"]\n\turl = git@github.com:me/app.git\n')
    desk.set(GITHUB_TOKEN="s3c")
    told = desk.answer("backend", "add", "hub", "github")
    assert told.code == 0, told.err
    assert desk.json("backend", "show", "hub")["fields"] == {
        "url": "https://github.com",
        "owner": "me",
        "repo": "app",
        "token_source": "env:GITHUB_TOKEN",
    }


def test_c21_show_one_field(desk: Desk) -> None:
    """C21: the value alone; exit code 1 for an absent backend and for an absent field."""
    assert desk.answer("backend", "add", "mine", "gitea", *PLACE).code == 0
    for field, value in (("url", PLACE[1]), ("owner", "me"), ("repo", "app"), ("type", "gitea")):
        assert desk.ok("backend", "show", "mine", f"--field={field}").out == f"{value}\n"
    absent = desk.run("backend", "show", "other", "--field=url")
    assert (absent.code, absent.out) == (1, "")
    assert "Backend not configured" in absent.err
    assert desk.run("backend", "show", "mine", "--field=path").code == 1
    assert desk.run("backend", "show", "mine", "--field=color").code == 2


def test_e03_replacing_keeps_a_copy_and_the_old_values(desk: Desk) -> None:
    """E03: old values are the defaults, the backup has a time stamp, and the way back is told."""
    assert desk.answer("backend", "add", "mine", "gitea", *PLACE).code == 0
    before = desk.config.read_text()
    refused = desk.answer("backend", "add", "mine", "gitea", "--owner", "team")
    assert refused.code == 3
    assert "defined already" in refused.err
    told = desk.answer("backend", "add", "mine", "gitea", "--owner", "team", "--replace", "--json")
    item = told.value
    assert item["fields"] == {"url": PLACE[1], "owner": "team", "repo": "app"}
    backup = Path(item["backup"])
    assert backup.name.startswith("config.json.backup-20")
    assert backup.read_text() == before
    again = desk.answer("backend", "add", "mine", "gitea", "--owner", "us", "--replace")
    assert f"To go back, copy it to {desk.config}" in again.err


def test_e03_a_definition_for_all_projects(desk: Desk) -> None:
    """E03: `--user` keeps it in the person's file; the address may wait for the project."""
    assert desk.answer("backend", "add", "work", "gitea", *PLACE[:2], "--user").code == 0
    [built_in, work] = desk.json("backend", "list")
    assert (built_in["name"], built_in["default"]) == ("sqlite", True)
    assert (work["name"], work["user"]) == ("work", True)
    assert work["origin"] == str(desk.home / ".config" / "nightshift" / "config.json")


@pytest.mark.parametrize("field", ["--token-source", "--owner"])
def test_a_token_is_not_kept(desk: Desk, field: str) -> None:
    """A raw token at the wrong place is refused and not repeated."""
    token = "ghp_" + "a" * 36
    told = desk.answer("backend", "add", "mine", "gitea", *PLACE, field, token)
    assert told.code == 2
    assert token not in told.out + told.err
    assert not desk.config.exists() or token not in desk.config.read_text()


def test_c20_a_second_local_board(desk: Desk) -> None:
    """C20: added, tried, made the default, removed; issues stay where they are."""
    desk.create("in the first")
    assert desk.answer("backend", "add", "local-work", "local").code == 0
    assert "the first issue makes" in desk.ok("backend", "test", "local-work").out
    desk.ok("backend", "set-default", "local-work")
    assert desk.ok("backend", "list").out.splitlines()[2].split()[:3] == [
        "local-work", "sqlite", "default",
    ]  # fmt: skip
    desk.create("in the second", "in the second too")
    assert desk.ok("backend", "test", "local-work").out == "local-work works: 2 issues\n"
    assert desk.json("backend", "test", "local") == {
        "name": "local", "type": "sqlite", "ok": True, "issues": 1,
    }  # fmt: skip
    assert desk.run("backend", "remove", "local-work").code == 2
    desk.ok("backend", "set-default", "local")
    told = desk.ok("backend", "remove", "local-work")
    assert "its issues stay where they are" in told.out
    assert (desk.project / ".nightshift" / "local-work.db").exists()
    assert [one["title"] for one in desk.json("list")] == ["in the first"]


def test_a_type_that_does_not_ship_is_said_to_be_out_of_reach(desk: Desk) -> None:
    """Exit code 4 in plain words; it cannot be made the default, and nothing is lost."""
    assert desk.answer("backend", "add", "mine", "gitea", *PLACE).code == 0
    told = desk.run("backend", "test", "mine")
    assert told.code == 4
    assert "this version has no gitea backend yet" in told.err
    assert desk.run("backend", "set-default", "mine").code == 2
    assert desk.run("list", "--backend", "mine").code == 2


def test_c25_an_unknown_backend_or_type(desk: Desk) -> None:
    """C25: `Backend not configured`, in JSON too, with the nearest known name."""
    assert desk.answer("backend", "add", "mine", "gitea", *PLACE).code == 0
    told = desk.run("backend", "test", "mein", "--json")
    error = json.loads(told.err)
    assert (told.code, error["code"]) == (1, "entry_not_found")
    assert error["what"].startswith("Backend not configured")
    assert "Did you mean mine?" in error["next"]
    assert desk.run("backend", "set-default", "mein").code == 1
    assert desk.run("backend", "remove", "mein").code == 1
    assert "gitea" in desk.answer("backend", "add", "x", "gittea").err


def test_a_locked_board_cannot_be_reached(desk: Desk) -> None:
    """A file that is no database is exit code 4, and was left as it was."""
    desk.create("one")
    board = desk.project / ".nightshift" / "issues.db"
    board.write_bytes(b"no database at all, but quite long" * 100)
    told = desk.run("backend", "test", "local")
    assert told.code == 4
    assert str(board) in told.err
