"""`issue webhook`: the forge says when there is news, instead of being asked."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._options import OK, Parser
from .command import Command, Group
from .context import Context
from .hooking import add_secret, chosen_of, hooks_of, secret_of
from .saving import project_of

if TYPE_CHECKING:
    from ...webhooks.deliveries import Deliveries
    from ...webhooks.heard import Heard
    from ...webhooks.hooks import Hook
    from ...webhooks.receiver import Receiver

_HIGHEST = 65_535


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= _HIGHEST):
        raise ArgumentTypeError(f"{text[:40]!r} is no port from 0 to {_HIGHEST}")
    return int(text)


def _register_arguments(parser: Parser) -> None:
    parser.add_argument("url", metavar="URL", help="where the forge reaches `issue webhook serve`")
    parser.add_argument(
        "--events",
        metavar="NAME,...",
        help="issue.created, issue.updated, issue.closed, issue.reopened, issue.deleted, "
        "issue.commented, or GitHub's own names [all that matter to a run]",
    )
    add_secret(parser)


def _register(context: Context, options: Namespace) -> int:
    from ...webhooks.hooks import refuse_address, wanted_events

    refuse_address(options.url)
    events = None if options.events is None else wanted_events(options.events)
    secret = secret_of(project_of(context), options.secret_env)
    with hooks_of(context, options) as hooks:
        hook, is_new = hooks.register(options.url, secret, events)
    done = "is registered" if is_new else "was there, and has this secret and these events now"
    context.out.item({**_document(hook), "created": is_new}, f"Webhook {hook.id} {done}")
    if options.url.startswith("http:"):
        context.out.note("Not https: what is sent is signed, but others on the way can read it.")
    return OK


def _list(context: Context, options: Namespace) -> int:
    from ...domain.legible import clean

    with hooks_of(context, options) as hooks:
        found = hooks.list()
    context.out.items(
        [_document(one) for one in found],
        header=("id", "address", "events", "last delivery"),
        rows=((str(one.id), clean(one.url), ",".join(one.events), _state(one)) for one in found),
        none="No webhook is registered.",
    )
    return OK


def _remove(context: Context, options: Namespace) -> int:
    with hooks_of(context, options) as hooks:
        hook = hooks.remove(options.id)
    context.out.item({**_document(hook), "removed": True}, f"Webhook {hook.id} is removed")
    return OK


def _remove_arguments(parser: Parser) -> None:
    from .command import count

    parser.add_argument("id", type=count, metavar="ID", help="as `issue webhook list` shows it")


def _serve_arguments(parser: Parser) -> None:
    add = parser.add_argument
    add("--host", default="127.0.0.1", metavar="HOST", help="the address to listen at [127.0.0.1]")
    add("--port", type=_port, default=8787, metavar="PORT", help="0 for any that is free [8787]")
    add(
        "--scheme",
        choices=("github", "gitea", "forgejo", "gitlab", "linear", "hmac"),
        metavar="NAME",
        help="who signs: github, gitea, forgejo, gitlab, linear, or hmac for anything else that "
        "signs with HMAC-SHA256 [as the backend; github]",
    )
    add_secret(parser)


def _serve(context: Context, options: Namespace) -> int:
    from ...config.place import prepare
    from ...domain.errors import sole
    from ...webhooks.deliveries import Deliveries
    from ...webhooks.server import serve

    project = project_of(context)
    secret = secret_of(project, options.secret_env)
    directory = prepare(project)
    with closing(Deliveries(directory / "webhooks.db")) as deliveries:
        receiver = _receiver(context, options, secret, directory, deliveries)
        try:
            serve(receiver, options.host, options.port, ready=_ready(context, options.host))
        except KeyboardInterrupt:
            context.out.note("Stopped.")
        except BaseExceptionGroup as group:
            raise sole(group) from None
    return OK


def _receiver(
    context: Context, options: Namespace, secret: str, directory: Path, deliveries: Deliveries
) -> Receiver:
    from ...webhooks.bell import WAKE_FILE, Bell
    from ...webhooks.receiver import Receiver

    def now() -> datetime:
        return datetime.now(UTC)

    def told(heard: Heard) -> None:
        at = now()
        context.out.line(_heard_document(heard, at), _line(heard, at))

    return Receiver(
        scheme=options.scheme or _scheme(context, options),
        secret=secret,
        bell=Bell(directory / WAKE_FILE),
        deliveries=deliveries,
        clock=now,
        told=told,
        say=context.out.note,
    )


def _ready(context: Context, host: str) -> Callable[[str], None]:
    def ready(address: str) -> None:
        context.out.note(f"Webhooks are taken at {address}/ until Ctrl-C.")
        if host not in ("127.0.0.1", "::1", "localhost"):
            context.out.note("This speaks no https: put a proxy in front that does.")

    return ready


def _scheme(context: Context, options: Namespace) -> str:
    from ...webhooks.signature import SCHEMES

    kind = chosen_of(context, options).type
    return kind if kind in SCHEMES else "github"


def _state(hook: Hook) -> str:
    from ...domain.legible import clean

    return clean(hook.last) if hook.active else "switched off"


def _document(hook: Hook) -> dict[str, Any]:
    return {
        "id": str(hook.id),
        "url": hook.url,
        "events": list(hook.events),
        "active": hook.active,
        "last_delivery": hook.last,
    }


def _heard_document(heard: Heard, at: datetime) -> dict[str, Any]:
    return {
        "at": at.isoformat(),
        "kind": heard.kind,
        "repository": heard.repository or None,
        "issue": None if heard.number is None else str(heard.number),
        "delivery": heard.delivery or None,
    }


def _line(heard: Heard, at: datetime) -> str:
    from .happened import when

    number = "" if heard.number is None else f"#{heard.number}"
    words = (f"{when(at)}Z ", heard.kind or "news", f"{heard.repository}{number}")
    return " ".join(one for one in words if one)


COMMAND = Group(
    help="the forge says when there is news",
    description="Webhooks: the forge sends a word when something happened, and a run looks at "
    "once instead of at its next poll. A word only means go and look; nothing in it is believed.",
    commands={
        "register": Command(
            help="have the forge send to an address",
            description="Register a webhook at GitHub. Repeating it changes the one that sends to "
            "this address: its secret, its events. The secret is read from a variable, for which "
            "`openssl rand -hex 32` makes a good value. The token needs the scope "
            "admin:repo_hook, a fine-grained one the permission Webhooks.",
            examples=(
                "issue webhook register https://agent.example/hook",
                "issue webhook register http://agent.example.com/hook "
                "--events=issue.created,issue.updated",
            ),
            arguments=_register_arguments,
            run=_register,
        ),
        "list": Command(
            help="what is registered",
            description="List the repository's webhooks at GitHub, also other programs'.",
            examples=("issue webhook list", "issue webhook list --json"),
            run=_list,
        ),
        "remove": Command(
            help="have it sent no more",
            description="Remove a webhook at GitHub. Exit code 1 when there is none of that id.",
            examples=("issue webhook remove 12345678",),
            arguments=_remove_arguments,
            run=_remove,
        ),
        "serve": Command(
            help="take what the forge sends",
            description="Listen for webhooks until interrupted, print a line for each that is "
            "news, and wake the project's run. Signatures are checked, repeated deliveries "
            "ignored, and nothing of a delivery is kept but its name and digest. Listens on this "
            "machine alone unless --host says otherwise; a proxy or tunnel with https leads to it.",
            examples=("issue webhook serve", "issue webhook serve --port 9000 --json"),
            arguments=_serve_arguments,
            run=_serve,
        ),
    },
)
