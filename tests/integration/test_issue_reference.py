"""docs/cli.md says what the commands do: shapes, examples, every command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from framework.cli.issue.command import Command, Group
from framework.cli.issue.commands import COMMANDS
from framework.cli.issue.program import load, parser_of
from framework.cli.issue.samples import documents
from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Issue 2 waits for 1, which is claimed."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("one", "two")
    desk.ok("depends", "add", "2", "--on", "1")
    desk.ok("claim", "1")
    desk.ok("comment", "1", "a remark")
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


def item(found: Any) -> Any:
    return found[0] if isinstance(found, list) else found


@pytest.mark.parametrize(
    ("name", "words", "more"),
    [
        ("issue", ["list"], set()),
        ("issue", ["ready", "--query", "one"], set()),
        ("issue", ["depends", "add", "2", "--on", "1"], set()),
        ("issue", ["show", "1"], {"claim", "work_state", "comments"}),
        ("readiness", ["ready", "--explain"], set()),
        ("graph", ["depends", "show", "2"], set()),
        ("claim", ["claim", "check", "1"], set()),
        ("claim", ["claim", "list"], set()),
        ("statistics", ["stats"], set()),
        ("activity", ["history", "1"], set()),
        ("backend", ["backend", "list"], set()),
        ("backend in use", ["backend", "show", "local"], set()),
        ("setting", ["config", "show"], set()),
        ("detected", ["config", "detect"], set()),
        ("check", ["doctor"], set()),
    ],
)
def test_documents_have_the_fields_they_are_told_to_have(
    desk: Desk, name: str, words: list[str], more: set[str]
) -> None:
    """What the page shows is what the commands answer."""
    if words[0] == "ready" and "--explain" not in words:
        desk.ok("claim", "release", "1")
    assert set(item(desk.json(*words))) == set(documents()[name][1]) | more
