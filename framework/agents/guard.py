"""What a session is told not to do, before it does it.

This is *steering, not a boundary*: it tells an honest agent at once what would be refused later,
and what to do instead. Any command can be hidden from it (docs/robustness.md says how many of
fifty tries are). What an agent cannot do is decided by the box and by the landing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import history
from .shell import Command, commands

TOOLS = "Bash|Write|Edit|Read|Grep|Glob"
"""The tools to ask about, as the SDK's matcher writes it."""

_WRITERS = ("Write", "Edit", "MultiEdit", "NotebookEdit")
_DEVICES = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd")
_PROCFS = re.compile(r"/proc/[^/\s]+/(?:task/[^/\s]+/)?(?:environ|mem|root|fd)\b")
_ROOTS = frozenset(["sudo", "su", "doas", "pkexec", "runuser"])
_PUBLISHERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "lerna", "vsce", "cargo"), ("publish",)),
    **dict.fromkeys(("poetry", "uv", "flit", "hatch"), ("publish",)),
    **dict.fromkeys(("docker", "podman", "helm", "gem"), ("push",)),
    "twine": ("upload",),
    "mvn": ("deploy",),
    "gh": ("pr", "release", "api", "repo", "issue"),
    "glab": ("mr", "release", "api", "repo", "issue"),
}
_ISSUE_WRITES = frozenset({"edit", "comment", "claim", "depends", "message"})
_ISSUE = re.compile(r"#?(?:\d+|[A-Z][A-Z0-9]*-\d+)")
_ISSUE_DECIDES = frozenset(["close", "reopen", "delete"])
_NIGHTSHIFT = frozenset({"run", "auto", "extend", "clean", "rescue", "tokens"})


@dataclass(frozen=True, kw_only=True)
class GuardRules:
    """What one session may touch. `root` is its clone; below `writable` it may write as well.
    `commits` is how many commits of its own its branch has, None where that is not known."""

    root: str
    issue: str
    branch: str
    writable: tuple[str, ...] = ("/tmp",)
    commits: int | None = None


def judge(tool: str, arguments: Mapping[str, Any], rules: GuardRules) -> str | None:
    """Why this call is refused, and what to do instead; None where nothing is known against it.

    Pure: looks at no file and runs nothing. Does not raise for any `arguments`.
    """
    if tool == "Bash":
        return next(_of_shell(str(arguments.get("command") or ""), rules), None)
    path = str(arguments.get("file_path") or arguments.get("notebook_path") or "")
    where = path or str(arguments.get("path") or "")
    if _PROCFS.search(where):
        return _PROCESSES
    if tool in _WRITERS:
        return _of_path(path, rules)
    return None


Hook = Callable[[Any, str | None, Any], Awaitable[dict[str, Any]]]


def hook(rules: Callable[[], GuardRules], refused: Callable[[str], None] = lambda _: None) -> Hook:
    """`judge` as a PreToolUse hook of the SDK, which tells `refused` the id of each call that it
    refuses. Fails closed: an error of ours refuses the call.
    The matcher is to be made with `on_failure="block"`, for what fails outside of us."""

    async def before_tool(call: Any, id: str | None, _context: Any) -> dict[str, Any]:
        try:
            why = judge(call["tool_name"], call["tool_input"], rules())
        except Exception as error:  # noqa: BLE001 - whatever it is, the call must not run
            why = f"The guard could not look at this call ({error!r}): try it in another way."
        if why is None:
            return {}
        refused(id or "")
        return _refusal(why)

    return before_tool


def _refusal(why: str) -> dict[str, Any]:
    return {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": why,
        }
    }


_PROCESSES = (
    "Reading other processes through /proc is refused: your settings are in your own environment, "
    "and nothing there is needed for the issue."
)
_ADMINISTRATOR = (
    "You have no other user's rights, and need none: install into the clone or work without."
)
_PUBLISHING = (
    "Publishing is refused: your work reaches people by landing. Commit it, and call `finished`."
)
_BY_NAME = (
    "Killing by name is refused, because it may hit what is not yours: keep the id of what you "
    "start (`$!`), and kill that."
)
_OTHERS = (
    "Only your own issue is yours to change: say what the other one needs with the tool `comment`."
)
_CLOSING = "Only the runner closes issues, after the checks: call the tool `finished`."
_RUNNER = (
    "Runs are the person's to steer: do your issue, or call the tool `blocked` with a question."
)


def _of_shell(text: str, rules: GuardRules) -> Iterator[str]:
    for command in commands(text):
        yield from _of_command(command, rules)


def _of_command(command: Command, rules: GuardRules) -> Iterator[str]:
    name, rest = command.program, command.words[1:]
    if any(_PROCFS.search(word) for word in (*rest, *command.reads)):
        yield _PROCESSES
    if name in _ROOTS:
        yield _ADMINISTRATOR
    if name == "git":
        yield from history.objections(rest, branch=rules.branch, commits=rules.commits)
    if _kills_by_name(command):
        yield _BY_NAME
    if _publishes(name, rest):
        yield _PUBLISHING
    if name == "issue":
        yield from _of_issue(rest, rules.issue)
    if name == "nightshift" and _first(rest) in _NIGHTSHIFT:
        yield _RUNNER
    targets = (*command.writes, *(_operands(rest) if name == "tee" else ()))
    yield from (why for path in targets if (why := _of_path(path, rules)))


def _of_path(path: str, rules: GuardRules) -> str | None:
    if not path or "$" in path or "`" in path or path.startswith(_DEVICES):
        return None  # what a variable holds is not known here
    where = posixpath.normpath(posixpath.join(rules.root, path))
    if _is_below(where, posixpath.join(rules.root, ".git")):
        return "Git's own files are not to be written: use git's commands for what you want."
    if not path.startswith("~") and any(
        _is_below(where, one) for one in (rules.root, *rules.writable)
    ):
        return None
    return (
        f"{path} is outside of your clone: write below {rules.root}, or into /tmp what is not to "
        "be kept."
    )


def _is_below(path: str, directory: str) -> bool:
    directory = posixpath.normpath(directory)
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _kills_by_name(command: Command) -> bool:
    name, rest = command.program, command.words[1:]
    if name in ("pkill", "killall", "killall5", "skill", "slay"):
        return True
    if name == "fuser":
        return any(re.fullmatch(r"-\w*k\w*|--kill", word) for word in rest)
    if name != "kill":
        return False
    if command.piped in ("pgrep", "pidof", "ps", "grep", "awk"):
        return True
    return "-1" in rest[1:] or any(
        "$(pgrep" in one or "$(pidof" in one or "`p" in one for one in rest
    )


def _publishes(name: str, rest: tuple[str, ...]) -> bool:
    if name.startswith("python") and rest[:2] == ("-m", "twine"):
        name, rest = "twine", rest[2:]
    operands = _operands(rest)
    if name in ("dotnet", "nuget"):
        return "push" in operands[:2]
    return _first(rest) in _PUBLISHERS.get(name, ()) and "--dry-run" not in rest


def _of_issue(rest: tuple[str, ...], own: str) -> Iterator[str]:
    verb, *named = _operands(rest) or ("",)
    if verb in _ISSUE_DECIDES:
        yield _CLOSING
    elif verb == "claim" and named[:1] == ["next"]:
        yield _OTHERS
    elif verb in _ISSUE_WRITES:
        first = next((word.removeprefix("#") for word in named if _ISSUE.fullmatch(word)), own)
        if first != own:
            yield _OTHERS


def _operands(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.startswith("-"))


def _first(words: tuple[str, ...]) -> str:
    return (*_operands(words), "")[0]
