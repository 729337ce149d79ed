"""The environment and `.env`: which variables are read, and what each is for."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ..domain.errors import SettingsError
from ..domain.nearest import hint
from .place import CONFIG_FILE

TOKEN_FAMILIES: Mapping[str, str] = {
    "CLAUDE_CODE_OAUTH_TOKEN": "A Claude subscription's token, from `claude setup-token`.",
    "ANTHROPIC_API_KEY": "An API key. Sessions share all tokens and keys that are set.",
}
_PLACES = ("PRIMARY", *"123456789", "SECONDARY", "TERTIARY", "BACKUP")


def token_names(family: str) -> tuple[str, ...]:
    """The variables that a family of tokens is read from, in order."""
    return (family, *(f"{family}_{place}" for place in _PLACES))


VARIABLES: Mapping[str, str] = {
    **TOKEN_FAMILIES,
    **{
        name: f"One more of {family}."
        for family in TOKEN_FAMILIES
        for name in token_names(family)[1:]
    },
    "ANTHROPIC_BASE_URL": "Another endpoint for the model [Anthropic's].",
    "NIGHTSHIFT_MODEL": "The model of all sessions [opus].",
    "NIGHTSHIFT_SECOND_MODEL": "What an issue is tried with when the first one fails [sonnet].",
    "NIGHTSHIFT_PLAN_ISSUES": "How many issues a plan may have, as `25-50` [by the spec's size].",
    "NIGHTSHIFT_SESSION_MINUTES": "Wall time of one session [60].",
    "NIGHTSHIFT_SESSION_TURNS": "Turns of one session [200].",
    "NIGHTSHIFT_SESSION_USD": "Money of one session at list prices [20].",
    "NIGHTSHIFT_ISSUE_MINUTES": "Wall time of all sessions of one issue [no limit].",
    "NIGHTSHIFT_ISSUE_TURNS": "Their turns [no limit].",
    "NIGHTSHIFT_ISSUE_USD": "Their money at list prices [no limit].",
    "NIGHTSHIFT_RUN_MINUTES": "Wall time of all sessions of one run [no limit].",
    "NIGHTSHIFT_RUN_TURNS": "Their turns [no limit].",
    "NIGHTSHIFT_RUN_USD": "Their money at list prices [no limit].",
    "NIGHTSHIFT_DAY_MINUTES": "Wall time of all sessions of the project in one day [no limit].",
    "NIGHTSHIFT_DAY_TURNS": "Their turns [no limit].",
    "NIGHTSHIFT_DAY_USD": "Their money at list prices [no limit].",
    "NIGHTSHIFT_TOOL_MINUTES": "How long one command of a session may run [20].",
    "NIGHTSHIFT_LEASE_SECONDS": "How long a claim of a run lives without renewal [1800].",
    "NIGHTSHIFT_STALL_SECONDS": "Silence after which a session counts as stalled [300].",
    "NIGHTSHIFT_MAX_FAILURES": "Failed attempts after which an issue is blocked [5].",
    "NIGHTSHIFT_REVIEWS": "Pull requests that may wait for people before no issue is begun [10].",
    "NIGHTSHIFT_CHECK_SECONDS": "Time limit of one check [900].",
    "NIGHTSHIFT_CRASH": "For tests of crashes: the moment to die at, such as `land:after`.",
    "NIGHTSHIFT_BOX_READ": "More directories that boxed programs may read, separated by `:`.",
    "NIGHTSHIFT_NETWORK": "What sessions reach: `open` or `model-only` [open].",
    "NIGHTSHIFT_CHECK_NETWORK": "What checks reach: `off` or `open` [off].",
    "HTTPS_PROXY": "Passed on to the agent's program.",
    "HTTP_PROXY": "Passed on to the agent's program.",
    "NO_PROXY": "Passed on to the agent's program.",
    "GITEA_URL": "The web address of the Gitea or Forgejo that the token is for.",
    "GITEA_TOKEN": "A token of it.",
    "GITEA_API_TOKEN": "The same, where GITEA_TOKEN is not set.",
    "GITEA_OWNER": "Whose repository holds the issues [the git remote's].",
    "GITEA_REPO": "Which repository holds the issues [the git remote's].",
    "GITHUB_TOKEN": "A token of github.com [that of `gh`, where GitHub is asked for by name].",
    "GH_TOKEN": "The same, where GITHUB_TOKEN is not set.",
    "GITLAB_URL": "The web address of the GitLab that the token is for [https://gitlab.com].",
    "GITLAB_TOKEN": "A token of it.",
    "NIGHTSHIFT_WEBHOOK_SECRET": "What the forge's webhook and `issue webhook serve` both know.",
    "ISSUE_AGENT_ID": "Who acts on issues [the system user].",
    "ISSUE_AGENT_TYPE": "What that is, such as coder [agent; a person without ISSUE_AGENT_ID].",
    "ISSUE_SESSION_ID": "What tells two callers of one name apart [the calling process].",
    "XDG_CONFIG_HOME": "Where the person's own configuration is [~/.config].",
    "XDG_STATE_HOME": "Where workspaces are kept while they are worked in [~/.local/state].",
    "VISUAL": "The editor of `issue config edit`.",
    "EDITOR": "The same, where VISUAL is not set [vi].",
    "PATH": "Where programs are found; its directories outside /usr are readable in the box.",
}
"""Every variable that is read, with what it does and its default. Besides these only the one
that a `token_source` of the form `env:NAME` names."""

_OURS = "NIGHTSHIFT_"
_NUMBERED = re.compile(rf"({'|'.join(TOKEN_FAMILIES)})_\d+")
_INSIDE = frozenset({"NIGHTSHIFT_HUB", "NIGHTSHIFT_TARGET"})
"""What a session of ours has in its environment: a run started in one is not our mistake."""
_GIT_PLACES = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE"})


def environment() -> dict[str, str]:
    """For a run: the variables that we read, from the environment and, below it, from `.env` in
    the current directory.

    An unknown `NIGHTSHIFT_` variable is a SettingsError that names the nearest known one, and so
    is a token's with a number that no family has: it would be missing without a word.
    """
    merged = {**_dotenv(Path(".env"), ""), **os.environ}
    for name in merged.keys() - _INSIDE:
        if name.startswith(_OURS) and name not in VARIABLES:
            raise SettingsError(
                f"Unknown setting {name} (environment or .env). {hint(name, VARIABLES)}"
            )
        if _NUMBERED.fullmatch(name) and name not in VARIABLES:
            raise SettingsError(
                f"{name} is not read (environment or .env). A token's variable ends with _1 to _9, "
                "_PRIMARY, _SECONDARY, _TERTIARY, _BACKUP or nothing: give it one of these names."
            )
    return {name: merged[name] for name in VARIABLES if merged.get(name, "") != ""}


def process() -> Mapping[str, str]:
    """This process's environment as it is."""
    return os.environ


def lookup(project: Path, name: str, variables: Mapping[str, str]) -> tuple[str, str] | None:
    """The value of a token's variable and where it was found; None where it is not set.

    From `variables`, and below them from the project's `.env`, which counts for tokens alone: a
    file that came with a repository must not say where a person's own token is sent.
    """
    if value := variables.get(name, "").strip():
        return value, "environment"
    path = project / ".env"
    value = (_dotenv(path, name).get(name) or "").strip()
    return (value, str(path)) if value else None


def user_file(variables: Mapping[str, str]) -> Path:
    """The person's own configuration file; it need not be there."""
    given = Path(variables.get("XDG_CONFIG_HOME", ""))  # a relative one is to be ignored, says XDG
    folder = given if given.is_absolute() else Path("~/.config").expanduser()
    return folder / "nightshift" / CONFIG_FILE


def editor(variables: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The words of the command that edits a file, which is to be added."""
    import shlex

    env = process() if variables is None else variables
    text = env.get("VISUAL", "").strip() or env.get("EDITOR", "").strip() or "vi"
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise SettingsError(
            f"VISUAL or EDITOR is no command: {error}. Set it to one, such as `vi`."
        ) from error


def for_git() -> dict[str, str]:
    """An environment in which git looks where it is told, also when called from a hook."""
    kept = {name: text for name, text in os.environ.items() if name not in _GIT_PLACES}
    return {**kept, "LC_ALL": "C"}


def for_remotes() -> dict[str, str]:
    """What git and its credential helpers get for a person's remotes: all but the model's
    tokens."""
    ours = {name for family in TOKEN_FAMILIES for name in token_names(family)}
    return {name: text for name, text in os.environ.items() if name not in ours}


_SECRET = re.compile(r"(^|_)(TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(_|$)")
_SHORTEST = 8


def secrets_around() -> list[str]:
    """The values of this process's variables and of `.env` whose names say that they are secret.
    What is short or a path is none: it would be taken out of ordinary text."""
    merged = {**_dotenv(Path(".env"), ""), **os.environ}
    named = (text.strip() for name, text in merged.items() if _SECRET.search(name.upper()))
    return [text for text in named if len(text) >= _SHORTEST and not text.startswith("/")]


def _dotenv(path: Path, wanted: str) -> dict[str, str]:
    """What the file sets, if the text `wanted` is in it at all: its parser is slow to import."""
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Mend it, or move it away.") from error
    if wanted not in text:
        return {}
    from io import StringIO

    from dotenv import dotenv_values

    found = dotenv_values(stream=StringIO(text))
    return {name: value for name, value in found.items() if value is not None}
