"""`nightshift verify`: an untouched landing is the same in all points, a touched one is named."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from framework import box
from framework.domain.brief import Brief, render
from framework.domain.issue import Change, Draft, Issue, State
from framework.domain.merge import Merged, Proof
from framework.domain.proof import encode
from framework.domain.proof import render as as_comment
from framework.trackers.sqlite import SqliteTracker
from framework.workspaces import refs
from tests.integration.hubs import NOBODY, House, commit

ROOT = Path(__file__).parents[2]
VERIFY = """
import sys
from framework.cli.nightshift import main
raise SystemExit(main(["verify", *sys.argv[1:]]))
"""
BRIEF = Brief(
    description="A file.",
    criteria=("It is there.", "`grep -q new b` passes."),
    checks=("test -f b", "grep -q new b"),
)


class Landed:
    """A project in which issue 1 has landed and issue 2 has not."""

    def __init__(self, root: Path) -> None:
        self.house = House(root, start={"a": "one\n"})
        self.house.logs = self.house.project / ".nightshift" / "logs"
        self.house.lander = self.house.open_lander()
        self.board = self.house.project / ".nightshift" / "issues.db"
        with closing(SqliteTracker(self.board)) as tracker:
            self.issue: Issue = tracker.create(Draft(title="A file", body=render(BRIEF)))
            tracker.create(Draft(title="Another"))
        self.proof: Proof

    async def land(self) -> None:
        house = self.house
        async with house.workspaces.open(self.issue, 1) as workspace:
            commit(workspace.directory, {"b": "new\n"})
            landing = await house.lander.land(workspace, self.issue, NOBODY)
        assert isinstance(landing, Merged)
        self.proof = landing.proof
        with closing(SqliteTracker(self.board)) as tracker:
            text = as_comment(self.proof, rehearsed=False)
            key = f"proof:{self.proof.commit}"
            tracker.comment("1", text, author="nightshift", key=key)
            tracker.update("1", Change(state=State.IN_PROGRESS))
            tracker.update("1", Change(state=State.CLOSED), forced=True)

    @property
    def record(self) -> str:
        return refs.landed(self.issue.uid, 0)

    def doctor(self, **changes: Any) -> None:
        """Put another proof into the record, in the record's own form."""
        kept = self.house.in_hub("cat-file", "tag", self.record).partition("\n\n")[0]
        text = f"{kept}\n\n{encode(replace(self.proof, **changes))}\n"
        tag = self.house.hub.store.write("tag", text.encode())
        self.house.in_hub("update-ref", self.record, tag)

    def ask(self, statement: str) -> None:
        with closing(sqlite3.connect(self.board)) as database, database:
            database.execute(statement)

    def verify(self, *words: str) -> subprocess.CompletedProcess[str]:
        boxed = () if box.is_available() else ("--no-box",)
        return subprocess.run(
            [sys.executable, "-c", VERIFY, *words, *boxed],
            cwd=self.house.project,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.house.root),
                "XDG_STATE_HOME": str(self.house.root / "state"),
                "PYTHONPATH": str(ROOT),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def different(self) -> dict[str, str]:
        """What is told to differ: what is found, by what it is."""
        ran = self.verify("1", "--json")
        told = json.loads(ran.stdout)
        wrong = {one["what"]: one["found"] for one in told["comparisons"] if not one["same"]}
        assert ran.returncode == (1 if wrong else 0), ran.stderr
        assert told["same"] is not bool(wrong)
        return wrong


@pytest.fixture
def landed(tmp_path: Path) -> Landed:
    found = Landed(tmp_path)
    anyio.run(found.land)
    return found


def test_an_untouched_landing_is_the_same(landed: Landed) -> None:
    """Every point is named, each check is run again, and nothing is changed by it."""
    before = landed.house.in_hub("for-each-ref")
    ran = landed.verify("1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "same       check `test -f b`: exit code 0" in ran.stdout
    assert "All the same" in ran.stdout
    assert landed.different() == {}
    assert landed.house.in_hub("for-each-ref") == before


def test_the_comment_names_its_criteria_and_the_command(landed: Landed) -> None:
    """A criterion that quotes a check stands on it alone, another one on all."""
    text = as_comment(landed.proof, rehearsed=False)
    assert "| It is there. | 1, 2 |" in text
    assert "| `grep -q new b` passes. | 2 |" in text
    assert "`nightshift verify 1`" in text


def test_what_has_not_landed_cannot_be_verified(landed: Landed) -> None:
    """Exit code 2, and what to do instead: no landing, no such issue, no project."""
    for words, said in (
        (("2",), "has no landing to verify"),
        (("9",), "9"),
        (("1", str(landed.house.root)), "no run has worked there"),
    ):
        ran = landed.verify(*words)
        assert ran.returncode == 2, (words, ran.stdout)
        assert said in ran.stderr


FAKE = "0" * 39 + "1"
DOCTORED: dict[str, tuple[dict[str, Any], str]] = {
    "another tree": ({"tree": FAKE}, "the tree"),
    "another commit": ({"commit": FAKE}, "the record's commit"),
    "another author's commit": ({"head": FAKE}, "the second parent, the agent's"),
    "another base": ({"base": FAKE}, "the first parent, merged onto"),
    "another attempt": ({"epoch": 7}, "the trailer Attempt"),
    "another branch": ({"target": "release"}, "the target"),
    "another issue": ({"issue": "2"}, "the record's issue"),
    "no checks": ({"checks": ()}, "the issue's own checks"),
}


@pytest.mark.parametrize("how", DOCTORED)
def test_a_doctored_record_is_found(landed: Landed, how: str) -> None:
    """Whichever field of the record was changed, its line says so."""
    changes, what = DOCTORED[how]
    landed.doctor(**changes)
    assert what in landed.different()


def test_a_check_that_never_passed_is_found(landed: Landed) -> None:
    """A command that the record says passed, and that fails on the tree."""
    first, second = landed.proof.checks
    landed.doctor(checks=(replace(first, command="test -f nothing"), second))
    assert landed.different()["check `test -f nothing`"] == "exit code 1"
    landed.doctor(checks=(replace(first, code=1), second))
    assert landed.different()["the recorded checks"] == "failed: test -f b"


def test_a_record_that_is_no_proof_is_found(landed: Landed) -> None:
    """Rubbish in the record is told as such; so is a record that was taken away."""
    tag = landed.house.hub.store.write(
        "tag",
        f"object {landed.proof.commit}\ntype commit\ntag x\n"
        "tagger a <a@b> 9999999999 +0000\n\n{}\n".encode(),
    )
    landed.house.in_hub("update-ref", landed.record, tag)
    assert "cannot be read" in landed.different()["the record"]
    landed.house.in_hub("update-ref", "-d", landed.record)
    assert "gone" in landed.different()["the record"]


def moved(landed: Landed) -> None:
    landed.house.in_hub("update-ref", "refs/heads/main", landed.proof.base)


def rewritten(landed: Landed) -> None:
    tree, base = landed.proof.tree, landed.proof.base
    other = landed.house.hub.commit(tree, base, landed.proof.head, message="The same, they say")
    landed.house.in_hub("update-ref", "refs/heads/main", other)


@pytest.mark.parametrize("move", [moved, rewritten])
def test_a_moved_target_is_found(landed: Landed, move: Callable[[Landed], None]) -> None:
    """The commit is still there, and not on the branch any more."""
    move(landed)
    assert list(landed.different()) == ["the commit on main"]


def test_an_edited_comment_is_found(landed: Landed) -> None:
    """A word of the proof that was changed, and a comment that was deleted."""
    landed.ask("UPDATE comments SET text = replace(text, 'attempt: 1', 'attempt: 2')")
    assert landed.different() == {"the comment": "edited"}
    landed.ask("DELETE FROM comments")
    assert landed.different() == {"the comment": "gone"}


def test_an_edited_issue_is_found(landed: Landed) -> None:
    """What was proved is then not what the issue asks for."""
    body = render(replace(BRIEF, checks=("test -f c",)))
    with closing(SqliteTracker(landed.board)) as tracker:
        tracker.update("1", Change(body=body))
    assert landed.different() == {"the issue's own checks": "not in the record: test -f c"}


def test_an_edited_log_is_found(landed: Landed) -> None:
    """A log that is still there is held against its hash; one that is gone is no difference."""
    logs = landed.house.logs / "checks"
    path = logs / f"{landed.proof.checks[0].log}.txt"
    path.write_text("Ran 40 tests. OK\n")
    assert list(landed.different()) == ["a check's log"]
    path.unlink()
    assert landed.different() == {}
