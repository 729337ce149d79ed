"""How long saved work is kept, and which of the hub's refs are of no more use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from .. import refs
from .._git import Git
from ..rescues import Rescues, Saved
from .removal import Kind, Removal

_GRACE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Retention:
    """What is older than `days` goes; of each issue's saved work the newest `keep` attempts stay
    however old they are, and all of it as long as the issue is not closed."""

    now: datetime
    days: float = 30
    keep: int = 3

    @property
    def before(self) -> datetime:
        return self.now - timedelta(days=self.days)

    @property
    def settled(self) -> datetime:
        """Before this nothing can be in the middle of being made, however few the days."""
        return min(self.before, self.unused)

    @property
    def unused(self) -> datetime:
        """Half-made things that are older belong to nobody."""
        return self.now - _GRACE


def outdated(saved: Iterable[Saved], closed: Collection[str], retention: Retention) -> list[Saved]:
    """The saved work that need not be kept any longer, in whatever order it is given."""
    found: list[Saved] = []
    ranked = sorted(saved, key=lambda one: (one.issue, -one.epoch, one.ref))
    for issue, group in groupby(ranked, key=lambda one: one.issue):
        if issue in closed:
            every = list(group)
            newest = sorted({one.epoch for one in every}, reverse=True)[: retention.keep]
            older = [one for one in every if one.epoch not in newest]
            found += [one for one in older if one.at < retention.before]
    return found


def useless(
    hub: Path, closed: Collection[str], workspaces: Collection[str], retention: Retention
) -> list[Removal]:
    """Refs of saved work and of attempts that can go. `closed` are issues, as ref components;
    `workspaces` are names of directories that still are there, whose refs stay."""
    saved = Rescues(hub).all()
    why = f"issue closed; over {retention.days:g} days old; not of its newest {retention.keep}"
    rescues = [
        Removal(kind=Kind.REF, name=one.ref, why=why, mark=one.commit)
        for one in outdated(saved, closed, retention)
    ]
    return [*rescues, *_attempts(hub, closed, workspaces, retention)]


def _attempts(
    hub: Path, closed: Collection[str], workspaces: Collection[str], retention: Retention
) -> Iterator[Removal]:
    """Attempts' branches as they were fetched, of no more use once their work stands elsewhere."""
    git = Git("--git-dir", str(hub))
    elsewhere = _reached(git)
    listed = git.run("for-each-ref", "--format=%(objectname) %(refname)", refs.ATTEMPTS)
    for commit, name in (row.split(" ", 1) for row in listed.splitlines()):
        issue, _, number = name.removeprefix(refs.ATTEMPTS).partition("/")
        if issue not in closed or f"{issue}-{number}" in workspaces:
            continue
        if name in elsewhere:
            why = "issue closed; what the attempt made has landed or was saved"
        elif refs.written(hub, name) < retention.before:
            why = f"issue closed; over {retention.days:g} days old"
        else:
            continue
        yield Removal(kind=Kind.REF, name=name, why=why, mark=commit)


def _reached(git: Git) -> set[str]:
    """The attempts' refs all of whose commits are in a target or among the saved work."""
    kinds = "--format=%(objecttype) %(objectname)"
    tips = git.run("for-each-ref", kinds, "refs/heads/", refs.RESCUES).splitlines()
    merged = {row.partition(" ")[2] for row in tips if row.startswith("commit ")}
    if not merged:
        return set()
    options = [f"--merged={one}" for one in sorted(merged)]
    return set(git.run("for-each-ref", "--format=%(refname)", *options, refs.ATTEMPTS).split())
