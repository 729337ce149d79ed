"""The hub: a bare repository that the host owns, from which every clone borrows its objects.

All that decides stands here as refs (see `refs`). Agents may read it; nobody can push to it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..domain.errors import GitFailed, LeaseLost, TargetMissing
from . import locks, refs, trees
from ._git import FETCH, SECONDS, Git, check_version
from .objects import Objects, commit, identify
from .packed import PackedObjects
from .project import Project
from .updates import RefUpdates

EXCLUDED = "__pycache__/\n*.pyc\n.nightshift/\n"
"""What is never anybody's work, whatever the project's own `.gitignore` says."""

_REFUSAL = (
    "#!/bin/sh\n"
    "echo 'Nobody pushes here: commit on your branch, and the runner fetches it.' >&2\n"
    "exit 1\n"
)
_OBJECT = re.compile(r"[0-9a-f]{40}")
_DEAD_SECONDS = 2 * SECONDS  # no git command of ours holds a lock for so long
_UNUSABLE = "* -filter -working-tree-encoding\n"
_REMEMBERED = 256
"""Of how many commits it is remembered that they landed."""


class Hub:
    """Opens the hub at `path`, made from `project` where it is not there yet.

    `target` is the branch to land on; None stands for the one checked out in the project. A
    kill while the hub is made leaves nothing in the way. Raises GitMissing, TargetMissing and
    WorkspaceError, each of which says what to do.
    """

    def __init__(self, *, project: Path, path: Path, target: str | None) -> None:
        check_version()
        person = Project(project)
        self.target = person.choose(target)
        self.path = path.resolve()
        self.git = Git("--git-dir", str(self.path))
        self.store = Objects(self.objects, PackedObjects(self.git))
        self._updates = RefUpdates(self.git)
        self._landed: set[str] = set()
        self._tips: set[str] = set()
        if not self.path.exists():
            self._make()
        if self.ref(refs.target(self.target)) is None:
            self._begin(person)

    @property
    def objects(self) -> Path:
        return self.path / "objects"

    @property
    def desk(self) -> Path:
        """A git directory for looking at files of an agent's: its attributes name no program
        and no encoding that could fail. Its objects are the hub's."""
        return self.path / "desk"

    def tip(self) -> str:
        """The commit that the target branch points to."""
        found = self.ref(refs.target(self.target))
        if found is None:
            raise TargetMissing(
                f"The branch {self.target} is gone from {self.path}: start again, and it is made "
                "from the project's"
            )
        if found not in self._tips:
            self._tips = {*(self._tips if len(self._tips) < _REMEMBERED else ()), found}
        return found

    def was_tip(self, commit: str) -> bool:
        """Whether the target is known to have stood at a commit, so that its history contains
        it. A no says nothing."""
        return commit in self._tips

    def ref(self, name: str) -> str | None:
        """What a ref points to."""
        found = refs.on_disk(self.path, name)
        if found is not None:
            return found or None
        return self.git.call("rev-parse", "--quiet", "--verify", name).out.strip() or None

    def blobs(self, names: Sequence[str]) -> list[bytes | None]:
        """The contents of objects, named as git names them; None for what is not a blob."""
        loose = [self.store.read(one) for one in names if _OBJECT.fullmatch(one)]
        found = [data if kind == "blob" else None for kind, data in filter(None, loose)]
        return found if len(found) == len(names) else self._asked(names)

    def _asked(self, names: Sequence[str]) -> list[bytes | None]:
        """As above, from git, which also knows other names than those of files."""
        asked = [name for name in names if "\n" not in name]
        output = self.git.raw("cat-file", "--batch", input="".join(f"{one}\n" for one in asked))
        answers: dict[str, bytes | None] = {}
        for name in asked:
            header, _, rest = output.partition(b"\n")
            kind, _, size = header.rpartition(b" ")
            if kind.endswith((b" blob", b" tag", b" tree", b" commit")):
                length = int(size)
                answers[name] = rest[:length] if kind.endswith(b" blob") else None
                output = rest[length + 1 :]
            else:
                answers[name] = None
                output = rest
        return [answers.get(name) for name in names]

    def epoch(self, issue: str) -> int:
        """The latest epoch recorded for an issue; 0 when none was."""
        found = self.ref(refs.epoch(issue))
        return 0 if found is None else self._number(found)

    def raise_epoch(self, issue: str, epoch: int) -> None:
        """Record a new epoch, from which on no earlier attempt can land anything. Raises
        LeaseLost when this one or a later one is recorded already."""
        name = refs.epoch(issue)
        while True:
            before = self.ref(name)
            recorded = 0 if before is None else self._number(before)
            if recorded >= epoch:
                raise LeaseLost(
                    f"Attempt {recorded} at issue {issue} is recorded, and this is attempt "
                    f"{epoch}: claim the issue again"
                )
            new = self._blob(epoch)
            if self.point(name, new, before):
                return
            try:
                self.git.run("update-ref", name, new, before or "0" * 40)
            except GitFailed:
                if self.ref(name) == before and not self._unlock(name):
                    raise  # not a race, and nothing left by a dead process
            else:
                return

    def commit(self, tree: str, *parents: str, message: str) -> str:
        """A commit of the runner's. Nothing points to it yet."""
        return self.store.write("commit", commit(tree, parents, message))

    def tree(self, commit: str) -> str:
        try:
            return trees.root(self.store, commit)
        except trees.Packed:
            return self.git.run("rev-parse", f"{commit}^{{tree}}")

    def kind(self, name: str) -> str | None:
        """What sort of object this is; None when it is not there."""
        found = self.store.measure(name)
        return found[0] if found else self.git.call("cat-file", "-t", name).out.strip() or None

    def file(self, commit: str, path: str) -> bytes | None:
        """A file's content in a commit; None when there is no file of that path."""
        try:
            found = trees.entry(self.store, self.tree(commit), path)
        except trees.Packed:
            return self.blobs([f"{commit}:{path}"])[0]
        return None if found is None else self.blobs([found.name])[0]

    def is_in(self, commit: str, other: str) -> bool:
        """Whether `commit` is `other` or one of its ancestors."""
        return self.git.run("rev-list", "--max-count=1", commit, f"^{other}") == ""

    def note_landed(self, *commits: str) -> None:
        """Remember commits that the target's history contains: it never loses any. Not all of
        them: a run may go on for days, and what is forgotten is asked of git."""
        kept = self._landed if len(self._landed) < _REMEMBERED else set()
        self._landed = {*kept, *commits}

    def has_landed(self, commit: str) -> bool:
        """Whether the target's history contains a commit."""
        if commit in self._landed:
            return True
        if not self.is_in(commit, self.tip()):
            return False
        self.note_landed(commit)
        return True

    def point(self, name: str, new: str, expected: str | None) -> bool:
        """Set one ref in git's own way, under its lock file, but without a process.

        False, and nothing has changed, when the ref is locked or is not what was `expected`, or
        when it cannot be written: git then knows more.
        """
        return locks.point(self.path / name, new, lambda: self.ref(name) == expected)

    def move(self, changes: Iterable[str]) -> None:
        """One transaction of `git update-ref --stdin` commands: all of them or none."""
        self._updates.make(changes)

    @contextmanager
    def prepared(self, changes: Iterable[str]) -> Iterator[Callable[[], None]]:
        """A transaction in two steps, see `RefUpdates.prepared`, that keeps no other waiting."""
        with RefUpdates(self.git).prepared(changes) as make:
            yield make

    def free(self, *names: str) -> None:
        """Remove the lock files of refs that only the caller may write now.

        Only under the land lease of these refs: then a lock is a dead process's.
        """
        for name in names:
            (self.path / f"{name}.lock").unlink(missing_ok=True)

    def sweep(self, *, alone: bool) -> None:
        """Remove lock files and half-written packs that dead git processes have left.

        With `alone` (no other runner has work here) all of them; else those that are older than
        any git process of ours can be. Not promised: telling a lock that a git command of a
        person's, given inside the hub, holds just then.
        """
        packs = self.objects / "pack"
        half = (*packs.glob("tmp_*"), *packs.glob(".tmp-*"))
        for path in [*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock"), *half]:
            locks.remove(path, older_than=0 if alone else _DEAD_SECONDS)

    def is_locked(self, name: str) -> bool:
        return (self.path / f"{name}.lock").exists()

    def _unlock(self, name: str) -> bool:
        return locks.remove(self.path / f"{name}.lock", older_than=_DEAD_SECONDS)

    def _number(self, blob: str) -> int:
        (text,) = self.blobs([blob])
        if text is None:
            raise GitFailed(
                f"{self.path} has lost {blob}: restore it, or delete it and start again"
            )
        return int(text)

    def _blob(self, epoch: int) -> str:
        """The object that stands for an epoch; all issues share it."""
        return self.store.write("blob", str(epoch).encode())

    def _make(self) -> None:
        """Beside its place, then moved there in one step: a half-made hub never counts."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=".hub-", dir=self.path.parent))
        git = Git("--git-dir", str(new))
        git.run("init", "--bare", "--quiet", "--template=", "--initial-branch", self.target)
        _furnish(new)
        try:
            os.rename(new, self.path)
        except OSError:
            if not self.path.exists():
                raise
            shutil.rmtree(new)  # another process was quicker

    def _begin(self, person: Project) -> None:
        """Give the target its first commit: the project's, or an empty one for an empty project."""
        name = refs.target(self.target)
        if person.commit(name) is not None:
            first = self.fetch_project(person)
        elif person.is_new():
            message = f"Start of {person.directory.name}\n"
            first = self.commit(self.store.write("tree", b""), message=message)
        else:
            raise TargetMissing(
                f"{person.directory} has no branch {self.target}: make it with "
                f"`git branch {self.target}`"
            )
        try:
            self.git.run("update-ref", name, first, "0" * 40)
        except GitFailed:
            if self.ref(name) is None:
                raise

    def fetch_project(self, person: Project) -> str:
        """Take over the person's branch as it is now, and say which commit that is."""
        ref = refs.person(self.target)
        spec = f"+{refs.target(self.target)}:{ref}"
        try:
            self.git.run(*FETCH, str(person.directory), spec)
        except GitFailed:  # as when another run takes it over in the same moment
            self.git.run(*FETCH, str(person.directory), spec)
        found = self.ref(ref)
        if found is None:
            raise GitFailed(f"{ref} is not in {self.path} after it was fetched: start again")
        return found


def epoch_object(epoch: int) -> str:
    """The name that git gives to a blob with this number as its text."""
    return identify("blob", str(epoch).encode())


def _furnish(hub: Path) -> None:
    """What git's template does not give: no clearing up, no pushes, and the desk."""
    with (hub / "config").open("a") as config:
        config.write("[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n")
    hook = hub / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text(_REFUSAL)
    hook.chmod(0o755)
    desk = hub / "desk"
    for name in ("objects", "refs", "info"):
        (desk / name).mkdir(parents=True)
    (desk / "HEAD").write_text("ref: refs/heads/none\n")
    (desk / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
    (desk / "info" / "exclude").write_text(EXCLUDED)
    (desk / "info" / "attributes").write_text(_UNUSABLE)
