"""What went wrong when a service was asked, and the one table of what follows from it.

`of_model` classifies the ending of a session, `of_forge` the answer of a forge. Both look at
typed facts only: a status, a word of the program's own vocabulary, a header. `why` is for people
and goes through unread, so nothing that an agent or a server writes in prose changes a class.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from .frozen import dataclass
from .waiting import backoff, is_used_up, not_before, retry_at


class Kind(Enum):
    """The closed set of what can go wrong."""

    AUTHENTICATION = "authentication"
    BILLING = "billing"
    USAGE_LIMIT = "usage limit"
    RATE_LIMIT = "rate limit"
    OVERLOADED = "overloaded"
    NETWORK = "network"
    SERVER = "server"
    INVALID_REQUEST = "invalid request"
    CONTEXT_TOO_LONG = "context too long"
    CRASHED = "crashed"
    HUNG = "hung"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    UNPROCESSABLE = "unprocessable"


class With(Enum):
    """The token to go on with: the same, another, or any, as it makes no difference."""

    SAME = "same"
    OTHER = "other"
    ANY = "any"


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """The first and the longest wait when nobody says how long; `waiting.backoff` in between."""

    first: timedelta
    longest: timedelta


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What follows. `retry`: the same request or conversation may be tried again. `wait`: how
    long before that, None for not at all; a time that the service names is obeyed instead.
    `counts`: as a failure of the issue. `person`: it stays so until a person acts."""

    retry: bool
    wait: Backoff | None
    token: With
    counts: bool
    person: bool


def _backoff(first: float, longest: float) -> Backoff:
    return Backoff(first=timedelta(seconds=first), longest=timedelta(seconds=longest))


def _rule(
    wait: Backoff | None = None,
    *,
    retry: bool = True,
    token: With = With.SAME,
    counts: bool = False,
    person: bool = False,
) -> Rule:
    return Rule(retry=retry, wait=wait, token=token, counts=counts, person=person)


RULES: Mapping[Kind, Rule] = {
    Kind.AUTHENTICATION: _rule(token=With.OTHER, person=True),
    Kind.BILLING: _rule(token=With.OTHER, person=True),
    Kind.USAGE_LIMIT: _rule(_backoff(60, 3600), token=With.OTHER),
    Kind.RATE_LIMIT: _rule(_backoff(60, 900), token=With.OTHER),
    Kind.OVERLOADED: _rule(_backoff(10, 300), token=With.ANY),
    Kind.NETWORK: _rule(_backoff(5, 300), token=With.ANY),
    Kind.SERVER: _rule(_backoff(5, 300), token=With.ANY),
    Kind.INVALID_REQUEST: _rule(retry=False, counts=True),
    Kind.CONTEXT_TOO_LONG: _rule(retry=False, counts=True),
    Kind.CRASHED: _rule(retry=False, counts=True),
    Kind.HUNG: _rule(retry=False, counts=True),
    Kind.NOT_FOUND: _rule(retry=False, person=True),
    Kind.CONFLICT: _rule(_backoff(1, 30)),
    Kind.FORBIDDEN: _rule(retry=False, token=With.OTHER, person=True),
    Kind.UNPROCESSABLE: _rule(retry=False),
}
"""A conflict is tried again only after a fresh look at what changed. What a forge finds
unprocessable is a mistake of ours, not of the issue's author."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What went wrong. `until` is what the service said about when to come back, None where it
    said nothing; `why` is for people."""

    kind: Kind
    until: datetime | None = None
    why: str = ""

    @property
    def rule(self) -> Rule:
        return RULES[self.kind]

    def pause(
        self, previous: timedelta | None, *, now: datetime, chance: float
    ) -> timedelta | None:
        """How long to wait before the next try; None when there must be no other try.

        Never less than the service asks for. `previous` is the wait before this one in the same
        series, None at first; `chance` is a random number from 0 to below 1.
        """
        rule = self.rule
        if not rule.retry:
            return None
        if self.until is not None and self.until > now:
            return not_before(self.until, now=now, chance=chance)
        if rule.wait is None:
            return timedelta()
        return backoff(previous, chance=chance, first=rule.wait.first, longest=rule.wait.longest)


class Ended(Enum):
    """How the agent's program came to its end: with a result, dead without one, or silent for so
    long that we ended it."""

    RESULT = "result"
    DIED = "died"
    SILENT = "silent"


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What is known of a session that failed, or of a request that its program tries again.

    `status` is the service's HTTP status, None when no answer came. `error` is the program's
    word for it and `terminal_reason` its reason to stop; `code` is the service's own word where
    it is passed on. `limited`: the program reported that a limit of the subscription rejects
    requests, and `resets_at` is when that ends, None when unknown. `retry_at` is when the
    service's answer allows the next request, None where it says nothing or nobody heard it.
    """

    ended: Ended = Ended.RESULT
    status: int | None = None
    error: str = ""
    terminal_reason: str = ""
    code: str = ""
    limited: bool = False
    resets_at: datetime | None = None
    retry_at: datetime | None = None
    why: str = ""


def of_model(facts: ModelFacts) -> Trouble:
    """The class of a session's failure. Caps of our own (turns, money, time) are no trouble and
    must not be asked about. A word that is not known counts as whatever its status says."""
    kind = _model_kind(facts)
    limit = kind in (Kind.USAGE_LIMIT, Kind.RATE_LIMIT)
    told = facts.retry_at if RULES[kind].wait else None
    return Trouble(kind=kind, until=(facts.resets_at if limit else None) or told, why=facts.why)


_CODES = {
    "usage_limit_reached": Kind.USAGE_LIMIT,
    "enforced_spend_limit_reached": Kind.BILLING,
}
_CLEAR_WORDS = {
    "authentication_failed": Kind.AUTHENTICATION,
    "oauth_org_not_allowed": Kind.AUTHENTICATION,
    "account_on_hold": Kind.AUTHENTICATION,
    "verification_required": Kind.AUTHENTICATION,
    "cloud_credential_error": Kind.AUTHENTICATION,
    "billing_error": Kind.BILLING,
    "model_not_found": Kind.NOT_FOUND,
    "overloaded": Kind.OVERLOADED,
}
"""What these say is said by no status as well."""
_VAGUE_WORDS = {
    "rate_limit": Kind.RATE_LIMIT,
    "invalid_request": Kind.INVALID_REQUEST,
    "max_output_tokens": Kind.INVALID_REQUEST,
    "server_error": Kind.NETWORK,
    "unknown": Kind.NETWORK,
    "": Kind.NETWORK,
}
"""What is meant where no answer with a status came."""
_REASONS = {
    "prompt_too_long": Kind.CONTEXT_TOO_LONG,
    "image_error": Kind.INVALID_REQUEST,
    "structured_output_retry_exhausted": Kind.INVALID_REQUEST,
}
_MODEL_STATUS = {
    401: Kind.AUTHENTICATION,
    402: Kind.BILLING,
    403: Kind.AUTHENTICATION,
    404: Kind.NOT_FOUND,
    408: Kind.SERVER,
    409: Kind.SERVER,
    429: Kind.RATE_LIMIT,
    529: Kind.OVERLOADED,
}


def _model_kind(facts: ModelFacts) -> Kind:
    match facts.ended:
        case Ended.SILENT:
            return Kind.HUNG
        case Ended.DIED:
            return Kind.CRASHED
        case Ended.RESULT:
            return _result_kind(facts)


def _result_kind(facts: ModelFacts) -> Kind:
    told = _CODES.get(facts.code) or _CLEAR_WORDS.get(facts.error)
    if told is not None:
        return told
    if facts.limited and facts.status in (None, 429):
        return Kind.USAGE_LIMIT
    if facts.terminal_reason in _REASONS:
        return _REASONS[facts.terminal_reason]
    if facts.status is None:
        return _VAGUE_WORDS.get(facts.error, Kind.SERVER)
    return _MODEL_STATUS.get(facts.status) or _by_class(facts.status)


def _by_class(status: int) -> Kind:
    """400 to 499 is our mistake; anything else, a success that makes no sense included, theirs."""
    return Kind.INVALID_REQUEST if 400 <= status < 500 else Kind.SERVER


@dataclass(frozen=True, kw_only=True)
class ForgeFacts:
    """What is known of a request to a forge that failed.

    `status` is its HTTP status, None when no answer came (refused, reset, timed out, no name,
    wrong certificate). `code` is a word of the API's own vocabulary, such as the `type` of an
    error of GraphQL; `document` is the address that its answer names for reading on.
    """

    status: int | None = None
    headers: Mapping[str, str]
    code: str = ""
    document: str = ""
    why: str = ""


def of_forge(facts: ForgeFacts, now: datetime) -> Trouble:
    """The class of a forge's failure, of an answer that came at `now`. Only to be asked about a
    request that failed: a success without a known code counts as a server's nonsense."""
    kind = _forge_kind(facts)
    told = retry_at(facts.headers, now) if RULES[kind].wait else None
    return Trouble(kind=kind, until=told, why=facts.why)


_FORGE_CODES = {
    "RATE_LIMITED": Kind.RATE_LIMIT,
    "RATELIMITED": Kind.RATE_LIMIT,
    "AUTHENTICATION_ERROR": Kind.AUTHENTICATION,
    "NOT_FOUND": Kind.NOT_FOUND,
    "FORBIDDEN": Kind.FORBIDDEN,
    "INSUFFICIENT_SCOPES": Kind.FORBIDDEN,
    "STALE_DATA": Kind.CONFLICT,
    "UNPROCESSABLE": Kind.UNPROCESSABLE,
}
_FORGE_STATUS = {
    401: Kind.AUTHENTICATION,
    402: Kind.BILLING,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    405: Kind.UNPROCESSABLE,
    408: Kind.SERVER,
    409: Kind.CONFLICT,
    410: Kind.NOT_FOUND,
    412: Kind.UNPROCESSABLE,
    422: Kind.UNPROCESSABLE,
    423: Kind.FORBIDDEN,
    429: Kind.RATE_LIMIT,
    451: Kind.FORBIDDEN,
}
_LIMIT_PAGES = ("secondary-rate-limits", "abuse-rate-limits")
"""How the addresses end that GitHub names with a 403 that is a limit and has no header."""


def _forge_kind(facts: ForgeFacts) -> Kind:
    if facts.code in _FORGE_CODES:
        return _FORGE_CODES[facts.code]
    if facts.status is None:
        return Kind.NETWORK
    if facts.status == 403 and _is_limit(facts):
        return Kind.RATE_LIMIT
    return _FORGE_STATUS.get(facts.status) or _by_class(facts.status)


def _is_limit(facts: ForgeFacts) -> bool:
    """GitHub says a limit with 403 too; then a header tells it from a missing right."""
    waits = any(name.lower() == "retry-after" for name in facts.headers)
    return waits or is_used_up(facts.headers) or facts.document.endswith(_LIMIT_PAGES)
