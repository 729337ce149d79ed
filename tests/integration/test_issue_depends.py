"""`issue depends`: who waits for whom."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A desk with six issues that do not depend on each other."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("one", "two", "three", 'a "wild" \\ ]; title\x1b[31m', "five", "six")
    return desk


def needs(desk: Desk, id: str) -> list[str]:
    found: list[str] = desk.json("show", id)["depends_on"]
    return found


def test_c31_an_issue_blocks_others(desk: Desk) -> None:
    """C31, P20: `--blocks=3,4` lets both wait, and `remove` lets one of them go."""
    told = desk.ok("depends", "add", "1", "--blocks=3,4")
    assert [row.split()[:3] for row in told.out.splitlines()[1:]] == [
        ["#3", "#1", "#1"],
        ["#4", "#1", "#1"],
    ]
    assert (needs(desk, "3"), needs(desk, "4")) == (["1"], ["1"])
    desk.ok("depends", "remove", "1", "--blocks=3")
    assert (needs(desk, "3"), needs(desk, "4")) == ([], ["1"])


def test_an_issue_waits_for_others(desk: Desk) -> None:
    """`--on` takes several, with commas or again; what is not there is passed over on removal."""
    desk.ok("depends", "add", "5", "--on", "#1,2", "--on", "3")
    assert needs(desk, "5") == ["1", "2", "3"]
    assert desk.json("depends", "remove", "5", "--on", "1,4")[0]["depends_on"] == ["2", "3"]
    desk.ok("close", "2")
    [left] = desk.json("depends", "add", "5", "--on", "2")
    assert (left["depends_on"], left["waits_for"]) == (["2", "3"], ["3"])


@pytest.mark.parametrize(
    ("words", "circle"),
    [
        (["1", "--on", "3"], "1 -> 3 -> 2 -> 1"),
        (["3", "--blocks", "4,1"], "1 -> 3 -> 2 -> 1"),
        (["2", "--on", "2"], "2 -> 2"),
        (["2", "--blocks", "2"], "2 -> 2"),
    ],
)
def test_a_circle_is_refused_by_name(desk: Desk, words: list[str], circle: str) -> None:
    """Exit code 1, the circle is named, and of several dependencies none was added."""
    desk.ok("depends", "add", "2", "--on", "1")
    desk.ok("depends", "add", "3", "--on", "2")
    told = desk.run("depends", "add", *words)
    assert told.code == 1
    parts = circle.split(" -> ")[:-1]
    turned = [" -> ".join([*parts[at:], *parts[:at], parts[at]]) for at in range(len(parts))]
    assert any(one in told.err for one in turned), told.err
    assert (needs(desk, "1"), needs(desk, "4")) == ([], [])


def test_one_unknown_issue_leaves_all_as_it_was(desk: Desk) -> None:
    """C25: `Issue not found` is exit code 1, whichever side it is on."""
    for words in (["1", "--blocks=2,99"], ["1", "--on", "2,99"], ["99", "--blocks=2"]):
        assert desk.run("depends", "add", *words).code == 1
    assert (needs(desk, "1"), needs(desk, "2")) == ([], [])


def test_somebody_elses_claim_leaves_all_as_it_was(desk: Desk) -> None:
    """Exit code 3, and not even the free one of two issues was changed."""
    desk.ok("claim", "3")
    told = desk.answer("depends", "add", "1", "--blocks=2,3", ISSUE_SESSION_ID="bob")
    assert told.code == 3
    assert needs(desk, "2") == []


def test_a_dependency_is_added_in_one_of_two_ways(desk: Desk) -> None:
    assert desk.run("depends", "add", "1").code == 2
    assert desk.run("depends", "add", "1", "--on", "2", "--blocks", "3").code == 2


def test_c31_show_draws_both_directions(desk: Desk) -> None:
    """What is behind an issue is drawn once, and a title cannot change the drawing."""
    for id, on in (("2", "1"), ("3", "1"), ("4", "2,3"), ("5", "4")):
        desk.ok("depends", "add", id, "--on", on)
    assert desk.ok("depends", "show", "4").out.splitlines() == [
        '#4 a "wild" \\ ]; title (open)',
        "needs:",
        "├── #2 two (open)",
        "│   └── #1 one (open)",
        "└── #3 three (open)",
        "    └── #1 one (open)",
        "is needed by:",
        "└── #5 five (open)",
    ]
    assert desk.ok("depends", "1").out.splitlines()[3:] == [
        "├── #2 two (open)",
        '│   └── #4 a "wild" \\ ]; title (open)',
        "│       └── #5 five (open)",
        "└── #3 three (open)",
        '    └── #4 a "wild" \\ ]; title (open) (see above)',
    ]


def test_show_answers_programs_with_nodes_and_edges(desk: Desk) -> None:
    """All that is left out is counted, the nearest issues stay, and edges join what is there."""
    for id in range(2, 7):
        desk.ok("depends", "add", str(id), "--on", str(id - 1))
    document = desk.json("depends", "show", "3", "--limit", "1")
    assert (document["needs"], document["needed_by"], document["left_out"]) == (["2"], ["4"], 3)
    assert {(one["issue"], one["needs"]) for one in document["edges"]} == {("3", "2"), ("4", "3")}
    told = desk.ok("depends", "show", "3", "--limit", "1")
    assert "3 more, further away: --limit 0" in told.err
    assert desk.json("depends", "show", "3", "--limit", "0")["needed_by"] == ["4", "5", "6"]


def test_dot_and_mermaid_are_valid(desk: Desk) -> None:
    """Quotes, brackets and backslashes of a title stay inside the label; arrows follow the work."""
    desk.ok("depends", "add", "4", "--on", "1")
    dot = desk.ok("depends", "show", "4", "--dot").out
    assert '"4" [label="#4 a \\"wild\\" \\\\ ]; title (open)"];' in dot
    assert '"1" -> "4";' in dot
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tcanon"], input=dot, text=True, check=True, capture_output=True)
    mermaid = desk.ok("depends", "show", "4", "--mermaid").out
    assert mermaid.splitlines() == [
        "graph LR",
        '  n0["#35;4 a #34;wild#34; #92; ]#59; title (open)"]',
        '  n1["#35;1 one (open)"]',
        "  n1 --> n0",
    ]


def test_a_chain_longer_than_the_stack_is_drawn(desk: Desk) -> None:
    """2,000 issues, each waiting for the one before."""
    lines = [
        f'{{"op": "create", "title": "c{n}", "key": "c{n}"'
        + (f', "depends_on": ["key:c{n - 1}"]}}' if n else "}")
        for n in range(2000)
    ]
    assert desk.answer("batch", "-", lines="\n".join(lines)).code == 0
    drawn = desk.ok("depends", "show", "2006", "--limit", "0").out
    assert len(drawn.splitlines()) == 2002
