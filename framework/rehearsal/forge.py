"""A rehearsal on GitHub: the throwaway project is the clone of a repository on the double."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .github import robot, schema
from .github.log import Log
from .github.serve import serve
from .github.store import Store
from .stage import run_git

OWNER, REPO = "rehearsal", "project"
_BRANCH = "main"
_BOARD = "(create|update|link)ProjectV2(Field|ToRepository)?"
_HOME = "query repository"
_ONCE = re.compile(
    r"GET /user|GET /repos/{owner}/{repo}|\w+ /repos/{owner}/{repo}/labels"
    rf"|query viewer|query __type|{_HOME}|mutation createLabel|mutation ({_BOARD} ?)+"
)

_LOOK = re.compile(r"GET /repos/{owner}/{repo}/issues|query repository")


@contextmanager
def github(project: Path, state_directory: str, cache: Path) -> Iterator[Callable[[int], str]]:
    """Serve a GitHub whose one repository `project` is the clone of, with its configuration
    written to say so, until the block is left. What is yielded tells how much was asked of it
    for so many issues.

    `state_directory` is the project's own (`.nightshift`), `cache` where the schema is kept.
    Raises UsageError, with the command that gets it, where the schema is missing.
    """
    schema.load(at=cache)
    place = project.parent
    bare = _published(project, place / "github.git")
    store = Store()
    token = store.add_token("gho_rehearsal", OWNER)
    repo = store.add_repo(OWNER, REPO, path=bare, default_branch=_BRANCH)
    with serve(store, schema_at=cache) as double, robot.at_work(store, repo):
        _configure(project / state_directory, double.url, _kept(place / "token", token.value))
        yield lambda issues: f"{told(double.log, issues)}\n{columns(store)}"


def told(log: Log, issues: int) -> str:
    """The cost of a run, in requests."""
    asked = [one for one in log if not one.conditional]
    first = sum(once(one.operation) for one in asked)
    # A board looks for its repository once; from then on that query asks for pull requests.
    first -= max(0, log.count(f"^{_HOME}$", status=200) - 1)
    rest = len(asked) - first
    each = f", {rest / issues:.1f} for each of {issues} issues" if issues else ""
    looks = sum(_LOOK.fullmatch(one.operation) is not None for one in asked)
    return (
        f"GitHub was asked {len(asked)} times ({sum(one.write for one in asked)} writes): {first} "
        f"times to set up labels and a board, and {rest} times for the work{each}. {looks} were "
        "looks for what others changed, which the clock brings. "
        f"{len(log) - len(asked)} more requests found nothing new and cost nothing."
    )


def columns(store: Store) -> str:
    """Where the cards of the boards are."""
    found: Counter[str] = Counter()
    for board in store.projects.values():
        (status,) = (one for one in board["fields"] if one["name"] == "Status")
        names = {one["id"]: one["name"] for one in status["options"]}
        for card in board["items"]:
            told = card["values"].get(status["id"], {})
            found[names.get(told.get("singleSelectOptionId"), "without a column")] += 1
    cards = ", ".join(f"{many} {name}" for name, many in sorted(found.items()))
    return f"The board's cards: {cards or 'none'}."


def once(operation: str) -> bool:
    """Whether that, as the log calls it, is asked once in the life of a repository: who we are, its
    labels, its board."""
    return _ONCE.fullmatch(operation) is not None


def _published(project: Path, bare: Path) -> Path:
    """The bare repository that `project` now has as its origin and upstream."""
    here = ("-C", str(project))
    if not (project / ".git").exists():
        run_git(*here, "init", "--quiet", "--initial-branch", _BRANCH)
        run_git(*here, "add", "--all")
        run_git(*here, "commit", "--quiet", "--message", "The specification")
    run_git("init", "--quiet", "--bare", "--initial-branch", _BRANCH, str(bare))
    run_git(*here, "branch", "--quiet", "--force", "--move", _BRANCH)
    run_git(*here, "remote", "add", "origin", str(bare))
    run_git(*here, "push", "--quiet", "--set-upstream", "origin", _BRANCH)
    return bare


def _kept(path: Path, token: str) -> Path:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(token)
    return path


def _configure(directory: Path, url: str, token: Path) -> None:
    directory.mkdir(exist_ok=True)
    backend = {
        "type": "github",
        "url": url,
        "owner": OWNER,
        "repo": REPO,
        "token_source": f"file:{token}",
    }
    values = {"tracker": "github", "backends": {"github": backend}}
    (directory / "config.json").write_text(json.dumps(values, indent=2), "utf-8")
