"""`issue message`: what agents tell each other on an issue."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import Any

from ...domain.errors import UsageError
from .._options import OK, Parser
from .command import Command, Group, add_issue
from .context import Context
from .happened import when


def _post_arguments(parser: Parser) -> None:
    add_issue(parser)
    add = parser.add_argument
    add("type", metavar="TYPE", help="one word, such as implementation_complete")
    add("--data", metavar="JSON", help="any JSON value; - reads standard input")


def _post(context: Context, options: Namespace) -> int:
    from ...facade import document

    data = _data(options.data)
    comment = context.facade.messages.post(options.issue, options.type, data)
    context.out.item(document.comment(comment), f"#{options.issue} has message {comment.id}")
    return OK


def _list_arguments(parser: Parser) -> None:
    add_issue(parser)
    parser.add_argument("--type", metavar="TYPE", help="only these")


def _list(context: Context, options: Namespace) -> int:
    from ...facade import document

    found = context.facade.messages.list(options.issue, options.type)
    shown = found[options.cursor :][: context.limit]
    end = options.cursor + len(shown)
    context.out.items(
        [document.message(one) for one in shown],
        header=("when (UTC)", "agent", "type", "data"),
        rows=((when(one.timestamp), one.agent, one.type, _compact(one.data)) for one in shown),
        total=len(found),
        cursor=end if end < len(found) else None,
        offset=options.cursor,
        none="No message is there.",
    )
    return OK


def _data(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as error:
        raise UsageError(
            f"The data is no JSON ({error}). Text goes in double quotes inside single ones: "
            "--data '\"text\"'"
        ) from error
    except RecursionError as error:
        raise UsageError("The data is too deep. Keep it in a file and send its name.") from error


def _compact(data: Any) -> str:
    return "" if data is None else json.dumps(data, ensure_ascii=False)


COMMAND = Group(
    help="what agents tell each other",
    description="Typed messages on an issue, with any JSON as data. They are carried by "
    "comments. Anybody may post one, whoever holds the issue.",
    commands={
        "post": Command(
            help="post one",
            description="Post a message on an issue.",
            examples=(
                "issue message post 42 implementation_complete --data '{\"coverage\": 95.2}'",
                "issue message post 42 test_report --data - < report.json",
            ),
            arguments=_post_arguments,
            run=_post,
        ),
        "list": Command(
            help="read them",
            description="List the messages on an issue, oldest first. What is half-written is "
            "passed over. Who wrote them is what they say, not proven.",
            examples=("issue message list 42 --type implementation_complete --json",),
            arguments=_list_arguments,
            run=_list,
            reads=True,
            lists=True,
        ),
    },
)
