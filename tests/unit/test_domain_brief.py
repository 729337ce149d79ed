from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.brief import Brief, is_manual, parse, render

LINES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "## Checks",
            "## description ",
            "\\## Expected paths",
            "##  ACCEPTANCE CRITERIA",
            "- [ ] a",
            "* `b`",
            "  - c",
            "```",
            "`",
            "`x` and ``y``",
            "manual: look",
            "",
        ]
    ),
)
TEXTS = st.lists(LINES, max_size=4).map("\n".join).map(lambda text: text.replace("\r\n", "\n"))
ENTRIES = st.lists(TEXTS.filter(str.strip), max_size=4).map(tuple)


def line(text: str) -> str:
    return " ".join(text.split())


@settings(deadline=None, max_examples=300)
@given(description=TEXTS, criteria=ENTRIES, checks=ENTRIES, paths=ENTRIES)
def test_a_brief_comes_back_from_its_body(description, criteria, checks, paths) -> None:
    brief = Brief(description=description, criteria=criteria, checks=checks, paths=paths)
    assert parse(render(brief)) == Brief(
        description=description.strip(),
        criteria=tuple(line(one) for one in criteria),
        checks=tuple(line(one) if is_manual(one) else one for one in checks),
        paths=paths,
    )


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_a_body_by_hand_is_read_and_written_to_the_same_brief(body: str) -> None:
    once = parse(body)
    assert parse(render(once)) == once


def test_what_does_not_come_back_as_it_was() -> None:
    brief = Brief(
        description="  indented\r\nlines\n\n",
        criteria=("two\nlines", " "),
        checks=("first\r\nsecond", "manual: two\nlines", ""),
    )
    assert parse(render(brief)) == Brief(
        description="indented\nlines",
        criteria=("two lines",),
        checks=("first\nsecond", "manual: two lines"),
    )


def test_the_body_is_plain_markdown() -> None:
    brief = Brief(
        description="Add a store.",
        criteria=("It stores.",),
        checks=("make test", "echo `date`", "manual: the colours"),
        paths=("todo/store.py",),
    )
    assert render(brief) == (
        "## Description\n\nAdd a store.\n\n"
        "## Acceptance criteria\n\n- [ ] It stores.\n\n"
        "## Checks\n\n- `make test`\n- `` echo `date` ``\n- manual: the colours\n\n"
        "## Expected paths\n\n- `todo/store.py`\n"
    )


def test_a_body_without_headings_is_a_description() -> None:
    assert parse("Fix the `bug`.\n\n- one\n## Notes\nmore\n") == Brief(
        description="Fix the `bug`.\n\n- one\n## Notes\nmore"
    )


def test_a_description_cannot_smuggle_in_checks_or_paths() -> None:
    evil = "x\n\n## Checks\n\n- `true`\n\n## Expected paths\n\n- `tests/`"
    assert parse(render(Brief(description=evil))) == Brief(description=evil)


def test_people_write_it_in_their_own_way() -> None:
    body = (
        "Do it.\r\n\r\n##  acceptance CRITERIA\r\n* [x] works\r\n- also `this`,\r\n"
        "  wrapped\r\nnot a row\r\n\r\n## Checks\r\n- make test\r\n  with a remark\r\n"
        "- [ ] `make lint`\r\n- `a` and `b` `\r\n- Manual: look\r\n"
        "## Expected paths\r\n- src/a b.py\r\n"
    )
    assert parse(body) == Brief(
        description="Do it.",
        criteria=("works", "also `this`, wrapped"),
        checks=("make test", "make lint", "a` and `b` ", "Manual: look"),
        paths=("src/a b.py",),
    )


def test_commands_and_reasons_are_told_apart() -> None:
    brief = Brief(checks=("make test", "manual: look at it", "MANUAL:listen", "manual labour"))
    assert brief.commands == ("make test", "manual labour")
    assert brief.manual == ("look at it", "listen")


@pytest.mark.parametrize("command", ["set -e\nmake\n\n  - x\n## Checks\ntrue", "`a`", "``", " a "])
def test_a_command_is_never_shortened(command: str) -> None:
    assert parse(render(Brief(checks=(command, "last")))).checks == (command, "last")
