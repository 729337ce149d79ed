"""What git says about a project: the remote that tells its forge, and what came with a clone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import GitFailed
from ..domain.remote import Remote, parse_remote
from .environment import for_git
from .place import git_top

_FIRST = ("origin", "upstream")
_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """`remote` is None where there is no remote on a forge; `why` then says so in a sentence."""

    name: str = ""
    remote: Remote | None = None
    why: str = ""


def find_remote(project: Path) -> Found:
    """`origin`, else `upstream`, else the first that is on a forge, as git itself resolves it:
    with `insteadOf`, included files, linked work trees. Runs git once, where there is a
    repository at all."""
    if git_top(project) is None:
        return Found(why=f"{project} is in no git repository.")
    try:
        lines = _ask(project, "remote", "--verbose")
    except GitFailed as error:
        return Found(why=str(error))
    urls = _urls(lines)
    for name in dict.fromkeys((*_FIRST, *urls)):
        if remote := parse_remote(urls.get(name, "")):
            return Found(name=name, remote=remote)
    return Found(why="No git remote of the repository is on a forge.")


def is_tracked(project: Path, name: str) -> bool:
    """Whether git has `name`, or anything in it, as part of the repository, in any case of its
    letters. Raises GitFailed where git cannot say."""
    return git_top(project) is not None and bool(_ask(project, "ls-files", "--", f":(icase){name}"))


def is_offered(project: Path, name: str) -> bool:
    """Whether `git add` would make anything in `name` part of the repository. Raises GitFailed
    where git cannot say."""
    others = ("ls-files", "--others", "--exclude-standard", "--", name)
    return git_top(project) is not None and bool(_ask(project, *others))


def _urls(lines: str) -> dict[str, str]:
    """From lines such as `origin<TAB>https://… (fetch)`; the first address of each remote."""
    found: dict[str, str] = {}
    for line in lines.splitlines():
        name, _, rest = line.partition("\t")
        url, mark, _ = rest.rpartition(" (fetch)")
        if mark:
            found.setdefault(name, url)
    return found


def _ask(project: Path, *words: str) -> str:
    import subprocess

    try:
        ran = subprocess.run(
            ("git", "-C", str(project), *words),
            env=for_git(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitFailed(f"Git could not be asked about {project}: {error}.") from error
    if ran.returncode != 0:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines() or ["it failed"]
        raise GitFailed(f"Git says nothing about {project}: {said[0]}.")
    return ran.stdout.decode("utf-8", "replace")
