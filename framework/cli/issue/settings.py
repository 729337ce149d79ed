"""`issue config`: what is set, where it is from, and changing it."""

from __future__ import annotations

from argparse import Namespace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...domain.duration import told
from .._options import OK, REFUSED, Parser
from .command import Command, Group
from .context import Context
from .saving import add_user, project_of, saved_document, tell_backup

if TYPE_CHECKING:
    from ...config.detection import Detected
    from ...config.writing import Saved

_AGENT = ("id", "type", "session", "claim_timeout")


def _detect(context: Context, options: Namespace) -> int:
    from ...config.detection import detect

    found = detect(project_of(context))
    context.out.item(detected_document(found), _detected_text(project_of(context), found))
    return OK


def _init_arguments(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="save without asking at a terminal")


def _init(context: Context, options: Namespace) -> int:
    from ...config.backends import init
    from ...config.detection import detect
    from .asking import agree, on_terminal

    project = project_of(context)
    found = detect(project)
    if not options.yes and on_terminal():
        context.out.note(_detected_text(project_of(context), found))
        if not agree("Save this?"):
            context.out.note("Nothing was saved.")
            return REFUSED
    return _print_saved(context, project, found, init(project, found))


def _auto(context: Context, options: Namespace) -> int:
    from ...config.backends import init
    from ...config.choice import documents
    from ...config.detection import detect
    from ...config.environment import process

    project = project_of(context)
    for file in documents(project, process()):
        if file.tracker is not None:
            context.out.item(
                {"tracker": file.tracker, "file": str(file.path), "backup": None},
                f"{file.tracker} is set in {file.path} already; nothing was changed",
            )
            return OK
    found = detect(project)
    return _print_saved(context, project, found, init(project, found))


def _show_arguments(parser: Parser) -> None:
    parser.add_argument("--origin", action="store_true", help="with where each value is from")


def _show(context: Context, options: Namespace) -> int:
    from ...config.listing import origins

    rows = origins(project_of(context))
    context.out.items(
        [{"key": key, "value": text, "origin": origin} for key, text, origin in rows],
        header=("key", "value", "from") if options.origin else ("key", "value"),
        rows=rows if options.origin else [row[:2] for row in rows],
    )
    return OK


def _edit_arguments(parser: Parser) -> None:
    add_user(parser)


def _edit(context: Context, options: Namespace) -> int:
    from .editing import edit

    saved = edit(project_of(context), user=options.user)
    if saved is None:
        context.out.item({"file": None, "backup": None}, "nothing was changed")
        return OK
    context.out.item(saved_document(saved), f"{saved.path} is changed")
    tell_backup(context, saved)
    return OK


def _agent_show(context: Context, options: Namespace) -> int:
    from ...config.agent import agent_settings
    from ...config.environment import process

    said = agent_settings(project_of(context), process())
    seconds = float(said["claim_timeout"][0])
    values = {key: said[key][0] if key in said else None for key in _AGENT}
    values["claim_timeout"] = told(timedelta(seconds=seconds))
    context.out.item(
        {
            **values,
            "claim_timeout_seconds": seconds,
            "origins": {key: origin for key, (_, origin) in said.items()},
        },
        "\n".join(f"{key} {values[key]} ({said[key][1]})" for key in _AGENT if key in said),
    )
    return OK


def _set_arguments(parser: Parser) -> None:
    parser.add_argument("value", metavar="TEXT")
    add_user(parser)


def _set_id(context: Context, options: Namespace) -> int:
    return _set(context, options, "id")


def _set_type(context: Context, options: Namespace) -> int:
    return _set(context, options, "type")


def _set(context: Context, options: Namespace, key: str) -> int:
    from ...config.agent import agent_settings, set_agent
    from ...config.environment import process

    project, value = project_of(context), options.value
    saved = (
        set_agent(project, id=value, user=options.user)
        if key == "id"
        else set_agent(project, kind=value, user=options.user)
    )
    context.out.item(saved_document(saved), f"{value} is written into {saved.path}")
    tell_backup(context, saved)
    counts, origin = agent_settings(project, process())[key]
    if counts != value:
        context.out.note(f"{counts} counts all the same, from {origin}")
    return OK


def _print_saved(context: Context, project: Path, found: Detected, saved: Saved) -> int:
    from ...config.choice import choose

    chosen = choose(project)
    context.out.item(
        {"tracker": chosen.name, **saved_document(saved), "detected": detected_document(found)},
        "\n".join([*found.reasons, f"{chosen.name} is written into {saved.path} as the default"]),
    )
    tell_backup(context, saved)
    return OK


def detected_document(found: Detected) -> dict[str, Any]:
    """What the git remote and the environment say."""
    remote, backend = found.remote, found.backend
    return {
        "remote": {
            "platform": remote.platform.value if remote.platform else None,
            "base_url": remote.base_url,
            "owner": remote.owner,
            "repo": remote.repo,
        }
        if remote
        else None,
        "backend": {"name": backend.name, "type": backend.type, "fields": dict(backend.fields)}
        if backend
        else None,
        "token_variable": found.token_variable,
        "usable": found.is_usable,
        "reasons": list(found.reasons),
    }


def _place(project: Path) -> str:
    from ...config.choice import choose

    chosen = choose(project)
    return "the local board" if chosen.path is not None else f"the backend {chosen.name}"


def _detected_text(project: Path, found: Detected) -> str:
    backend = found.backend
    fields = backend.fields.items() if backend else ()
    last = "" if found.is_usable else f"Issues are in {_place(project)}."
    lines = [*found.reasons, *(f"  {key} {text}" for key, text in fields), last]
    return "\n".join(line for line in lines if line)


_AGENT_GROUP = Group(
    help="who acts",
    description="Who acts on issues here: the name that every write carries, and what that is. "
    "ISSUE_AGENT_ID and ISSUE_AGENT_TYPE in the environment go before this.",
    commands={
        "show": Command(
            help="who you are",
            description="Show who acts, and where that is from.",
            examples=("issue config agent show", "issue config agent show --json"),
            run=_agent_show,
        ),
        "set-id": Command(
            help="the name",
            description="Write down the name of whoever acts here.",
            examples=('issue config agent set-id "agent-coder-v1"',),
            arguments=_set_arguments,
            run=_set_id,
        ),
        "set-type": Command(
            help="what that is",
            description="Write down what acts here, such as coder or reviewer. Only a `person` "
            "may go over somebody's claim.",
            examples=('issue config agent set-type "coder"',),
            arguments=_set_arguments,
            run=_set_type,
        ),
    },
)

COMMAND = Group(
    help="what is set, and where it is from",
    description="Configuration: the project's .nightshift/config.json, yours in "
    "~/.config/nightshift/, the environment and the git remote. Nothing has to be configured.",
    commands={
        "show": Command(
            help="what is set",
            description="Show every setting that counts here. Of a token only its source is shown.",
            examples=(
                "issue config show",
                "issue config show --origin",
                "issue config show --json",
            ),
            arguments=_show_arguments,
            run=_show,
        ),
        "detect": Command(
            help="what could be set",
            description="Say what the git remote and the environment tell of the project's forge. "
            "Nothing is saved, and no forge is asked.",
            examples=("issue config detect", "issue config detect --json"),
            run=_detect,
        ),
        "init": Command(
            help="save what was detected",
            description="Detect, confirm at a terminal, and save into the project's "
            "configuration. A copy of what was there is kept.",
            examples=("issue config init", "issue config init --yes --json"),
            arguments=_init_arguments,
            run=_init,
        ),
        "auto": Command(
            help="save it unless something is set",
            description="Where no configuration names a tracker yet, save what the git remote and "
            "the environment say, or the local board. Asks nothing.",
            examples=("issue config auto",),
            run=_auto,
        ),
        "edit": Command(
            help="change the file in your editor",
            description="Open the configuration in $VISUAL or $EDITOR, at a terminal only. What "
            "was edited takes effect when it is right; else it is kept beside the file.",
            examples=("issue config edit", "issue config edit --user"),
            arguments=_edit_arguments,
            run=_edit,
        ),
        "agent": _AGENT_GROUP,
    },
)
