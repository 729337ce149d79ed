"""The bundled scenario is sound: its plan, its scripts, its paths."""

from pathlib import PurePosixPath

import pytest

from framework.domain.graph import find_cycle
from framework.rehearsal.scenario import Scenario, find, load
from framework.rehearsal.turn import Call, Reply, Turn


@pytest.fixture(scope="module")
def default() -> Scenario:
    return load(find("default"))


def test_the_default_plan_is_one_that_issues_can_be_made_from(default):
    issues = default.plan["issues"]
    keys = [issue["key"] for issue in issues]
    assert len(set(keys)) == len(keys) == 12
    assert len({issue["title"] for issue in issues}) == 12
    assert all(set(issue["depends_on"]) <= set(keys) for issue in issues)
    assert not find_cycle({issue["key"]: issue["depends_on"] for issue in issues})
    assert all(issue[name] for issue in issues for name in ("description", "criteria", "checks"))


def test_every_planned_issue_has_a_script_and_planning_too(default):
    titles = {issue["title"] for issue in default.plan["issues"]}
    assert {script.title for script in default.scripts} == titles | {None}


def test_every_session_writes_only_the_paths_its_issue_expects(default):
    expected = {issue["title"]: set(issue["paths"]) for issue in default.plan["issues"]}
    for script in default.scripts:
        assert written(script.attempts) <= expected.get(script.title, set()), script.name


def test_no_expected_path_is_one_that_a_session_must_not_touch(default):
    paths = [PurePosixPath(path) for issue in default.plan["issues"] for path in issue["paths"]]
    assert not any(path.is_absolute() or ".." in path.parts for path in paths)
    assert {path.parts[0] for path in paths} <= {
        ".gitignore",
        "README.md",
        "examples",
        "tally",
        "tests",
    }


def test_independent_issues_share_no_path_except_the_two_that_are_to_conflict(default):
    issues = {issue["key"]: issue for issue in default.plan["issues"]}
    pairs = [(a, b) for a in issues for b in issues if a < b and not related(issues, a, b)]
    shared = {
        pair for pair in pairs if set(issues[pair[0]]["paths"]) & set(issues[pair[1]]["paths"])
    }
    assert shared == {("export-command", "report-command")}
    assert issues["export-command"]["depends_on"] == issues["report-command"]["depends_on"]


def test_every_script_ends_its_turn_so_that_no_session_runs_out_of_words(default):
    for script in default.scripts:
        for attempt in script.attempts:
            for part in (attempt.turns, attempt.conflict):
                assert not part or ends(part[-1]), script.name


def written(attempts) -> set[str]:
    return {
        block.input["file_path"]
        for attempt in attempts
        for turn in (*attempt.turns, *attempt.conflict)
        if isinstance(turn.answer, Reply)
        for block in turn.answer.blocks
        if isinstance(block, Call) and block.tool in ("Write", "Edit")
    }


def related(issues, first: str, second: str) -> bool:
    return first in needs(issues, second) or second in needs(issues, first)


def needs(issues, key: str) -> set[str]:
    direct = issues[key]["depends_on"]
    return set(direct).union(*(needs(issues, one) for one in direct))


def ends(turn: Turn) -> bool:
    """The message calls no tool, or it kills the agent."""
    assert isinstance(turn.answer, Reply)
    calls = [block for block in turn.answer.blocks if isinstance(block, Call)]
    return not calls or "kill -9" in calls[-1].input["command"]
