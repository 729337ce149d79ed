"""`issue claim`: take an issue so that nobody else does, keep it, give it back."""

from __future__ import annotations

from argparse import Namespace

from ...domain.duration import told
from ...domain.lease import TTL, Lease
from .._options import OK, REFUSED, Parser
from .command import Command, Group, add_force, add_issue
from .context import Context
from .options import duration


def _add_timeout(parser: Parser) -> None:
    parser.add_argument(
        "--timeout",
        type=duration,
        metavar="TIME",
        help=f"how long, such as 30m [agent.claim_timeout, {told(TTL)}]",
    )


def _claim_arguments(parser: Parser) -> None:
    add_issue(parser)
    _add_timeout(parser)


def _claim(context: Context, options: Namespace) -> int:
    lease = context.facade.claims.claim(options.issue, options.timeout)
    _print(context, lease)
    return OK


def _next_arguments(parser: Parser) -> None:
    parser.add_argument("--query", default="", metavar="QUERY", help="only among these")
    _add_timeout(parser)


def _next(context: Context, options: Namespace) -> int:
    facade = context.facade
    ready = facade.each_ready(facade.parse(options.query))
    lease = facade.claims.claim_first(ready, options.timeout)
    if lease is None:
        context.out.nothing("No issue is ready. See why: issue ready --explain")
        return REFUSED
    _print(context, lease)
    return OK


def _release_arguments(parser: Parser) -> None:
    add_issue(parser)
    add_force(parser)


def _release(context: Context, options: Namespace) -> int:
    from ...facade import document

    claims = context.facade.claims
    lease = claims.release(options.issue, force=options.force)
    context.out.item(
        document.released(lease, mine=claims.is_mine(lease)),
        f"#{lease.key} is free",
    )
    return OK


def _check(context: Context, options: Namespace) -> int:
    from ...facade import document

    context.facade.get(options.issue)
    lease = context.facade.claims.check(options.issue)
    if lease is None:
        context.out.item(document.no_claim(options.issue), f"#{options.issue} is free")
    else:
        _print(context, lease)
    return OK


def _extend_arguments(parser: Parser) -> None:
    add_issue(parser)
    parser.add_argument(
        "--add-time", type=duration, metavar="TIME", help="by how long [as a claim]"
    )


def _extend(context: Context, options: Namespace) -> int:
    _print(context, context.facade.claims.extend(options.issue, options.add_time))
    return OK


def _list(context: Context, options: Namespace) -> int:
    from ...facade import document
    from ...facade.claims import holder_name

    claims = context.facade.claims
    held = claims.held()
    shown = held[options.cursor :][: context.limit]
    end = options.cursor + len(shown)
    context.out.items(
        [document.claim(lease, mine=claims.is_mine(lease)) for lease in shown],
        header=("issue", "held by", "until", "yours"),
        rows=(
            (
                f"#{lease.key}",
                holder_name(lease),
                document.time(lease.expires_at) or "",
                "yes" if claims.is_mine(lease) else "",
            )
            for lease in shown
        ),
        total=len(held),
        cursor=end if end < len(held) else None,
        offset=options.cursor,
        none="Nobody holds anything.",
    )
    return OK


def _cleanup(context: Context, options: Namespace) -> int:
    from ...facade import document

    facade = context.facade
    freed = facade.claims.cleanup()
    waiting = facade.dependencies.waiting(freed)
    context.out.items(
        [document.issue(issue, waiting[issue.id]) for issue in freed],
        header=("issue", "state", "title"),
        rows=((f"#{issue.id}", issue.state.value, issue.title) for issue in freed),
        none="No claim was left behind.",
    )
    return OK


def _print(context: Context, lease: Lease) -> None:
    from ...facade import document
    from ...facade.claims import holder_name

    mine = context.facade.claims.is_mine(lease)
    until = document.time(lease.expires_at)
    whose = "yours" if mine else f"held by {holder_name(lease)}"
    context.out.item(document.claim(lease, mine=mine), f"#{lease.key} is {whose} until {until}")


_CLAIM = Command(
    help="claim issue N",
    description="Claim an issue: until the claim is released or expires, nobody else gets it, "
    "and others' writes to it are refused. Exit code 3 when somebody holds it.",
    examples=("issue claim 42", "issue claim 42 --timeout 30m", "issue claim next --json"),
    arguments=_claim_arguments,
    run=_claim,
)

COMMAND = Group(
    help="take an issue, keep it, give it back",
    description="Claims: the time-bound right to work on an issue. A later command of the same "
    "session finds its claim by itself (ISSUE_SESSION_ID, else the process that started it).",
    default=_CLAIM,
    commands={
        "next": Command(
            help="claim the best ready issue",
            description="Claim the first issue that is ready and that nobody else claims "
            "meanwhile. Exit code 1 when nothing is ready.",
            examples=("issue claim next", "issue claim next --query 'label:bug' --json"),
            arguments=_next_arguments,
            run=_next,
        ),
        "release": Command(
            help="give it back",
            description="End this session's claim; the issue is open again.",
            examples=("issue claim release 42",),
            arguments=_release_arguments,
            run=_release,
        ),
        "check": Command(
            help="who holds it",
            description="Say who holds an issue, and until when.",
            examples=("issue claim check 42", "issue claim check 42 --json"),
            arguments=add_issue,
            run=_check,
            reads=True,
        ),
        "extend": Command(
            help="keep it longer",
            description="Let this session's claim live longer.",
            examples=("issue claim extend 42 --add-time 15m",),
            arguments=_extend_arguments,
            run=_extend,
        ),
        "list": Command(
            help="all claims",
            description="List the live claims, soonest to expire first.",
            examples=("issue claim list", "issue claim list --json"),
            run=_list,
            reads=True,
            lists=True,
        ),
        "cleanup": Command(
            help="open what was left in progress",
            description="Put issues back to open that are in progress although nobody holds "
            "them. Claiming does not need this: an expired claim is free at once.",
            examples=("issue claim cleanup",),
            run=_cleanup,
        ),
    },
)
