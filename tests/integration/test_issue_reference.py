"""docs/cli.md says what the commands do: shapes, examples, every command."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from framework.cli.issue.command import Command, Group
from framework.cli.issue.commands import COMMANDS
from framework.cli.issue.program import load, parser_of
from framework.cli.issue.samples import Sample, Where, documents
from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Issue 1 is claimed and has all that an issue can have, 2 waits for it, 3 was left in
    progress, 4 is ready, 5 is closed. In `fresh` nothing is set, but there is a git remote."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.ok("create", "one", "--label=bug", "--assignee=me", "--milestone=Q1", "--key=a")
    desk.create("two", "three", "four", "five")
    for words in (
        "depends add 2 --on 1",
        "claim 1",
        "comment 1 remark --key b",
        "agent checkpoint 1 schema --next review",
        "agent progress 1 0.5 --stage testing",
        "edit 3 --state in_progress",
        "close 5",
        "milestone edit Q1 --due 2026-12-24",
        "backend add work gitea --url https://gitea.example --owner a --repo b",
    ):
        desk.ok(*words.split())
    fresh = tmp_path / "fresh"
    subprocess.run(["git", "init", "--quiet", fresh], check=True)
    remote = ("git", "remote", "add", "origin", "https://gitea.example/me/app.git")
    subprocess.run(remote, cwd=fresh, check=True)
    return desk


def tree(
    path: Sequence[str], command: Command | Group
) -> Iterator[tuple[tuple[str, ...], Command]]:
    match command:
        case Command():
            yield tuple(path), command
        case Group():
            if command.default:
                yield tuple(path), command.default
            for name, one in command.commands.items():
                yield from tree((*path, name), one)


def every() -> list[tuple[tuple[str, ...], Command]]:
    return [one for name in COMMANDS for one in tree((name,), load(name))]


SHELL = {"|", "<", ">", ">>", "&&", ";"}
ALL = pytest.mark.parametrize(
    ("path", "command"), every(), ids=[" ".join(path) for path, _ in every()]
)


@ALL
def test_every_command_has_help_and_an_example(path: tuple[str, ...], command: Command) -> None:
    """A summary for the list, a description, and something to copy."""
    assert command.help
    assert command.description
    assert command.examples
    for example in command.examples:
        assert "issue " in example, example


def meant(example: str) -> list[str]:
    """The words of the `issue` command in a line of shell, without `issue` itself."""
    words = shlex.split(example)
    words = words[words.index("issue") + 1 :]
    return list(takewhile(lambda word: word not in SHELL, words))


@ALL
def test_every_example_can_be_typed(path: tuple[str, ...], command: Command) -> None:
    """No option or command is documented that does not exist."""
    for example in command.examples:
        words = meant(example)
        found: Command | Group = load(words.pop(0))
        while isinstance(found, Group):
            inner = found.commands.get(words[0]) if words else None
            if inner is None:
                assert found.default is not None, example
                found = found.default
            else:
                found = inner
                words.pop(0)
        if "--" in words and found.trails:
            words = words[: words.index("--")]
        parser_of(path, found).parse_args(words)


def test_the_page_is_complete() -> None:
    """Each command has its heading, each document its example."""
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    headings = set(re.findall(r"^#+ (.*)$", text, re.MULTILINE))
    assert {" ".join(("issue", *path)) for path, _ in every()} <= headings | {
        heading.removesuffix(" N") for heading in headings
    }
    assert set(documents()) <= headings


LIVE = """
list | --state all
search | is:open
create | more --depends-on 1 --milestone Q1
edit | 1 4 --priority high
close | 1 5 --comment done
reopen | 5
delete | 3 --yes
show | 1
show --comments | 1
comment | 1 text --key once
depends | 2
depends show | 1
depends add | 4 --on 1
depends remove | 2 --on 1
history | 1
claim | 4
claim check | 1
claim extend | 1
claim release | 1
message post | 1 question --data 1
message list | 1
agent show | 1
agent progress | 1 1
agent checkpoint | 1 tested --next landed
label create | new --color d73a4a
label edit | bug --description text
label delete | bug --yes
milestone create | new
milestone edit | Q1 --state closed
milestone delete | Q1 --yes
user create | new --kind coder
user edit | ann --kind person
user delete | ann --yes
backend show | work
backend show --field | url work
backend add | more gitea --url https://gitea.example --owner a --repo b
backend remove | work
backend test | local
backend set-default | local
config detect | --project-dir ../fresh
config init | --project-dir ../fresh
config agent set-id | bob
config agent set-type | coder"""
"""Commands with what they need; those that need nothing are typed as they are documented."""

LIVE_OF = {
    ("no claim", "claim check"): ["claim", "check", "4"],
    ("readiness", "ready --explain N"): ["ready", "--explain", "2"],
    ("tracker that was detected", "config auto"): ["config", "auto", "--project-dir", "../fresh"],
}
"""The same, of those that can answer with several documents."""

BATCH = {
    "create": {"title": "more"},
    "edit": {"issue": 4, "title": "other"},
    "close": {"issue": 4},
    "reopen": {"issue": 5},
    "depends": {"issue": 4, "on": [1]},
    "comment": {"issue": 1, "text": "text"},
    "claim": {"issue": 4},
    "release": {"issue": 1},
}
ANSWERS = [
    pytest.param(name, where, command, id=f"{name}: {command}")
    for name, sample in documents().items()
    for where, commands in sample.answers.items()
    for command in commands
]
WITHOUT = {
    ("run",): "standard output is that of the command that it runs",
    ("batch",): "is told of by operation",
    ("completion", "words"): "words, for shells",
    ("webhook", "register"): "asks a forge: docs/webhooks.md shows it",
    ("webhook", "list"): "asks a forge: docs/webhooks.md shows it",
    ("webhook", "remove"): "asks a forge: docs/webhooks.md shows it",
    ("webhook", "serve"): "docs/webhooks.md shows its lines",
}


def typed(name: str, command: str) -> list[str]:
    """What to type for an answer that is documented."""
    live = dict(line.split(" | ") for line in LIVE.strip().splitlines())
    return LIVE_OF.get((name, command)) or f"{command} {live.get(command, '')}".split()


def answered(desk: Desk, where: Where, command: str, words: list[str]) -> list[Any]:
    """The documents in a live answer."""
    match where:
        case Where.ITEM if command == "config edit":
            return [edited(desk)]
        case Where.ITEM:
            return [enveloped(desk, words)["item"]]
        case Where.ITEMS:
            found: list[Any] = enveloped(desk, words)["items"]
            return found
        case Where.EACH:
            results = enveloped(desk, words)["items"]
            assert all(set(one) == {"id", "ok", "item"} for one in results)
            return [one["item"] for one in results]
        case Where.LINE:
            return [followed(desk, words)]
        case Where.BATCH:
            return [performed(desk, {"op": command, **BATCH[command]})]


def enveloped(desk: Desk, words: list[str]) -> dict[str, Any]:
    envelope: dict[str, Any] = json.loads(desk.ok(*words, "--json").out)
    fields = {"item"} if "item" in envelope else {"items", "total", "cursor"}
    assert set(envelope) == {"version", *fields}
    return envelope


def edited(desk: Desk) -> Any:
    """The answer of `config edit`, which needs a terminal and an editor that changes something."""
    editor = desk.project / "editor"
    editor.write_text('#!/bin/sh\necho \'{"agent": {"type": "coder"}}\' > "$1"\n')
    editor.chmod(0o755)
    told = desk.at_terminal("config", "edit", "--json", then={}, EDITOR=str(editor))
    assert told.code == 0, told.out
    return told.value


def followed(desk: Desk, words: list[str]) -> Any:
    follower = desk.start(*words, "--json")
    assert follower.stdout is not None
    line = follower.stdout.readline()
    follower.send_signal(signal.SIGINT)
    follower.communicate(timeout=60)
    return json.loads(line)


def performed(desk: Desk, operation: dict[str, Any]) -> Any:
    Path("lines").write_text(json.dumps(operation))
    answer = json.loads(desk.ok("batch", "lines").out)
    assert set(answer) == {"line", "ok", "item"}
    return answer["item"]


def kind(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if number else type(value).__name__


def differences(sample: Sample, told: Any, live: Any, path: str = "") -> Iterator[str]:
    """Where a live value is not as the page tells it."""
    if path in sample.any:
        return
    if told is None or live is None:
        if path not in sample.null:
            yield f"{path} can be null"
    elif kind(told) != kind(live):
        yield f"{path} is {live!r}, and not as {told!r}"
    elif isinstance(live, dict):
        yield from _in_object(sample, told, live, path)
    elif isinstance(live, list):
        for one in live:
            yield from differences(sample, told[0] if told else None, one, path)


def _in_object(sample: Sample, told: Any, live: Any, path: str) -> Iterator[str]:
    if path in sample.free:
        told = dict.fromkeys(live, next(iter(told.values())))
    if set(told) != set(live):
        yield f"{path} has {sorted(live)}, and not {sorted(told)}"
    for key in set(told) & set(live):
        below = f"{path}.{key}" if path else key
        inner = replace(sample, null=(*sample.null, below)) if path in sample.free else sample
        yield from differences(inner, told[key], live[key], below)


@pytest.mark.parametrize(("name", "where", "command"), ANSWERS)
def test_documents_are_what_the_commands_answer(
    desk: Desk, name: str, where: Where, command: str
) -> None:
    """Every document of the page has the fields, and the kinds of values, of a live answer of
    every command that is said to give it, and is in the place that is said."""
    sample = documents()[name]
    found = answered(desk, where, command, typed(name, command))
    assert found
    assert not [one for live in found for one in differences(sample, sample.example, live)]


def test_every_command_has_its_answer_documented() -> None:
    """No command answers with what the page does not show."""
    told = {
        command
        for sample in documents().values()
        for where, commands in sample.answers.items()
        if where is not Where.BATCH
        for command in commands
    }
    assert {" ".join(path) for path, _ in every() if path not in WITHOUT} <= told


def test_every_operation_of_batch_has_its_answer_documented() -> None:
    """The operations that the help of `batch` lists are those that the page tells of."""
    batch = load("batch")
    assert isinstance(batch, Command)
    listed = set(re.findall(r"^  (\w+) ", batch.description, re.MULTILINE))
    assert listed == set(BATCH)
    assert listed == {
        command
        for sample in documents().values()
        for command in sample.answers.get(Where.BATCH, ())
    }


def test_what_failed_of_several_is_answered_as_told(desk: Desk) -> None:
    """Of several issues and of lines of a batch, one that failed has an error of four fields."""
    error = {"code", "what", "why", "next"}
    told = desk.run("edit", "1", "99", "--priority", "high", "--json")
    [_, failed] = told.value
    assert (told.code, set(failed), failed["ok"]) == (1, {"id", "ok", "error"}, False)
    assert set(failed["error"]) == error
    Path("lines").write_text('{"op": "close", "issue": 99}')
    line = json.loads(desk.run("batch", "lines").out)
    assert (set(line), line["ok"]) == ({"line", "ok", "error"}, False)
    assert set(line["error"]) == error


def test_what_is_not_there_is_null(desk: Desk) -> None:
    """`claim next` answers with a null item when nothing is ready."""
    told = desk.run("claim", "next", "--query", "nothing", "--json")
    assert (told.code, told.value) == (1, None)


def test_the_claim_that_is_shown_is_one_that_a_command_took() -> None:
    """The example's holder is read as an agent's, as its `mine` says."""
    claim = documents()["claim"].example
    assert (claim["agent"], claim["mine"]) == ("coder-1", True)
