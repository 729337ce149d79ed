"""Which git commands a session is kept from, and what it should do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PUSHING = (
    "There is no remote and nothing to push: commit on your branch and call `finished`; the "
    "runner takes it from there."
)
_REWRITING = (
    "History that is not your own branch's stays as it is: make a new commit, or undo one with "
    "`git revert`."
)
_LANDED = (
    "That commit is not yours but what your branch began from: make a new commit instead, or "
    "undo it with `git revert`."
)
_PLUMBING = (
    "Refs and objects are not to be changed by hand: `git switch`, `git commit` and `git merge` do."
)
_TREES = "You have one clone and one branch: work there, and look at others with `git show`."
_SETTINGS = (
    "Remotes and what git runs by itself are not to be set: nothing is fetched or pushed here."
)

_PUSHERS = frozenset(
    {*("push", "send-pack", "http-push"), *("svn", "p4", "send-email", "request-pull")}
)
_REWRITERS = frozenset(["filter-branch", "filter-repo", "replace", "fast-import"])
_OBJECTS = frozenset(["update-ref", "prune", "prune-packed", "pack-refs", "unpack-objects"])
_WITH_VALUE = frozenset(
    {*("-C", "-c", "--git-dir", "--work-tree"), *("--namespace", "--exec-path", "--config-env")}
)
_SET = re.compile(
    r"(?:remote\.|url\.|alias\.|credential\.|filter\.|core\.(?:hookspath|fsmonitor|sshcommand|editor"
    r"|pager|worktree)|include)",
    re.IGNORECASE,
)
_READING = frozenset(
    {*("--get", "--get-all", "--get-regexp", "--get-urlmatch"), *("--list", "-l", "get", "list")}
)
_BACK = re.compile(r"(?:HEAD|@)(\^*)(?:~(\d*))?(\^*)")


def objections(words: tuple[str, ...], *, branch: str, commits: int | None) -> Iterator[str]:
    """Why `git` with these words is refused; nothing where it is not. `commits` is how many of
    its own the branch has, None where that is not known."""
    settings, verb, rest = _taken_apart(words)
    if any(_SET.match(one) for one in settings):
        yield _SETTINGS
    if verb in _PUSHERS:
        yield _PUSHING
    if verb in _REWRITERS:
        yield _REWRITING
    if verb in _OBJECTS or (verb == "symbolic-ref" and len(_operands(rest)) > 1):
        yield _PLUMBING
    if verb == "worktree" and rest[:1] != ("list",):
        yield _TREES
    if _expires(verb, rest):
        yield _PLUMBING
    if verb == "remote" and rest[:1] and rest[0] in ("add", "set-url", "rename", "set-head"):
        yield _SETTINGS
    if verb == "config" and _sets(rest):
        yield _SETTINGS
    yield from _about_own(verb, rest, branch, commits)


def _about_own(verb: str, rest: tuple[str, ...], branch: str, commits: int | None) -> Iterator[str]:
    if verb == "commit" and "--amend" in rest and commits == 0:
        yield _LANDED
    if verb == "rebase":
        operands = _operands(rest)
        if "--root" in rest or operands[1:2] not in ((), (branch,), ("HEAD",)):
            yield _REWRITING
        elif _beyond(operands[:1], commits):
            yield _LANDED
    if verb == "reset" and _beyond(_operands(rest), commits):
        yield _LANDED
    if verb == "branch" and _forces(rest) and branch not in _operands(rest)[:1]:
        yield _REWRITING


def _taken_apart(words: tuple[str, ...]) -> tuple[list[str], str, tuple[str, ...]]:
    """Git's own settings, the verb, and what belongs to it."""
    settings: list[str] = []
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] in ("-c", "--config-env"):
            settings += words[at + 1 : at + 2]
        at += 2 if words[at] in _WITH_VALUE else 1
    return settings, "".join(words[at : at + 1]), words[at + 1 :]


def _expires(verb: str, rest: tuple[str, ...]) -> bool:
    if verb == "gc":
        return any(one.startswith("--prune") for one in rest)
    return verb == "reflog" and rest[:1] in (("expire",), ("delete",))


def _sets(rest: tuple[str, ...]) -> bool:
    if _READING.intersection(rest):
        return False
    names = [one for one in _operands(rest) if "." in one]
    return bool(names) and _SET.match(names[0]) is not None and len(_operands(rest)) > 1


def _forces(rest: tuple[str, ...]) -> bool:
    return any(one in ("-f", "--force", "-M", "-C") for one in rest)


def _beyond(operands: tuple[str, ...], commits: int | None) -> bool:
    """Whether a revision like `HEAD~3` lies before the branch's first commit."""
    if commits is None or not operands or not (found := _BACK.fullmatch(operands[0])):
        return False
    carets, count, more = found[1], found[2], found[3]
    tilde = int(count or 1) if count is not None else 0
    return len(carets) + tilde + len(more) > commits


def _operands(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.startswith("-"))
