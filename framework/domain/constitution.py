"""The built-in rules: what may not be in a landing, whatever an agent says of it.

Pure. `RULES` says of each rule where it is enforced; `judge` holds the changes between the
target's tip and the tree that would land against those that a gate enforces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from . import disclosure, invisible, judges, others, placement
from .filechange import FileChange, Scope

Gate = Callable[[Sequence[FileChange], Scope], Iterator[str]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule, and who sees to it; at least one of these does.

    `gate` refuses the landing, each reason with what to do. `prompt` are the words by which
    agents are told. `guard` is a command that the session's guard refuses: it steers, and stops
    nobody who means harm. `check` says that the checks decide it, on the merged tree; `box` that
    it cannot be done from inside the box, and `hub` that nothing an agent writes is read for it.
    """

    name: str
    says: str
    gate: Gate | None = None
    prompt: str = ""
    guard: str = ""
    check: bool = False
    box: bool = False
    hub: bool = False


RULES = (
    Rule(
        name="protected paths",
        says="CI workflows, settings of agents and of git, and the project's own orders stay as "
        "they are.",
        gate=placement.protected,
        prompt="CI workflows, `.claude/`, `CLAUDE.md`, `.gitattributes`",
    ),
    Rule(
        name="files that tools obey",
        says="What editors, shells, package managers and hooks run unasked is changed only by an "
        "issue that names it.",
        gate=placement.obeyed,
    ),
    Rule(
        name="safe names",
        says="Every path means the same file on every system.",
        gate=placement.unsafe_names,
    ),
    Rule(
        name="no submodules",
        says="A project holds its files itself.",
        gate=placement.submodules,
        prompt="submodules",
    ),
    Rule(
        name="links stay inside",
        says="No link leads out of the project.",
        gate=placement.links,
        prompt="a link out of the project",
    ),
    Rule(
        name="size limit",
        says="No file of more than 5 MB is committed.",
        gate=placement.large,
        prompt="a file over 5 MB",
    ),
    Rule(
        name="more than a lock file",
        says="What only a tool wrote is not the issue's work.",
        gate=placement.only_locks,
        check=True,
    ),
    Rule(
        name="deciding files",
        says="What decides how the checks end is changed only by an issue that names it.",
        gate=judges.deciding_files,
        prompt="files that decide what the checks do",
    ),
    Rule(
        name="deciding settings",
        says="So are the settings of tests in package.json, pyproject.toml and Cargo.toml.",
        gate=judges.deciding_settings,
        prompt="files that decide what the checks do",
    ),
    Rule(
        name="tests that can fail",
        says="No target or script for tests succeeds whatever the tree is.",
        gate=judges.hollow_tests,
        prompt="a test that cannot fail",
    ),
    Rule(
        name="tests of others",
        says="A test is changed or deleted only by an issue that names it.",
        gate=others.tests_of_others,
        prompt="tests of other issues",
    ),
    Rule(
        name="tests in common",
        says="What two issues stand on, neither of them empties or skips.",
        gate=others.weakened_tests,
        prompt="tests of other issues",
    ),
    Rule(
        name="no secrets",
        says="Keys and tokens are not committed.",
        gate=disclosure.secrets,
        prompt="holds a secret",
    ),
    Rule(
        name="no files for secrets",
        says="Neither are the files that hold them.",
        gate=disclosure.secret_files,
    ),
    Rule(
        name="nothing invisible",
        says="No text reads otherwise than it runs: no characters that turn its direction or that "
        "nobody sees.",
        gate=invisible.invisible,
    ),
    Rule(
        name="checks pass",
        says="The issue's own checks and the project's, as the target has them, pass on the "
        "merged tree.",
        prompt="if the checks pass, it lands",
        check=True,
    ),
    Rule(
        name="only the runner lands",
        says="Nobody pushes to the target, or rewrites what is on it.",
        prompt="There is no remote, and nothing to push.",
        guard="git push origin HEAD:main",
        box=True,
    ),
    Rule(
        name="only the runner closes",
        says="No word, trailer, comment or command of an agent's closes an issue.",
        prompt="Only the runner closes issues; saying so changes nothing.",
        guard="issue close 2",
        box=True,
        hub=True,
    ),
)


def judge(
    changes: Iterable[FileChange], *, expected: tuple[str, ...] = (), claimed: frozenset[str]
) -> tuple[str, ...]:
    """Why these changes may not land, each reason with what to do; none when they may.

    `expected` are the paths that the issue names (files, directories, patterns), `claimed` those
    that other issues name.
    """
    every, scope = tuple(changes), Scope(expected=expected, claimed=claimed)
    gates = [rule.gate for rule in RULES if rule.gate is not None]
    return tuple(reason for gate in gates for reason in gate(every, scope))


_LINGERING = (
    disclosure.secrets,
    disclosure.secret_files,
    placement.large,
    placement.submodules,
)


def judge_step(changes: Iterable[FileChange]) -> tuple[str, ...]:
    """Why one commit among those that would land may not, whatever a later one has put right:
    its content stays in the history."""
    every = tuple(changes)
    return tuple(reason for gate in _LINGERING for reason in gate(every, Scope()))
