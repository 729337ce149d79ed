"""Scenario files: what is read from them, what is refused, and that the page about them is true."""

from pathlib import Path

import pytest

from framework.domain.errors import SettingsError
from framework.rehearsal import shorthand
from framework.rehearsal.scenario import Scenario, find, load
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
            r"sessions\[0\]\.turns\[0\]: unknown key 'wirte', did you mean write\?",
        ),
        (
            "{write: {paht: a, text: x}}",
            r"turns\[0\]\.write: unknown key 'paht', did you mean path\?",
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
        ("sesions: []", "unknown key 'sesions', did you mean sessions"),
        ("", "needs the key 'sessions'"),
        ("max_failures: 0\nsessions: []", "max_failures: must be at least 1"),
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
            r"sessions\[0\].issue: the plan has no issue 'Ad', did you mean Add\?",
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
    with pytest.raises(SettingsError, match="did you mean default"):
        find("defualt")


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
