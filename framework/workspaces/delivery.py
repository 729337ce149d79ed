"""Bringing the landed work to the person: fast-forward only, and never over what is theirs."""

from __future__ import annotations

from ..domain.errors import GitFailed
from ..effect import effect
from . import refs
from .hub import Hub
from .project import Checkout, Project


def deliver(hub: Hub, project: Project) -> str | None:
    """Bring the person's branch to the target's tip. Where that is not possible, write the tip
    to `refs/nightshift/<target>` in their repository and return what they have to know."""
    tip, checkout = hub.tip(), project.checkout()
    if checkout.branch == hub.target and checkout.commit == tip:
        return None
    with effect("deliver"):
        return _bring(hub, project, checkout, tip)


def _bring(hub: Hub, project: Project, checkout: Checkout, tip: str) -> str | None:
    if checkout.branch == hub.target:
        project.take(hub.path, refs.target(hub.target))  # the objects
        why = _forward_checkout(project, checkout, tip)
    else:
        why = _forward_branch(hub, project, checkout.branch, tip)
    return None if why is None else _put_aside(hub, project, tip, why)


def _forward_checkout(project: Project, checkout: Checkout, tip: str) -> str | None:
    """Why the checked out branch could not be moved; None when it was, or needs not be."""
    if checkout.changed:
        ahead = checkout.commit is not None and project.contains(checkout.commit, tip)
        return None if ahead else "the checkout has changes that are not committed"
    options = ("--ff-only", "--quiet", "--no-stat", "--no-autostash", "--no-overwrite-ignore")
    try:
        project.git.run("merge", *options, tip)
    except GitFailed as error:
        if project.commit("HEAD") == tip:
            return None  # another run has brought it there at the same time
        return "git refuses: " + " ".join(str(error).partition(": ")[2].split())[:300]
    return None


def _forward_branch(hub: Hub, project: Project, checked_out: str | None, tip: str) -> str | None:
    """As above, for a branch that is not checked out."""
    name = refs.target(hub.target)
    project.take(hub.path, name)
    theirs = project.commit(name)
    if theirs is not None and project.contains(theirs, tip):
        return None
    if checked_out is None:
        return "no branch is checked out"
    if theirs is None:
        return f"{checked_out} is checked out, and there is no branch {hub.target}"
    # Git itself refuses when another worktree, or a rebase in one, has the branch.
    if not project.take(hub.path, f"{name}:{name}"):
        return "it has commits of its own, or another worktree has it checked out"
    return None


def _put_aside(hub: Hub, project: Project, tip: str, why: str) -> str:
    aside = f"refs/nightshift/{hub.target}"
    project.git.run("update-ref", aside, tip)
    theirs = project.commit(refs.target(hub.target))
    forward = "--ff-only " if theirs is None or project.contains(tip, theirs) else ""
    return (
        f"The landed work is in {aside} of {project.directory}, not on {hub.target}, because "
        f"{why}; to take it, run `git merge {forward}{aside}` on {hub.target}"
    )
