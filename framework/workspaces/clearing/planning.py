"""What can go: one plan, made from what is there, that says of each thing where it is and why.

Making a plan changes nothing; `clearance` does what a plan says, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..place import GONE, Places
from .removal import Kind, Plan, Removal, size, whole, within
from .retention import Retention, useless
from .unreachable import unreachable

_HALVES = (".probe-", ".hub-")
"""How the names of directories begin that are being made."""

_SAVED = "whoever worked there is dead; what did not land is saved under refs/rescue/ first"


@dataclass(frozen=True, kw_only=True)
class Estate:
    """Where a project's things are, and what is known of its issues and its runs.

    `directory` is its `.nightshift/`, `state` where its workspaces are. `runs` names the runs
    that go, `live` the workspaces whose lease lives. `closed` are the issues that are closed and
    that nobody works on, as ref components. `rehearsals` are stages on which nobody plays, each
    with where its workspaces are; neither need be there.
    """

    directory: Path
    state: Path
    runs: tuple[str, ...] = ()
    live: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    rehearsals: tuple[tuple[Path, Path], ...] = ()

    @property
    def hub(self) -> Path:
        return self.directory / "hub.git"

    @property
    def has_hub(self) -> bool:
        return (self.hub / "HEAD").is_file()


def plan(estate: Estate, retention: Retention) -> Plan:
    """All that can go by now, and what stays only because of the living."""
    dead, held = Places(estate.state).look() if estate.state.is_dir() else ([], [])
    ours = [path for path in dead if path.name not in estate.live] if estate.has_hub else []
    here = {path.name for path in (*dead, *held)}
    old = useless(estate.hub, estate.closed, here, retention) if estate.has_hub else []
    return Plan(
        removals=(
            *(_workspace(path) for path in ours),
            *_leftovers(estate, retention),
            *_logs(estate, retention),
            *_conversations(estate, retention),
            *_rehearsals(estate, retention),
            *old,
            *([] if here else _objects(estate, old, retention.settled)),
        ),
        kept=tuple(_kept(estate, dead, ours, held)),
        before=retention.settled,
    )


def _workspace(path: Path) -> Removal:
    return Removal(kind=Kind.WORKSPACE, name=str(path), why=_SAVED, size=size(path))


def _leftovers(estate: Estate, retention: Retention) -> Iterator[Removal]:
    """What a kill left half made or half deleted, none of it work."""
    for path in (*within(estate.state), *within(estate.directory)):
        if path.name.startswith(GONE):
            yield whole(Kind.LEFTOVER, path, "its deletion was interrupted")
        elif estate.runs or not _is_older(path, retention.unused):
            continue
        elif path.name.startswith(_HALVES) or path == estate.state / "planning":
            yield whole(Kind.LEFTOVER, path, "a run that was killed left it")


def _logs(estate: Estate, retention: Retention) -> Iterator[Removal]:
    """Files of sessions and of checks; beside a run none that it may still write to."""
    before = retention.settled if estate.runs else retention.before
    found = list(within(estate.directory / "logs"))
    checks = [file for path in found if path.name == "checks" for file in within(path)]
    for path in (*found, *checks):
        if path.is_file() and _is_older(path, before):
            yield whole(Kind.LOG, path, f"not written to for {retention.days:g} days")


def _conversations(estate: Estate, retention: Retention) -> Iterator[Removal]:
    """Those that no review can go on with any more, or that nobody has for long."""
    for path in within(estate.directory / "conversations"):
        if path.name.rpartition("-e")[0] in estate.closed:
            yield whole(Kind.CONVERSATION, path, "issue closed")
        elif _is_older(path, retention.settled if estate.runs else retention.before):
            yield whole(Kind.CONVERSATION, path, f"over {retention.days:g} days old")


def _rehearsals(estate: Estate, retention: Retention) -> Iterator[Removal]:
    for stage, state in estate.rehearsals:
        if stage.name.startswith(GONE):
            yield whole(Kind.REHEARSAL, stage, "its deletion was interrupted")
        elif _is_older(stage, retention.unused):
            parts = (state,) if state.is_dir() and not state.is_symlink() else ()
            yield whole(Kind.REHEARSAL, stage, "a rehearsal that has ended", parts=parts)


def _objects(estate: Estate, without: Iterable[Removal], before: datetime) -> list[Removal]:
    """One removal for all of them, if there are any; none while a run goes."""
    if estate.runs or not estate.has_hub:
        return []
    files = unreachable(estate.hub, {one.name for one in without}, before)
    if not files:
        return []
    return [
        Removal(
            kind=Kind.OBJECTS,
            name=str(estate.hub / "objects"),
            why=f"{len(files)} objects that nothing refers to, unused since {before:%Y-%m-%d}",
            size=sum(map(size, files)),
            parts=tuple(map(str, files)),
        )
    ]


def _kept(estate: Estate, dead: list[Path], ours: list[Path], held: list[Path]) -> Iterator[str]:
    yield from (f"{name} is going; what it may need stays" for name in estate.runs)
    yield from (f"{path}: a living process works there" for path in held)
    for path in dead:
        if path.name in estate.live:
            yield f"{path}: its claim lives"
        elif path not in ours:
            yield f"{path}: there is no hub to save its work in; start a run, which makes one"
    if dead or held:
        yield f"objects in {estate.hub}: workspaces borrow them; they go once there is none"


def _is_older(path: Path, than: datetime) -> bool:
    return path.lstat().st_mtime < than.timestamp()
