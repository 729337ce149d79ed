"""`issue run`: a command that holds an issue while it runs, and no longer."""

from __future__ import annotations

from argparse import Namespace
from datetime import timedelta
from typing import TYPE_CHECKING

from ...domain.errors import UsageError
from .._options import REFUSED, Parser
from .command import Command, issue_id
from .context import Context
from .options import duration

if TYPE_CHECKING:
    from ...domain.lease import Lease
    from ...facade.facade import Facade

_NEXT = "next"


def _arguments(parser: Parser) -> None:
    parser.usage = "%(prog)s N|next [--timeout TIME] [--query QUERY] -- COMMAND [WORD ...]"
    add = parser.add_argument
    add("issue", type=issue_id, metavar="N", help="the issue's id, or `next`: the best ready one")
    add("--query", default="", metavar="QUERY", help="with `next`: only among these")
    add(
        "--timeout",
        type=duration,
        metavar="TIME",
        help="how long the claim outlives a crash; renewed every third of it [as claim]",
    )


def _run(context: Context, options: Namespace) -> int:
    from .errand import Errand

    if not options.trailing:
        raise UsageError(
            f"There is no command to run. Write it after --: issue run {options.issue} -- make test"
        )
    ttl = context.facade.claims.time(options.timeout)
    facade, session = _in_own_session(context.facade)
    with Errand(facade.claims, facade.clock, ttl, tell=context.out.note) as errand:
        lease = _claim(facade, options, ttl)
        if lease is None:
            context.out.nothing("No issue is ready. See why: issue ready --explain")
            return REFUSED
        context.out.note(f"#{lease.key} is yours: {' '.join(options.trailing)}")
        variables = {"ISSUE_SESSION_ID": session, "ISSUE_NUMBER": lease.key}
        return errand.run(lease, options.trailing, variables)


def _in_own_session(facade: Facade) -> tuple[Facade, str]:
    """The facade as a session that has a name, so that the commands inside can be told it. That
    of a caller without one goes by its process, which theirs would not."""
    from os import urandom

    if facade.identity.session:
        return facade, facade.identity.session
    name = f"run-{urandom(8).hex()}"
    return facade.in_session(name), name


def _claim(facade: Facade, options: Namespace, ttl: timedelta) -> Lease | None:
    if options.issue != _NEXT:
        return facade.claims.claim(options.issue, ttl)
    return facade.claims.claim_first(facade.each_ready(facade.parse(options.query)), ttl)


COMMAND = Command(
    help="run a command that holds an issue",
    description="Claim issue N, run the command, give the issue back. While it runs the claim is "
    "renewed; commands inside find it (ISSUE_SESSION_ID), and the issue's id in ISSUE_NUMBER. "
    "Signals go to the command, and its exit code is this one's: 128 and the signal's number when "
    "one ended it. Exit code 3 when somebody holds the issue, and nothing is run; also when the "
    "claim is lost meanwhile, and the command is terminated. If this program is killed with "
    "SIGKILL, the claim ends with its --timeout.",
    examples=(
        "issue run 42 -- make test",
        "issue run next --timeout 5m -- sh -c 'agent --issue \"$ISSUE_NUMBER\"'",
    ),
    arguments=_arguments,
    run=_run,
    trails=True,
)
