"""Bringing the landed work to the person: fast-forward only, and never over what is theirs."""

from __future__ import annotations

from ..domain.errors import GitFailed
from . import refs
from .hub import Hub
from .project import Project


def deliver(hub: Hub, project: Project) -> str | None:
    """Bring the person's branch to the target's tip. Where that is not possible, write the tip
    to `refs/nightshift/<target>` in their repository and return what they have to know."""
    tip, name = hub.tip(), refs.target(hub.target)
    theirs = project.commit(name)
    if theirs is not None and _contains(project, theirs, tip):
        return None
    project.take(hub.path, name)  # the objects
    why = _forward(hub, project, theirs, tip)
    if why is None:
        return None
    kept = f"refs/nightshift/{hub.target}"
    project.git.run("update-ref", kept, tip)
    forward = theirs is None or _contains(project, tip, theirs)
    how = f"git merge {'--ff-only ' if forward else ''}{kept}"
    return (
        f"The landed work is in {kept} of {project.directory}, not on {hub.target}, because {why}; "
        f"to take it, run `{how}` on {hub.target}"
    )


def _forward(hub: Hub, project: Project, theirs: str | None, tip: str) -> str | None:
    """Why the branch could not be moved; None when it was."""
    branch = project.branch()
    if theirs is not None and not _contains(project, tip, theirs):
        return "it has commits that the landed work does not have yet"
    if branch == hub.target:
        return _forward_checkout(project, theirs, tip)
    if branch is None:
        return "no branch is checked out"
    if theirs is None:
        return f"{branch} is checked out, and there is no branch {hub.target}"
    name = refs.target(hub.target)
    # Git itself refuses when another worktree, or a rebase in one, has the branch.
    return None if project.take(hub.path, f"{name}:{name}") else "another worktree has it"


def _forward_checkout(project: Project, theirs: str | None, tip: str) -> str | None:
    if theirs is None:
        untouched = project.git.run("ls-files", "-z") == ""
    else:
        status = ("status", "--porcelain", "--untracked-files=no")
        untouched = project.git.run(*status) == ""
    if not untouched:
        return "the checkout has changes that are not committed"
    try:
        project.git.run(
            *("merge", "--ff-only", "--quiet", "--no-stat", "--no-autostash"),
            *("--no-overwrite-ignore", tip),
        )
    except GitFailed as error:
        if project.commit("HEAD") == tip:
            raise
        return "git refuses: " + " ".join(str(error).partition(": ")[2].split())[:300]
    return None


def _contains(project: Project, commit: str, other: str) -> bool:
    """Whether `other` is in the history of `commit`; an unknown commit is not."""
    return project.git.call("merge-base", "--is-ancestor", other, commit).code == 0
