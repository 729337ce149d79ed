"""The remote that a project's landings go to: looked at, and pushed to, as the person would.

Git runs here in the person's repository, with their configuration and their credentials, for the
hub has none. It asks nobody for a password, for nobody is there; it pushes one branch and no
tags, and never without saying which commit it expects to replace: a push of a single ref is
atomic by itself, and `--atomic` would only shut out servers that do not know it.

Hooks of the person's are not run. A hook may lie in the work tree, where what agents wrote is
checked out: it would carry their programs from the box to the host. Boxed checks and the
remote's own hooks are what guards a landing. `ignored_hook` names the hook, so that it is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import RLock

from ..domain.merge import Held
from . import refs, refusal
from ._git import FETCH, Answer, Git
from .project import Project
from .refused import Refusals
from .stoppable import ask

SECONDS = 180.0
"""The longest that a fetch from the remote, or a push, may take."""

_LOOK_SECONDS, _PATIENT = 10.0, 2
"""A look moves nothing, so a remote that is silent for so long counts as away, and keeps no start
waiting. One that is slow for good has two and three times that, at later looks."""
_FIRST, _LONGEST = 5.0, 300.0
_NO_BRANCH = 2  # ls-remote's exit code for it
_SETTINGS = ("core.hooksPath=/dev/null", "gc.auto=0", "maintenance.auto=false")


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Somebody else was quicker, or was at it just then: take the branch in and try again."""

    said: str


class Origin:
    """The branch `ref` of `remote`, for landings on `target`. Its answers are values; GitFailed
    is for what goes wrong on this side.

    `commit` is what the branch was at the last look, None when there is no such branch, which is
    known once it has `answered`. While
    the remote is away, each look makes the wait longer, from five seconds to five minutes, and
    `rests` says that it is not worth while to look just now. Safe for threads: one at a time.

    A refusal is kept in `refusals`, and told by `try_out` from then on, until a push is taken.
    With `insists` the person wants it to be tried all the same.
    """

    def __init__(
        self,
        *,
        project: Project,
        target: str,
        remote: str,
        ref: str,
        environment: Mapping[str, str],
        refusals: Refusals,
        insists: bool = False,
        seconds: float = SECONDS,
        ignored_hook: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.answered = False
        self.commit: str | None = None
        self.ignored_hook = ignored_hook
        self.name = f"{ref.removeprefix('refs/heads/')} of {refusal.words(remote)}"
        self._project = project
        self._kept = refs.looked_up(target)
        self._remote = remote
        self._ref = ref
        self._git = _person_git(project, environment)
        self._environment = environment
        self._seconds = seconds
        self._clock = clock
        self._refusals = refusals
        self._insists = insists
        self._failures = 0
        self._until = 0.0
        self._last_held: Held | None = None
        self._alone = RLock()

    def beside(self, branch: str) -> Origin:
        """Another branch of the same remote, which need not be there. Its refusals are its own,
        and are not remembered beyond a run: the next push may be of other commits."""
        where = f"{refs.target(branch)} of {refusal.words(self._remote)}"
        return Origin(
            project=self._project,
            target=branch,
            remote=self._remote,
            ref=refs.target(branch),
            environment=self._environment,
            refusals=Refusals(file=self._refusals.file.with_name("branch-refused"), where=where),
            insists=True,
            seconds=self._seconds,
            clock=self._clock,
        )

    @property
    def rests(self) -> bool:
        return self._clock() < self._until

    @property
    def resting(self) -> Held | None:
        """What the last look came to, while it rests."""
        return self._last_held if self.rests else None

    def look(self) -> Held | None:
        """See which commit the branch is, and have it in the person's repository."""
        with self._alone:
            return self._look()

    def _look(self) -> Held | None:
        words = ("ls-remote", "--exit-code", "--refs", "--", self._remote, self._ref)
        answer = self._ask(*words, seconds=self._brief)
        if answer.code not in (0, _NO_BRANCH):
            return self._trouble(answer)
        rows = (line.split("\t") for line in answer.out.splitlines())
        found = next((commit for commit, name in rows if name == self._ref), None)
        if found not in (None, self.commit, self._project.on_disk(self._kept)):
            return self._fetch()
        self._answered(found)
        return None

    def push(self, commit: str, *, expected: str | None, hub: Path) -> Held | Moved | None:
        """Put the branch from the `expected` commit (None: there is none) to another one, which
        must descend from it and is taken from the hub. None says that it is there."""
        with self._alone:
            return self._send(commit, expected, hub)

    def _send(self, commit: str, expected: str | None, hub: Path) -> Held | Moved | None:
        self._project.git.run(*FETCH, "--no-recurse-submodules", str(hub), commit)
        answer = self._push(commit, expected)
        status = refusal.status(answer.out, self._ref)
        if status is None:
            return self._trouble(answer)
        if not status.refusal:
            self._answered(commit)
            self._refusals.forget()
            return None
        if (held := self.look()) is not None:
            return held
        if self.commit == commit:
            return None
        if self.commit != expected or status.raced:
            return Moved(said=status.reason)
        if status.refusal == "remote rejected":
            return self._refused(status.reason, answer.err)
        return self._away(f"{status.reason} {answer.err}")

    def try_out(self) -> Held | None:
        """Whether we may push at all, by a push of nothing new. It cannot tell whether hooks or
        the protection of a branch will refuse; that they did before, it knows."""
        if not self._insists and (said := self._refusals.last()) is not None:
            return self._refused_before(said)
        if (held := self.resting or self.look()) is not None or self.commit is None:
            return held
        answer = self._push(self.commit, self.commit, "--dry-run", seconds=self._brief)
        return None if answer.code == 0 else self._trouble(answer)

    def _push(
        self, commit: str, expected: str | None, *options: str, seconds: float | None = None
    ) -> Answer:
        return self._ask(
            *("push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-recurse-submodules"),
            *(f"--force-with-lease={self._ref}:{expected or ''}", *options),
            *("--", self._remote, f"{commit}:{self._ref}"),
            seconds=seconds,
        )

    def _fetch(self) -> Held | None:
        """Under a name of our own: what people see as the remote's branch stays as they left it."""
        self._project.free(self._kept)
        quietly = ("--refmap=", "--no-recurse-submodules")
        answer = self._ask(*FETCH, *quietly, "--", self._remote, f"+{self._ref}:{self._kept}")
        if answer.code != 0:
            return self._trouble(answer)
        self._answered(self._project.commit(self._kept))
        return None

    @property
    def _brief(self) -> float:
        return min(self._seconds, _LOOK_SECONDS * (1 + min(self._failures, _PATIENT)))

    def _ask(self, *arguments: str, seconds: float | None = None) -> Answer:
        return ask(self._git, *arguments, seconds=self._seconds if seconds is None else seconds)

    def _answered(self, commit: str | None) -> None:
        self.answered, self.commit = True, commit
        self._failures, self._until = 0, 0.0

    def _trouble(self, answer: Answer) -> Held:
        remedy = refusal.remedy(answer.err)
        if remedy is None:
            return self._away(answer.err or f"git ended with {answer.code}")
        said = refusal.words(answer.err)
        return Held(why=f"Nothing can be landed on {self.name} ({said}): {remedy}")

    def _away(self, said: str) -> Held:
        wait = min(_LONGEST, _FIRST * 2.0 ** min(self._failures, 10))
        self._failures += 1
        self._until = self._clock() + wait
        self._last_held = Held(
            why=f"Cannot reach {self.name} ({refusal.words(said)}): sessions go on, and landings "
            "wait until it answers",
            wait=timedelta(seconds=wait),
        )
        return self._last_held

    def _refused(self, reason: str, said: str) -> Held:
        heard = "; ".join(filter(None, (reason, refusal.words(said))))
        self._refusals.note(refusal.words(heard))
        return Held(
            why=f"The remote refuses landings on {self.name} ({heard}): let it take pushes of "
            "yours to this branch, or land by pull requests with --land pr, or run without pushing"
        )

    def _refused_before(self, said: str) -> Held:
        return Held(
            why=f"The remote refused the last landing on {self.name} ({said}), which is not tried "
            "again by itself, for it costs a session: let it take pushes of yours to this branch "
            "and run once with --push, or land with --land pr, or run with --no-push"
        )


def _person_git(project: Project, environment: Mapping[str, str]) -> Git:
    settings = (word for setting in _SETTINGS for word in ("-c", setting))
    return Git("-C", str(project.directory), *settings, environment=environment)
