"""`issue backend`: where issues live, and which of the places is the default."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...domain.errors import EntryNotFound, TrackerUnavailable
from .._options import OK, Parser
from .command import Command, Group
from .context import Context
from .defining import MORE, PLACE, fields_of, refuse_incomplete
from .saving import add_user, project_of, saved_document, tell_backup

if TYPE_CHECKING:
    from ...config.backends import Backend
    from ...config.choice import Chosen

_FIELDS = ("name", "type", *PLACE, *MORE, "token_source")


def _list(context: Context, options: Namespace) -> int:
    from ...config.backends import list_backends

    found = list_backends(project_of(context))
    context.out.items(
        [backend_document(one) for one in found],
        header=("backend", "type", "default", "where", "defined in"),
        rows=(
            (one.name, one.type, "default" if one.is_default else "", _where(one), one.origin)
            for one in found
        ),
    )
    return OK


def _add_arguments(parser: Parser) -> None:
    add = parser.add_argument
    add("name", metavar="NAME")
    add("type", metavar="TYPE", help="local (SQLite), gitea, github or gitlab")
    for name, told in {**PLACE, **MORE}.items():
        add(f"--{name}", metavar=name.upper(), help=told)
    add(
        "--token-source",
        metavar="SOURCE",
        help="env:NAME, file:PATH, keyring:SERVICE/USER or gh:HOST; never the token itself",
    )
    add("--replace", action="store_true", help="change the one of that name; a copy is kept")
    add_user(parser)


def _add(context: Context, options: Namespace) -> int:
    from ...config.backends import add_backend, show_backend
    from ...config.kinds import kind_of

    project = project_of(context)
    kind = kind_of(options.type)
    fields = fields_of(project, kind, options)
    if not options.user:
        refuse_incomplete(kind, fields, options)
    saved = add_backend(
        project, options.name, options.type, fields, user=options.user, replace=options.replace
    )
    chosen = show_backend(project, options.name)
    context.out.item(
        {**chosen_document(chosen), **saved_document(saved)},
        f"{chosen.name} ({chosen.type}) is defined in {saved.path}",
    )
    tell_backup(context, saved)
    if kind.tokens and "token_source" not in chosen.fields:
        context.out.note(f"No token yet: set {' or '.join(kind.tokens)}.")
    if not chosen.ships:
        context.out.note(f"This version has no {chosen.type} backend yet: it cannot be opened.")
    return OK


def _show_arguments(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "--field", choices=_FIELDS, metavar="FIELD", help=f"only this: {', '.join(_FIELDS)}"
    )


def _show(context: Context, options: Namespace) -> int:
    chosen = _named(project_of(context), options.name)
    values = {"name": chosen.name, "type": chosen.type, **chosen.fields}
    if options.field is None:
        told = (f"{key} {text}{_from(chosen, key)}" for key, text in values.items())
        context.out.item(chosen_document(chosen), "\n".join(told))
    elif options.field in values:
        context.out.item({options.field: values[options.field]}, values[options.field])
    else:
        raise EntryNotFound(
            f"The backend {chosen.name} has no {options.field}. "
            f"See all it has: issue backend show {chosen.name}"
        )
    return OK


def _name_argument(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME")


def _change_arguments(parser: Parser) -> None:
    _name_argument(parser)
    add_user(parser)


def _remove(context: Context, options: Namespace) -> int:
    from ...config.backends import remove_backend

    saved = remove_backend(project_of(context), options.name, user=options.user)
    context.out.item(
        {"name": options.name, "removed": True, **saved_document(saved)},
        f"{options.name} is no backend any more; its issues stay where they are",
    )
    tell_backup(context, saved)
    return OK


def _test(context: Context, options: Namespace) -> int:
    from ...attach import open_tracker
    from ...domain.query import Query

    project = project_of(context)
    chosen = _named(project, options.name)
    if not chosen.ships:
        raise TrackerUnavailable(
            f"{chosen.name} cannot be reached: this version has no {chosen.type} backend yet. "
            "Its definition is kept; until then use another backend: issue backend list"
        )
    if chosen.path is not None and not chosen.path.exists():
        return _tested(context, chosen, 0, f"nothing yet, the first issue makes {chosen.path}")
    tracker = open_tracker(project, options.name)
    try:
        tracker.list(Query(limit=1))
        count = tracker.count(Query())
    finally:
        tracker.close()
    return _tested(context, chosen, count, "one issue" if count == 1 else f"{count:,} issues")


def _tested(context: Context, chosen: Chosen, count: int, told: str) -> int:
    context.out.item(
        {"name": chosen.name, "type": chosen.type, "ok": True, "issues": count},
        f"{chosen.name} works: {told}",
    )
    return OK


def _set_default(context: Context, options: Namespace) -> int:
    from ...config.backends import set_default

    project = project_of(context)
    _named(project, options.name)
    saved = set_default(project, options.name, user=options.user)
    where = "where a project says nothing itself" if options.user else "of this project"
    context.out.item(
        {"name": options.name, "default": True, **saved_document(saved)},
        f"{options.name} is the default {where}; no issue was moved",
    )
    tell_backup(context, saved)
    return OK


def _named(project: Path, name: str) -> Chosen:
    from ...config.backends import list_backends, show_backend
    from ...config.kinds import RESERVED
    from ...domain.nearest import hint

    known = sorted(one.name for one in list_backends(project))
    if name not in {*known, *RESERVED}:
        raise EntryNotFound(
            f"Backend not configured: there is no {name!r}. {hint(name, known)} "
            f"To define it: issue backend add {name} TYPE"
        )
    return show_backend(project, name)


def _where(one: Backend) -> str:
    fields = one.fields
    return fields.get("path") or "/".join(
        fields[name] for name in ("url", "owner", "repo") if name in fields
    )


def _from(chosen: Chosen, key: str) -> str:
    origin = chosen.origins.get(key)
    return f" ({origin})" if origin else ""


def backend_document(one: Backend) -> dict[str, Any]:
    """A definition as it is written."""
    return {
        "name": one.name,
        "type": one.type,
        "default": one.is_default,
        "hidden": one.is_hidden,
        "user": one.user,
        "origin": one.origin,
        "fields": dict(one.fields),
    }


def chosen_document(chosen: Chosen) -> dict[str, Any]:
    """A backend as it is used, with where each value is from."""
    return {
        "name": chosen.name,
        "type": chosen.type,
        "opens": chosen.ships,
        "fields": dict(chosen.fields),
        "origins": dict(chosen.origins),
    }


COMMAND = Group(
    help="where issues live",
    description="Backends: places where issues live, each with a name. A definition is kept in "
    "the project's configuration or, with --user, in yours. Tokens are never kept in it.",
    commands={
        "list": Command(
            help="all backends",
            description="List the backends, and which one is used when none is named.",
            examples=("issue backend list", "issue backend list --json"),
            run=_list,
        ),
        "add": Command(
            help="define one",
            description="Define a backend. What is not said is asked for at a terminal, or read "
            "from standard input, a line each; an empty answer takes what the git remote and the "
            "environment say. The token stays where it is: in the platform's variable "
            "(GITEA_TOKEN, GITEA_API_TOKEN, GITHUB_TOKEN, GH_TOKEN, GITLAB_TOKEN), or in "
            "--token-source.",
            examples=(
                "issue backend add local-work local --path .nightshift/work.db",
                "issue backend add work gitea --url https://forge.example --owner me --repo app",
                "issue backend add work gitea --replace --owner team",
            ),
            arguments=_add_arguments,
            run=_add,
        ),
        "remove": Command(
            help="forget one",
            description="Forget a definition. Its issues stay where they are.",
            examples=("issue backend remove work",),
            arguments=_change_arguments,
            run=_remove,
        ),
        "show": Command(
            help="one, with where each value is from",
            description="Show a backend as it is used. Exit code 1 when there is none of that "
            "name, or no such field.",
            examples=("issue backend show work", "issue backend show work --field=url"),
            arguments=_show_arguments,
            run=_show,
        ),
        "test": Command(
            help="see whether it answers",
            description="Open the backend and read one issue. Exit code 4 when that fails.",
            examples=("issue backend test local",),
            arguments=_name_argument,
            run=_test,
        ),
        "set-default": Command(
            help="use it from now on",
            description="Use this backend wherever none is named. No issue is moved.",
            examples=("issue backend set-default local-work", "issue backend set-default local"),
            arguments=_change_arguments,
            run=_set_default,
        ),
    },
)
