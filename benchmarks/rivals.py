"""Other trackers for agents, from PyPI, on boards of the same size as ours.

Each is loaded in its own format: its program makes one issue, which is then multiplied. The
copies have no dependencies, which flatters what they need for `ready`; their `list` and `ready`
mostly print everything, where ours prints 20, as each does when nobody asks for more.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

Words = tuple[str, ...]
TITLE = "Issue to multiply"


@dataclass(frozen=True, kw_only=True)
class Rival:
    """`load` gets the directory, the number of issues and their text, and returns some ids;
    `{id}` in a command is one of them, each time another."""

    name: str
    package: str
    begin: tuple[Words, ...]
    load: Callable[[Path, int, str], Sequence[str]]
    commands: dict[str, Words]


def install(directory: Path) -> Path:
    """All of them into a virtual environment; returns where their programs are."""
    subprocess.run((sys.executable, "-m", "venv", str(directory)), check=True)
    programs = directory / "bin"
    pip = (str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check")
    subprocess.run((*pip, *(one.package for one in RIVALS)), check=True, stderr=subprocess.DEVNULL)
    return programs


def begun(rival: Rival, programs: Path, directory: Path) -> dict[str, str]:
    """A git repository with the rival's first issue; returns the environment for its program."""
    directory.mkdir(parents=True)
    environment = {**os.environ, "HOME": str(directory.parent), "PATH": _path(programs)}
    who = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    git = ("git", *who)
    for words in (
        ("git", "init", "--quiet"),
        ("git", "config", "user.name", "x"),
        ("git", "config", "user.email", "x@example.invalid"),
        (*git, "commit", "--quiet", "--allow-empty", "--message", "first"),
        *rival.begin,
    ):
        run(words, directory, environment)
    return environment


def run(words: Words, directory: Path, environment: dict[str, str]) -> None:
    subprocess.run(
        words,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )


def _path(programs: Path) -> str:
    return f"{programs}{os.pathsep}{os.environ['PATH']}"


def _filigree(directory: Path, count: int, body: str) -> Sequence[str]:
    with closing(sqlite3.connect(directory / ".weft/filigree/filigree.db")) as connection:
        connection.row_factory = sqlite3.Row
        (first,) = connection.execute("SELECT * FROM issues")
        prefix = first["id"][:-10]
        ids = [f"{prefix}{number:010x}" for number in range(1, count)]
        rows = [{**dict(first), "id": id, "description": body} for id in ids]
        names = ", ".join(f":{name}" for name in rows[0])
        connection.executemany(f"INSERT INTO issues VALUES ({names})", rows)
        connection.commit()
    return ids


def _dogcat(directory: Path, count: int, body: str) -> Sequence[str]:
    file = directory / ".dogcats/issues.jsonl"
    issue, event = (json.loads(line) for line in file.read_text().splitlines())
    namespace = issue["namespace"]
    lines = []
    for number in range(count):
        id = f"m{number:05d}"
        lines.append(json.dumps({**issue, "id": id, "description": body}))
        lines.append(json.dumps({**event, "issue_id": f"{namespace}-{id}"}))
    file.write_text("\n".join(lines) + "\n")
    return [f"{namespace}-m{number:05d}" for number in range(count)]


def _microbeads(directory: Path, count: int, body: str) -> Sequence[str]:
    tree = directory / ".git/microbeads-worktree"
    issues = tree / ".microbeads/issues/active"
    (first,) = issues.glob("*.json")
    issue = json.loads(first.read_text())
    prefix = issue["id"][:-8]
    ids = [f"{prefix}{number:08x}" for number in range(1, count)]
    for id in ids:
        copy = json.dumps({**issue, "id": id, "description": body}, indent=2)
        (issues / f"{id}.json").write_text(copy + "\n")
    for words in (("add", "."), ("commit", "--quiet", "--message", "load")):
        subprocess.run(("git", *words), cwd=tree, check=True)
    return ids


def _issuedb(directory: Path, count: int, body: str) -> Sequence[str]:
    with closing(sqlite3.connect(directory / ".issue.db")) as connection:
        connection.row_factory = sqlite3.Row
        (first,) = connection.execute("SELECT * FROM issues")
        ids = range(2, count + 1)
        rows = [{**dict(first), "id": id, "description": body} for id in ids]
        names = ", ".join(f":{name}" for name in rows[0])
        connection.executemany(f"INSERT INTO issues VALUES ({names})", rows)
        connection.commit()
    return [str(id) for id in ids]


def _tisket(directory: Path, count: int, body: str) -> Sequence[str]:
    (first,) = (directory / ".tisket/default").glob("*.md")
    text = first.read_text()
    ids = [f"m{number:05d}-issue" for number in range(count)]
    for id in ids:
        first.with_name(f"{id}.md").write_text(f"{text}\n{body}\n")
    return ids


RIVALS: tuple[Rival, ...] = (
    Rival(
        name="filigree",
        package="filigree==3.4.0",
        begin=(("filigree", "init"), ("filigree", "create", TITLE)),
        load=_filigree,
        commands={
            "claim": ("filigree", "claim", "{id}", "--assignee", "ann"),
            "ready": ("filigree", "ready", "--json"),
            "list": ("filigree", "list", "--json"),
            "show": ("filigree", "show", "{id}", "--json"),
            "create": ("filigree", "create", "New issue"),
        },
    ),
    Rival(
        name="dogcat",
        package="dogcat==0.14.4",
        begin=(("dcat", "init"), ("dcat", "create", TITLE)),
        load=_dogcat,
        commands={
            "claim": ("dcat", "update", "{id}", "--status", "in_progress", "--owner", "ann"),
            "ready": ("dcat", "ready", "--json"),
            "list": ("dcat", "list", "--json"),
            "show": ("dcat", "show", "{id}", "--json"),
            "create": ("dcat", "create", "New issue"),
        },
    ),
    Rival(
        name="microbeads",
        package="microbeads==0.3.0",
        begin=(("mb", "init"), ("mb", "create", TITLE)),
        load=_microbeads,
        commands={
            "claim": ("mb", "update", "{id}", "--status", "in_progress"),
            "ready": ("mb", "--json", "ready"),
            "list": ("mb", "--json", "list"),
            "show": ("mb", "--json", "show", "{id}"),
            "create": ("mb", "create", "New issue"),
        },
    ),
    Rival(
        name="issuedb",
        package="issuedb==2.38.1",
        begin=(("issuedb-cli", "create", "--title", TITLE),),
        load=_issuedb,
        commands={
            "claim": ("issuedb-cli", "start", "{id}"),
            "ready": ("issuedb-cli", "--json", "get-next"),
            "list": ("issuedb-cli", "--json", "list"),
            "show": ("issuedb-cli", "--json", "get", "{id}"),
            "create": ("issuedb-cli", "create", "--title", "New issue"),
        },
    ),
    Rival(
        name="tisket",
        package="tisket==0.2.4",
        begin=(("tisket", "init"), ("tisket", "issue", "create", TITLE)),
        load=_tisket,
        commands={
            "claim": ("tisket", "issue", "edit", "{id}", "--assignee", "ann"),
            "list": ("tisket", "issue", "list", "--format", "json"),
            "show": ("tisket", "issue", "show", "{id}"),
            "create": ("tisket", "issue", "create", "New after {id}"),
        },
    ),
)
"""In none of them but filigree does an update like that keep a second caller from the issue;
tisket has no `ready`."""
