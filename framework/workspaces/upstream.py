"""Where a project's landings are pushed to, as its person configured git."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..domain.errors import TargetMissing
from . import refusal
from ._git import Git
from .origin import SECONDS, Origin
from .project import Project
from .refused import Refusals

_OTHER_PLACES = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "COMMON_DIR", "WORK_TREE", "IMPLICIT_WORK_TREE", "INDEX_FILE", "PREFIX"),
        *("OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES", "NAMESPACE", "QUARANTINE_PATH"),
        *("SHALLOW_FILE", "GRAFT_FILE", "REPLACE_REF_BASE", "NO_REPLACE_OBJECTS"),
    )
)
_QUIETLY = {
    "LC_ALL": "C",
    "LANGUAGE": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "GIT_REFLOG_ACTION": "nightshift",
}


def find(
    project: Project,
    *,
    target: str,
    push: bool | None,
    environment: Mapping[str, str],
    refused: Path,
    seconds: float = SECONDS,
) -> Origin | None:
    """Where landings on `target` are to be pushed: its upstream; with `push` also the branch of
    that name of the remote `origin`; nowhere when `push` is False. Without an upstream, or with
    another remote set for pushes than for fetches, only an explicit `push` does push. `refused`
    is the file that remembers a refusal, which an explicit `push` does not heed.

    Raises TargetMissing when it is wanted and there is no remote.
    """
    if push is False:
        return None
    said = _settings(project, environment)
    remote, ref = said.get(f"branch.{target}.remote"), said.get(f"branch.{target}.merge", "")
    if remote in (None, ".") or not ref.startswith("refs/heads/"):
        if not push:
            return None
        remote, ref = _fallback(project, target, said)
    elsewhere = said.get(f"branch.{target}.pushremote") or said.get("remote.pushdefault")
    if push is None and elsewhere not in (None, remote):
        return None
    where = f"{ref} of {refusal.words(said.get(f'remote.{remote}.url', remote or ''))}"
    return Origin(
        project=project,
        target=target,
        remote=remote or "",
        ref=ref,
        environment=_quiet(environment, said.get("core.sshcommand")),
        refusals=Refusals(file=refused, where=where),
        insists=push is True,
        seconds=seconds,
        ignored_hook=_hook(project, said.get("core.hookspath")),
    )


def _fallback(project: Project, target: str, said: Mapping[str, str]) -> tuple[str, str]:
    if "remote.origin.url" not in said:
        raise TargetMissing(
            f"Landings are to be pushed, and {target} in {project.directory} has no upstream and "
            "there is no remote origin: add it with `git remote add origin ADDRESS`, or run "
            "without pushing"
        )
    return "origin", f"refs/heads/{target}"


def _settings(project: Project, environment: Mapping[str, str]) -> dict[str, str]:
    """What the person configured, the last word of each."""
    git = Git("-C", str(project.directory), environment=_quiet(environment, None))
    wanted = r"^(branch\..*\.(remote|merge|pushremote)|remote\.(pushdefault|.*\.url)|core\..*)$"
    rows = git.call("config", "--includes", "-z", "--get-regexp", wanted).out.split("\0")
    pairs = (row.partition("\n") for row in rows if row)
    return {name: value for name, _, value in pairs}


def _hook(project: Project, directory: str | None) -> Path | None:
    place = project.hooks if directory is None else Path(directory).expanduser()
    hook = project.directory / place / "pre-push"
    return hook if os.access(hook, os.X_OK) else None


def _quiet(environment: Mapping[str, str], ssh: str | None) -> dict[str, str]:
    """The person's environment, for this repository and without anything that waits for them."""
    unwanted = _OTHER_PLACES | {"SSH_ASKPASS"}
    kept = {name: value for name, value in environment.items() if name not in unwanted}
    command = environment.get("GIT_SSH_COMMAND") or ssh
    if command is None and "GIT_SSH" not in environment:
        command = "ssh"
    return {"PATH": os.defpath, **kept, **_QUIETLY, **_batch(command)}


def _batch(command: str | None) -> dict[str, str]:
    """Ssh that asks nothing. Another program than OpenSSH's is left as it is."""
    if command is None:
        return {}
    program = command.split()[0].strip("'\"") if command.strip() else ""
    batch = " -oBatchMode=yes -oConnectTimeout=10" if os.path.basename(program) == "ssh" else ""
    return {"GIT_SSH_COMMAND": f"{command}{batch}"}
