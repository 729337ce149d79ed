"""Which turn comes next, for whom, when."""

from pathlib import Path

import pytest

from framework.rehearsal.request import Request
from framework.rehearsal.scenario import find, load
from framework.rehearsal.script import Playback
from framework.rehearsal.turn import Refusal, Reply, Text


def asked(session: str, *prompts: str, account: str = "t1") -> Request:
    return Request(
        session=session,
        account=account,
        prompts=prompts,
        directory=None,
        model="m",
        stream=True,
        size=100,
    )


def said(playback: Playback, session: str, *prompts: str, now: float = 0.0) -> str:
    answer = playback.next(asked(session, *prompts), now).answer
    if isinstance(answer, Refusal):
        return str(answer.status)
    assert isinstance(answer, Reply)
    return "".join(block.text for block in answer.blocks if isinstance(block, Text))


TWO = """
name: small
description: A test.
spec: spec.txt
sessions:
  - issue: One
    attempts:
      - turns: [{say: a1}, {limit: {resets_in: 3}}, {say: a2}]
        conflict: [{say: c1}, {say: c2}]
      - turns: [{say: b1}]
        unfinished: [{say: u1}]
"""
FIRST = "# Issue 7: One\nPlease."


@pytest.fixture
def playback(tmp_path: Path) -> Playback:
    (tmp_path / "spec.txt").write_text("Build it.")
    (tmp_path / "scenario.yaml").write_text(TWO)
    return Playback(load(find(str(tmp_path))).scripts)


def test_the_nth_session_of_a_title_plays_the_nth_attempt_and_the_last_repeats(playback):
    assert [said(playback, name, FIRST) for name in ("x", "y", "z")] == ["a1", "b1", "b1"]


def test_a_session_goes_on_where_it_stands_and_a_limit_holds_until_it_resets(playback):
    said(playback, "x", FIRST)
    assert said(playback, "x", FIRST, now=100.2) == "429"
    assert said(playback, "x", FIRST, "# Continue", now=103.9) == "429"
    assert said(playback, "x", FIRST, "# Continue", now=104.0) == "a2"


def test_a_limit_is_the_tokens_and_another_token_goes_on(playback):
    said(playback, "x", FIRST)
    assert said(playback, "x", FIRST, now=100.2) == "429"
    assert said(playback, "y", FIRST, now=101) == "429"
    other = playback.next(asked("x", FIRST, "# Continue", account="t2"), 101.0).answer
    assert isinstance(other, Reply)


def test_a_limit_tells_the_second_in_which_it_resets(playback):
    said(playback, "x", FIRST)
    answer = playback.next(asked("x", FIRST), 100.2).answer
    assert isinstance(answer, Refusal)
    assert answer.headers["anthropic-ratelimit-unified-reset"] == "104"


def test_each_conflict_is_played_from_its_beginning_and_continued_within(playback):
    one, two = (FIRST, "# Conflict\nin a.py"), (FIRST, "# Conflict", "# Conflict")
    spoken = [said(playback, "x", *prompts) for prompts in (one, (*one, "# Continue"), two)]
    assert spoken == ["c1", "c2", "c1"]


def test_unfinished_plays_its_part_only_where_there_is_one(playback):
    assert said(playback, "x", FIRST, "# Unfinished") == "a1"
    assert said(playback, "y", FIRST, "# Unfinished") == "u1"


@pytest.mark.parametrize("prompt", ["# Issue 7: Other", "# Issue 7: one", "Hello", "# Plan"])
def test_a_prompt_without_a_script_is_answered_and_noted_as_a_fault(playback, prompt):
    played = playback.next(asked("x", prompt), 0.0)
    assert played.fault == f"no script for {prompt!r}"
    assert isinstance(played.answer, Reply)


def test_an_exhausted_script_is_answered_and_noted_as_a_fault(playback):
    said(playback, "x", FIRST)
    said(playback, "y", FIRST)
    assert playback.next(asked("y", FIRST), 0.0).fault == "no turn left at One: attempt 2, turns[1]"
