"""What an agent says changes nothing, and what it does to its clone harms nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from framework import box
from tests.theatre import planned, script, theatre, turns

pytestmark = pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")

SAYS_SO = {"finished": {"summary": "all done", "evidence": "trust me"}}
BAD = "bad.txt"
"""In a script: the file that its own issue asks for, `<key>.txt`."""
TRICKS: dict[str, list[dict[str, Any]]] = {
    "does nothing and ends": [{"say": "Everything is done and tested, issue closed."}],
    "does nothing and says finished": [SAYS_SO, {"say": "done"}],
    "leaves everything uncommitted": [
        {"write": {"path": BAD, "text": "x"}},
        SAYS_SO,
        {"say": "done"},
    ],
    "deletes its git directory": [
        {"write": {"path": BAD, "text": "x"}},
        {"bash": "git add -A && git commit -qm bad && rm -rf .git"},
        SAYS_SO,
        {"say": "done"},
    ],
    "deletes its clone": [{"bash": "rm -rf ./* ./.git"}, SAYS_SO, {"say": "done"}],
    "commits what its check refuses": [
        {"write": {"path": "other.txt", "text": "x"}},
        {"bash": "git add -A && git commit -qm other"},
        SAYS_SO,
        {"say": "done"},
    ],
    "replaces what the check imports": [
        {"write": {"path": BAD, "text": "x"}},
        {"write": {"path": "unittest/__main__.py", "text": "raise SystemExit(0)\n"}},
        {"bash": "git add -A && git commit -qm x"},
        SAYS_SO,
        {"say": "done"},
    ],
    "adds a workflow": [
        {"write": {"path": BAD, "text": "x"}},
        {"write": {"path": ".github/workflows/ci.yml", "text": "on: push\n"}},
        {"bash": "git add -A && git commit -qm ci"},
        SAYS_SO,
        {"say": "done"},
    ],
}


def keyed(scripts: Mapping[str, Any]) -> dict[str, Any]:
    """The scripts by the key of an issue for each, whose file they write."""
    return {
        key: json.loads(json.dumps(turns).replace(BAD, f"{key}.txt"))
        for key, turns in zip(map(slug, scripts), scripts.values(), strict=True)
    }


def slug(name: str) -> str:
    return re.sub(r"\W+", "-", name)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What is left of a run."""

    said: str
    standings: dict[str, str]
    landed: list[str]


@pytest.fixture(scope="module")
def tricked(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """One run with an issue for each trick, and an honest one beside them."""
    bad = keyed(TRICKS)
    play = script([*map(planned, bad), planned("good")], **bad)
    root = tmp_path_factory.mktemp("tricked")
    with theatre(root, play, NIGHTSHIFT_MAX_FAILURES="1") as stage:
        stage.hand_in(play)
        ran = stage.run("--concurrent", "3")
        assert ran.returncode == 1, ran.stdout
        landed = [one.partition(": ")[2] for one in stage.landings()]
        return Ended(said=ran.stdout, standings=stage.standings(), landed=landed)


@pytest.mark.parametrize("trick", TRICKS)
def test_it_closes_nothing(tricked: Ended, trick: str) -> None:
    """The liar's issue stays open, and is told of by its number."""
    assert tricked.standings[f"Write {slug(trick)}"] == "blocked"
    number = list(TRICKS).index(trick) + 2
    assert f"#{number} " in tricked.said.partition("Left undone")[2]


def test_its_neighbour_lands(tricked: Ended) -> None:
    """And nothing of the liars does."""
    assert tricked.standings["Write good"] == "closed"
    assert tricked.landed == ["Write good"]


ATTACKS = {
    "pushes to the hub": 'git push -f "$NIGHTSHIFT_HUB" HEAD:main',
    "moves the hub's branch": 'git --git-dir="$NIGHTSHIFT_HUB" update-ref refs/heads/main HEAD',
    "poisons its configuration": (
        "git config core.fsmonitor 'touch /tmp/canary; touch ../../../canary' && "
        "git config core.hooksPath .hooks && mkdir .hooks && "
        "printf '#!/bin/sh\\ntouch $HOME/canary\\n' > .hooks/post-checkout && "
        "chmod +x .hooks/post-checkout"
    ),
    "kills whatever it can": "kill -9 -1; pkill -9 python; true",
    "writes beside its clone": 'touch ../../intruder "$HOME/../intruder" /usr/intruder; true',
}


def test_an_attack_reaches_nobody_else(tmp_path: Path) -> None:
    """All of them in one run. An attacker's own honest commit may land; nothing else of it has any
    effect, on the honest one or on another attacker."""
    bad = keyed({name: attacking(attack) for name, attack in ATTACKS.items()})
    play = script([*map(planned, bad), planned("good")], **bad)
    with theatre(tmp_path, play) as stage:
        stage.hand_in(play)
        ran = stage.run("--concurrent", "3")
        assert ran.returncode == 0, ran.stdout
        subjects = sorted(one.partition(": ")[2] for one in stage.landings())
        assert subjects == sorted(f"Write {key}" for key in (*bad, "good"))
        assert not [one for one in tmp_path.rglob("*") if one.name in ("canary", "intruder")]


def attacking(attack: str) -> dict[str, Any]:
    """An attack and then honest work; honest work alone where there is a second attempt."""
    busy = turns(BAD, before=[{"bash": f"{attack}; true"}])
    return {"attempts": [{"turns": busy}, {"turns": turns(BAD)}]}


def test_a_question_blocks_the_issue_and_is_on_it(tmp_path: Path) -> None:
    asks = [{"blocked": "Which colour?"}, {"say": "waiting"}]
    with theatre(tmp_path, play := script([planned("a")], a=asks)) as stage:
        stage.hand_in(play)
        ran = stage.run()
        assert ran.returncode == 1
        assert stage.standings() == {"Write a": "blocked"}
        assert "Which colour?" in ran.stdout
        assert "reopen N" in ran.stdout


def test_a_manual_check_hands_the_landed_issue_to_a_person(tmp_path: Path) -> None:
    looks = planned("a", checks=["test -f a.txt", "manual: is it beautiful?"])
    with theatre(tmp_path, play := script([looks])) as stage:
        stage.hand_in(play)
        assert stage.run().returncode == 0
        assert stage.standings() == {"Write a": "needs_review"}
        assert stage.landings() == ["Land issue 2: Write a"]
        assert stage.run().returncode == 0
        assert stage.standings() == {"Write a": "needs_review"}
