"""Scenario files: what is read from them, what is refused, and that the bundled one is sound."""

from pathlib import Path, PurePosixPath

import pytest

from framework.domain.errors import SettingsError
from framework.domain.graph import find_cycle
from framework.rehearsal import shorthand
from framework.rehearsal.request import Request
from framework.rehearsal.scenario import Scenario, find, load
from framework.rehearsal.script import Playback
from framework.rehearsal.turn import Call, Cut, Hang, Limit, Malformed, Refusal, Reply, Text, Turn

HEAD = "name: small\ndescription: A test.\nspec: spec.txt\n"


def scenario(folder: Path, body: str) -> Scenario:
    (folder / "spec.txt").write_text("Build it.\n")
    (folder / "scenario.yaml").write_text(HEAD + body)
    return load(find(str(folder)))


def one_turn(folder: Path, turn: str) -> Turn:
    return (
        scenario(folder, f"sessions: [{{issue: One, turns: [{turn}]}}]")
        .scripts[0]
        .attempts[0]
        .turns[0]
    )


def asked(session: str, *prompts: str) -> Request:
    return Request(
        session=session, prompts=prompts, directory=None, model="m", stream=True, size=100
    )


def said(playback: Playback, session: str, *prompts: str, now: float = 0.0) -> str:
    answer = playback.next(asked(session, *prompts), now).answer
    if isinstance(answer, Refusal):
        return str(answer.status)
    assert isinstance(answer, Reply)
    return "".join(block.text for block in answer.blocks if isinstance(block, Text))


# What is read


@pytest.mark.parametrize(
    ("turn", "calls"),
    [
        ("write: {path: a.py, text: x}", [("Write", {"file_path": "a.py", "content": "x"})]),
        (
            "write: {path: a.py, file: spec.txt}",
            [("Write", {"file_path": "a.py", "content": "Build it.\n"})],
        ),
        ("read: a.py", [("Read", {"file_path": "a.py"})]),
        (
            "edit: {path: a.py, old: x, new: y}",
            [
                ("Read", {"file_path": "a.py"}),
                ("Edit", {"file_path": "a.py", "old_string": "x", "new_string": "y"}),
            ],
        ),
        ("bash: make test", [("Bash", {"command": "make test", "description": "make test"})]),
        ("progress: half", [("mcp__nightshift__progress", {"text": "half"})]),
        ("comment: see", [("mcp__nightshift__comment", {"text": "see"})]),
        ('blocked: "which one?"', [("mcp__nightshift__blocked", {"question": "which one?"})]),
        (
            "finished: {summary: s, evidence: e}",
            [("mcp__nightshift__finished", {"summary": "s", "evidence": "e"})],
        ),
        (
            "several: [{read: a}, {read: b}]",
            [("Read", {"file_path": "a"}), ("Read", {"file_path": "b"})],
        ),
        (
            "blocks: [{type: tool_use, name: Glob, input: {pattern: x}}]",
            [("Glob", {"pattern": "x"})],
        ),
    ],
)
def test_every_word_becomes_the_tool_calls_of_the_real_cli(tmp_path, turn, calls):
    answer = one_turn(tmp_path, f"{{{turn}}}").answer
    assert isinstance(answer, Reply)
    assert [
        (block.tool, block.input) for block in answer.blocks if isinstance(block, Call)
    ] == calls


def test_prose_stands_before_the_call_in_one_message(tmp_path):
    answer = one_turn(tmp_path, "{read: a, say: I look.}").answer
    assert isinstance(answer, Reply)
    assert [type(block) for block in answer.blocks] == [Text, Call]


@pytest.mark.parametrize(
    ("turn", "answer"),
    [
        (
            "{status: 529, error: overloaded_error, message: busy}",
            Refusal(status=529, error="overloaded_error", message="busy"),
        ),
        ("{limit: {resets_in: 3}}", Limit(resets_in=3.0, window="five_hour")),
        ("{malformed: true}", Malformed()),
        ("{cut: 3, say: hm}", Cut(reply=Reply(blocks=(Text(text="hm"),)), after=3)),
        ("{hang: 0}", Hang(reply=Reply(blocks=(Text(text="One moment."),)), after=0)),
    ],
)
def test_every_fault_is_read(tmp_path, turn, answer):
    assert one_turn(tmp_path, turn).answer == answer


def test_a_turn_carries_its_delay_and_headers(tmp_path):
    turn = one_turn(tmp_path, "{say: x, delay: 0.5, headers: {retry-after: '3'}}")
    assert (turn.delay, turn.headers) == (0.5, {"retry-after": "3"})


def test_the_plan_can_be_changed_before_it_is_handed_in(tmp_path):
    plan = "plan: {summary: s, issues: [{key: a, title: A, depends_on: []}, {key: b, title: B}]}\n"
    turns = (
        "sessions: [{planning: true, turns: [{submit_plan: {changed: {a: {depends_on: [b]}}}}]}]"
    )
    answer = scenario(tmp_path, plan + turns).scripts[0].attempts[0].turns[0].answer
    assert isinstance(answer, Reply)
    assert isinstance(call := answer.blocks[0], Call)
    assert call.input["issues"] == [
        {"key": "a", "title": "A", "depends_on": ["b"]},
        {"key": "b", "title": "B"},
    ]


# What is refused


@pytest.mark.parametrize(
    ("turn", "complaint"),
    [
        (
            "{wirte: {path: a, text: x}}",
            r"sessions\[0\]\.turns\[0\]: unknown key 'wirte'; did you mean 'write'\?",
        ),
        (
            "{write: {paht: a, text: x}}",
            r"turns\[0\]\.write: unknown key 'paht'; did you mean 'path'\?",
        ),
        ("{write: {path: a}}", r"turns\[0\]\.write: needs either 'text' or 'file'"),
        ("{write: {path: a, file: ../secret}}", "must be a file in the scenario's own folder"),
        ("{write: {path: a, file: nowhere}}", "write.file: cannot be read as text"),
        ("{read: a, bash: b}", "has read and bash; one message of several calls is 'several'"),
        ("{say: x, limit: {resets_in: 1}}", "'say' does not go with 'limit'"),
        ("{cut: 1, hang: 2}", "'cut' and 'hang' do not go together"),
        ("{say: x, error: y}", "'error' belongs beside 'status'"),
        ("{delay: 1}", "does nothing; give it 'say' or one of: write, edit"),
        ("{delay: -1, say: x}", "delay: must not be negative"),
        ("{say: 1}", "say: must be text, not 1"),
        ("{die: false}", "die: can only be true"),
        ("{submit_plan: {}}", "the scenario has no plan to submit"),
        ("{blocks: [{type: image, text: x}]}", r"blocks\[0\]: must be type 'text'"),
        ("{several: [{say: x}]}", r"several\[0\]: unknown key 'say'"),
        ("{say: x, say: y}", "the key 'say' stands here twice"),
    ],
)
def test_what_is_not_in_the_format_is_refused_with_its_place(tmp_path, turn, complaint):
    with pytest.raises(SettingsError, match=complaint) as refused:
        one_turn(tmp_path, turn)
    assert str(tmp_path / "scenario.yaml") in str(refused.value)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("sesions: []", "unknown key 'sesions'; did you mean 'sessions'"),
        ("", "needs the key 'sessions'"),
        ("sessions: [{issue: One}]", r"sessions\[0\]: needs 'turns', or 'attempts'"),
        ("sessions: [{issue: One, attempts: []}]", "needs at least one attempt"),
        (
            "sessions: [{turns: [{say: x}]}]",
            "needs either 'issue' with a title, or 'planning: true'",
        ),
        ("sessions: [{issue: A, turns: []}, {issue: A, turns: []}]", "'A' has two scripts"),
        (
            "plan: {summary: s, issues: [{key: a, title: Add}]}\n"
            "sessions: [{issue: Ad, turns: []}]",
            r"sessions\[0\].issue: the plan has no issue 'Ad'; did you mean 'Add'\?",
        ),
        (
            "plan: {summary: s, issues: [{key: a}]}\nsessions: []",
            r"plan.issues\[0\]: needs the key 'title'",
        ),
    ],
)
def test_a_scenario_without_sense_is_refused(tmp_path, body, complaint):
    with pytest.raises(SettingsError, match=complaint):
        scenario(tmp_path, body)


def test_an_unknown_name_lists_the_bundled_scenarios():
    with pytest.raises(SettingsError, match="did you mean 'default'"):
        find("defualt")


# Which turn comes next

TWO = """
sessions:
  - issue: One
    attempts:
      - turns: [{say: a1}, {limit: {resets_in: 3}}, {say: a2}]
        conflict: [{say: c1}, {say: c2}]
      - turns: [{say: b1}]
        unfinished: [{say: u1}]
"""
FIRST = "# Issue 7: One\nPlease."


def test_the_nth_session_of_a_title_plays_the_nth_attempt_and_the_last_repeats(tmp_path):
    playback = Playback(scenario(tmp_path, TWO).scripts)
    assert [said(playback, name, FIRST) for name in ("x", "y", "z")] == ["a1", "b1", "b1"]


def test_a_session_goes_on_where_it_stands_and_a_limit_holds_until_it_resets(tmp_path):
    playback = Playback(scenario(tmp_path, TWO).scripts)
    said(playback, "x", FIRST)
    assert said(playback, "x", FIRST, now=100.2) == "429"
    assert said(playback, "x", FIRST, "# Continue", now=103.9) == "429"
    assert said(playback, "x", FIRST, "# Continue", now=104.0) == "a2"


def test_a_limit_tells_the_second_in_which_it_resets(tmp_path):
    playback = Playback(scenario(tmp_path, TWO).scripts)
    said(playback, "x", FIRST)
    answer = playback.next(asked("x", FIRST), 100.2).answer
    assert isinstance(answer, Refusal)
    assert answer.headers["anthropic-ratelimit-unified-reset"] == "104"


def test_each_conflict_is_played_from_its_beginning_and_continued_within(tmp_path):
    playback = Playback(scenario(tmp_path, TWO).scripts)
    one, two = (FIRST, "# Conflict\nin a.py"), (FIRST, "# Conflict", "# Conflict")
    spoken = [said(playback, "x", *prompts) for prompts in (one, (*one, "# Continue"), two)]
    assert spoken == ["c1", "c2", "c1"]


def test_unfinished_plays_its_part_only_where_there_is_one(tmp_path):
    playback = Playback(scenario(tmp_path, TWO).scripts)
    assert said(playback, "x", FIRST, "# Unfinished") == "a1"
    assert said(playback, "y", FIRST, "# Unfinished") == "u1"


@pytest.mark.parametrize("prompt", ["# Issue 7: Other", "# Issue 7: one", "Hello", "# Plan"])
def test_a_prompt_without_a_script_is_answered_and_noted_as_a_fault(tmp_path, prompt):
    played = Playback(scenario(tmp_path, TWO).scripts).next(asked("x", prompt), 0.0)
    assert played.fault == f"no script for {prompt!r}"
    assert isinstance(played.answer, Reply)


def test_an_exhausted_script_is_answered_and_noted_as_a_fault(tmp_path):
    playback = Playback(scenario(tmp_path, TWO).scripts[:1])
    said(playback, "x", FIRST)
    said(playback, "y", FIRST)
    assert playback.next(asked("y", FIRST), 0.0).fault == "no turn left at One: attempt 2, turns[1]"


# The bundled scenario


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


# The page about the format


PAGE = Path(__file__).parents[2] / "docs" / "rehearsal.md"


def test_the_example_of_the_page_is_a_scenario(tmp_path):
    example = PAGE.read_text().partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "app_spec.txt").write_text("Greet.\n")
    (tmp_path / "scenario.yaml").write_text(example)
    example = load(tmp_path / "scenario.yaml")
    assert [len(script.attempts) for script in example.scripts] == [1, 2]
    assert example.project == {"README.md": "A greeting.\n"}


def test_the_page_names_every_word_of_a_turn():
    page = PAGE.read_text()
    words = (*shorthand.ACTIONS, "say", "status", "limit", "malformed", "cut", "hang", "delay")
    assert not [word for word in words if f"`{word}" not in page]
