"""The project's own checks, and whether they passed before anyone's work."""

from __future__ import annotations

from anyio import to_thread

from ..domain import check
from ..domain.check import CheckResult
from .checks import Checks
from .hub import Hub

_REMEMBERED = 256
"""About how many verdicts are remembered."""


class Baseline:
    """`override` replaces what is read off the target's tip. The last trees' verdicts are
    remembered, so a landed tree is not judged again as the next tip."""

    def __init__(self, hub: Hub, checks: Checks, override: tuple[str, ...] | None) -> None:
        self._hub = hub
        self._checks = checks
        self._override = override
        self._verdicts: dict[tuple[str, str], bool] = {}

    def commands(self, tip: str) -> tuple[str, ...]:
        """The project's checks. Never read off an attempt's tree: it could soften them."""
        if self._override is not None:
            return self._override
        paths = self._hub.git.run("ls-tree", "-r", "-z", "--name-only", tip).split("\0")
        there = [name for name in check.LOOKED_AT if name in paths]
        blobs = self._hub.blobs([f"{tip}:{name}" for name in there]) if there else []
        texts = {
            name: blob.decode("utf-8", "replace")
            for name, blob in zip(there, blobs, strict=True)
            if blob is not None
        }
        return check.detect(frozenset(paths), texts)

    async def judge(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The commands that pass on the target's tip, and those that fail."""
        tip = await to_thread.run_sync(self._hub.tip)
        commands = await to_thread.run_sync(self.commands, tip)
        red = await self.red(tip, commands)
        return tuple(one for one in commands if one not in red), red

    async def red(self, tip: str, commands: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the commands that fail on the tip. Runs what is not known yet."""
        if not commands:
            return ()
        tree = await to_thread.run_sync(self._hub.tree, tip)
        known = {one: self._verdicts.get((tree, one)) for one in commands}
        unknown = tuple(one for one, passed in known.items() if passed is None)
        results = await self._checks.run(tree, unknown)
        self.note(tree, results)
        known |= {result.command: result.passed for result in results}
        return tuple(one for one in commands if not known[one])

    def note(self, tree: str, results: tuple[CheckResult, ...]) -> None:
        """Remember what checks said of a tree; not of all there ever were: a run may go on for
        days, and what is forgotten is run again."""
        kept = self._verdicts if len(self._verdicts) < _REMEMBERED else {}
        self._verdicts = {**kept, **{(tree, one.command): one.passed for one in results}}
