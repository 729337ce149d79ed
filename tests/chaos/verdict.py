"""What a project looks like after chaos, from its facts alone: hub, tracker, leases, places."""

from __future__ import annotations

import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from framework import attach
from framework.domain.issue import State
from framework.domain.query import Query

from .world import World


def complaints(world: World, issues: int) -> list[str]:
    """What is wrong, in words; nothing when each issue landed once and nothing else is there.
    To be asked when all workers have ended and a last, quiet run has recovered."""
    return [*_hub(world, issues), *_tracker(world, issues), *_leases(world), *_places(world)]


def _hub(world: World, issues: int) -> Iterator[str]:
    landings = Counter(_trailers(world))
    if double := sorted(one for one, times in landings.items() if times > 1):
        yield f"landed more than once: {double}"
    if len(landings) != issues:
        yield f"{len(landings)} of {issues} issues are in the history"
    tags = _git(world, "for-each-ref", "--format=%(*objectname)", "refs/landed/").split()
    path = set(_git(world, "rev-list", "--first-parent", "main").split())
    if len(tags) != issues or not set(tags) <= path:
        yield f"{len(tags)} records of landings, {len(set(tags) - path)} of them not in the history"
    files = {f"{number}.txt" for number in range(1, issues + 1)}
    if missing := files - set(_git(world, "ls-tree", "--name-only", "main").split()):
        yield f"landed without their work: {sorted(missing)}"
    yield from _lost(world)
    if said := _git(world, "fsck", "--strict", "--no-dangling"):
        yield f"git fsck: {said}"


def _trailers(world: World) -> list[str]:
    form = "--format=%(trailers:key=Issue,valueonly,separator=)"
    return _git(world, "log", "--first-parent", form, "main").split()


def _lost(world: World) -> Iterator[str]:
    """Commits that an agent made and that nothing in the hub leads to."""
    kept = set(_git(world, "rev-list", "main", "--glob=refs/rescue/*").split())
    made = world.commits.read_text().split()
    if lost := [one for one in made if one not in kept]:
        yield f"{len(lost)} of {len(made)} commits are lost: {lost[:5]}"


def _tracker(world: World, issues: int) -> Iterator[str]:
    with closing(attach.open_tracker(world.project)) as tracker:
        found = tracker.list(Query())
        told = {one.id: len(tracker.comments(one.id)) for one in found}
    if len(found) != issues:
        yield f"{len(found)} issues instead of {issues}"
    if left := [one.id for one in found if one.state is not State.CLOSED]:
        yield f"not closed: {left}"
    if odd := {id: times for id, times in told.items() if times != 1}:
        yield f"told not exactly once: {odd}"
    for name in ("issues.db", "journal.db"):
        with closing(sqlite3.connect(world.project / ".nightshift" / name)) as database:
            if (answer := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                yield f"{name}: {answer}"


def _leases(world: World) -> Iterator[str]:
    with closing(attach.open_leases(world.project)) as leases:
        if held := [one.key for one in leases.held()]:
            yield f"still held: {held}"
        if bad := leases.unreadable():
            yield f"unreadable: {bad}"
        counted = {key: one.failures for key, one in leases.records().items() if one.failures}
    if counted:
        yield f"counted against issues: {counted}"


def _places(world: World) -> Iterator[str]:
    if left := [one.name for one in world.places.iterdir() if not one.name.startswith(".places")]:
        yield f"left over in the state directory: {left}"


def _git(world: World, *words: str) -> str:
    ran = subprocess.run(
        ("git", "--git-dir", str(world.hub), *words),
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()
