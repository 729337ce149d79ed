"""Where a project is, and its own directory in it."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from ..domain.errors import SettingsError, UsageError

STATE_DIRECTORY = ".nightshift"
CONFIG_FILE = "config.json"
_OURS = f"{STATE_DIRECTORY}/"
_STORE = "store-id"


def find_project(start: Path) -> Path:
    """The nearest directory from `start` upwards with a `.nightshift/`, else the top of its git
    work tree, else `start`. Of a linked work tree without a board it is the main one, if that has
    one. Absolute, without symbolic links. Runs no program.

    Not looked at: what lies above the home directory or on another file system, and directories
    above `start` in which anybody may write, such as /tmp. A `.nightshift/` in the home directory
    itself does not count for the repositories below it.

    Raises UsageError where `start` is no directory.
    """
    start = _directory(start)
    home = Path(os.path.realpath(Path("~").expanduser()))
    top: Path | None = None
    for place in _upwards(start, home):
        if top is not None and place == home:
            break
        if os.path.isdir(place / STATE_DIRECTORY):
            return place
        if top is None and os.path.exists(place / ".git"):
            top = place
    return _main_work_tree(top) or top or start


def _main_work_tree(top: Path | None) -> Path | None:
    """Of a linked work tree, the one that the repository is in, if it has a `.nightshift/`: all
    work trees of a repository share its board."""
    if top is None or not (top / ".git").is_file():
        return None
    try:
        inner = top / (top / ".git").read_text("utf-8").removeprefix("gitdir:").strip()
        common = Path(os.path.realpath(inner / (inner / "commondir").read_text("utf-8").strip()))
    except (OSError, UnicodeDecodeError):
        return None  # a submodule, or no link to anything
    main = common.parent
    return main if common.name == ".git" and (main / STATE_DIRECTORY).is_dir() else None


def git_top(project: Path) -> Path | None:
    """The top of the git work tree that `project` is in; None where there is none."""
    return next((one for one in (project, *project.parents) if os.path.exists(one / ".git")), None)


def prepare(project: Path) -> Path:
    """Make the project's `.nightshift/` where it is missing, and keep it out of the person's git.

    Returns the directory. Raises SettingsError where it cannot be made.
    """
    directory = project / STATE_DIRECTORY
    if directory.is_dir():
        return directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        keep_out(project, directory)
    except OSError as error:
        raise SettingsError(
            f"{directory} cannot be made: {error.strerror}. Give this user the right to write "
            f"in {project}, move away what is in the way, or choose another project."
        ) from error
    return directory


def store_id(project: Path) -> str:
    """What names this project's leases among those of all hosts: six hexadecimal digits, made up
    at first use. Raises SettingsError where it cannot be kept."""
    path = prepare(project) / _STORE
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return _new_id(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Mend it, or delete it.") from error


def _new_id(path: Path) -> str:
    """Of two processes that make one up at once, both get the first."""
    import secrets

    own = path.with_name(f"{_STORE}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        own.write_text(f"{secrets.token_hex(3)}\n", "ascii")
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
        return path.read_text("ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be made: {error.strerror}. Give this user the right to write there."
        ) from error
    finally:
        own.unlink(missing_ok=True)


def _directory(start: Path) -> Path:
    try:
        real = Path(os.path.realpath(start, strict=True))
    except OSError as error:
        raise UsageError(
            f"{start} cannot be looked at: {error.strerror}. Name the directory of a project."
        ) from error
    if not real.is_dir():
        raise UsageError(f"{start} is a file. Name the directory of a project.")
    return real


def _upwards(start: Path, home: Path) -> list[Path]:
    """`start` and what may be looked at above it, the nearest first."""
    found = [start]
    device = start.stat().st_dev
    for place in () if start == home else start.parents:
        status = place.stat()
        if status.st_dev != device:
            break
        if os.name != "posix" or not status.st_mode & stat.S_IWOTH:
            found.append(place)
        if place == home:
            break
    return found


def keep_out(project: Path, directory: Path) -> None:
    """As the runner does it: a line in git's own list of what to leave out. Where that cannot be
    written, as in a box with a read-only `.git`, the directory itself says so."""
    top = git_top(project)
    if top is None:
        return
    try:
        _add_line(_git_directory(top) / "info" / "exclude")
    except OSError:
        (directory / ".gitignore").write_text("*\n", "utf-8")


def _git_directory(top: Path) -> Path:
    """The directory that all work trees of the repository share."""
    git = top / ".git"
    if git.is_file():
        git = top / git.read_text("utf-8").removeprefix("gitdir:").strip()
        shared = git / "commondir"
        if shared.is_file():
            git = git / shared.read_text("utf-8").strip()
    return git


def _add_line(exclude: Path) -> None:
    exclude.parent.mkdir(parents=True, exist_ok=True)
    text = exclude.read_bytes() if exclude.exists() else b""
    if _OURS.encode() not in text.splitlines():
        gap = "" if not text or text.endswith(b"\n") else "\n"
        with exclude.open("a", encoding="utf-8") as file:
            file.write(f"{gap}{_OURS}\n")
