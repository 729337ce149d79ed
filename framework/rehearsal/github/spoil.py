"""How a fault looks on the wire."""

from __future__ import annotations

from .call import DOCS, Reply
from .faults import Fault
from .limits import Limits
from .wires import Sent, plain

_UNICORN = (
    "<!DOCTYPE html><html><head><title>Unicorn! &middot; GitHub</title></head>"
    "<body><p>We had issues producing the response to your request.</p></body></html>"
)
_PAGE = f"{DOCS}/overview/rate-limits-for-the-rest-api"
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID 0D0U:B1E0."
)


def refused(fault: Fault) -> Sent | None:
    """The answer of a fault that comes before anything is done; None for the other kinds."""
    match fault.kind:
        case "500":
            return plain(500, '{"message": "Server Error"}', kind="application/json")
        case "502" | "html":
            return plain(502, _UNICORN, kind="text/html")
        case "reset":
            return Sent(status=0, cut="reset")
        case _:
            return None


def lost(fault: Fault, sent: Sent) -> Sent:
    """What is left of the answer `sent` to a request that was done."""
    match fault.kind:
        case "502 after":
            return plain(502, _UNICORN, kind="text/html")
        case "reset after":
            return Sent(status=0, cut="reset")
        case "truncated":
            return Sent(status=sent.status, headers=sent.headers, raw=sent.raw, cut="short")
        case _:
            return sent


def limited(fault: Fault, limits: Limits) -> Reply:
    """A limit that is not there: 403 or 429 for a secondary one, 200 as GraphQL says a primary."""
    if fault.kind == "limit 200":
        error = {"type": "RATE_LIMITED", "message": "API rate limit already exceeded for user."}
        return Reply(body={"errors": [error]})
    return secondary(int(fault.kind.removeprefix("limit ")), limits.signal[1])


def secondary(status: int, wait: int | None) -> Reply:
    """GitHub's answer to who asks too much in a minute; `wait` None leaves Retry-After out."""
    return Reply(
        status=status,
        body={
            "message": SECONDARY,
            "documentation_url": f"{_PAGE}#about-secondary-rate-limits",
            "status": str(status),
        },
        headers={} if wait is None else {"Retry-After": str(wait)},
    )


def primary(user: int, status: int) -> Reply:
    """GitHub's answer to who has no points left in this hour."""
    return Reply(
        status=status,
        body={
            "message": f"API rate limit exceeded for user ID {user}. If you reach out to GitHub "
            "Support for help, please include the request ID 0D0U:B1E0.",
            "documentation_url": _PAGE,
            "status": str(status),
        },
    )
