"""Whether a delivery is from who knows the secret. Pure; comparisons take constant time.

Each forge signs the bytes of the body as they were sent, so these are never read and written
again before they are compared.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

Headers = Mapping[str, str]
"""Names in lower case."""

_Check = Callable[[bytes, Headers, bytes, datetime], bool]
_LINEAR_WINDOW = timedelta(seconds=60)
_STANDARD_WINDOW = timedelta(minutes=5)
_STANDARD = "whsec_"


def verify(scheme: str, secret: str, headers: Headers, body: bytes, now: datetime) -> bool:
    """Whether `body` was signed with `secret` as `scheme` (one of SCHEMES) says.

    Nothing is signed with an empty secret. Whether the delivery was seen before is not looked at:
    of these schemes only Linear's and GitLab's newer one sign a time. KeyError for a scheme that
    there is not.
    """
    check = SCHEMES[scheme]
    return bool(secret) and check(secret.encode(), headers, body, now)


def _is_digest(secret: bytes, body: bytes, given: str) -> bool:
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), given.lower().encode("utf-8", "replace"))


def _first(headers: Headers, *names: str) -> str:
    """The first of the headers that is there, without the name of its digest. One that is there
    and wrong is not made good by another."""
    given = next((headers[name] for name in names if name in headers), "")
    return given.strip().removeprefix("sha256=")


def _github(secret: bytes, headers: Headers, body: bytes, now: datetime) -> bool:
    given = headers.get("x-hub-signature-256", "").strip()
    return given.startswith("sha256=") and _is_digest(secret, body, given.removeprefix("sha256="))


def _gitea(secret: bytes, headers: Headers, body: bytes, now: datetime) -> bool:
    names = ("x-forgejo-signature", "x-gitea-signature", "x-hub-signature-256")
    return _is_digest(secret, body, _first(headers, *names))


def _any_hmac(secret: bytes, headers: Headers, body: bytes, now: datetime) -> bool:
    names = ("x-signature-256", "x-hub-signature-256", "x-hub-signature")
    return _is_digest(secret, body, _first(headers, *names))


def _gitlab(secret: bytes, headers: Headers, body: bytes, now: datetime) -> bool:
    """A signing key tells by its beginning that it is one; anything else is the plain token."""
    if secret.startswith(_STANDARD.encode()):
        return _standard(secret.decode(), headers, body, now)
    given = headers.get("x-gitlab-token", "")
    return hmac.compare_digest(secret, given.encode("utf-8", "replace"))


def _standard(secret: str, headers: Headers, body: bytes, now: datetime) -> bool:
    """As standardwebhooks.com says: several signatures may be given, each with its version."""
    at = headers.get("webhook-timestamp", "")
    if not _is_near(at, 1, now, _STANDARD_WINDOW):
        return False
    try:
        key = base64.b64decode(secret.removeprefix(_STANDARD), validate=True)
    except binascii.Error:
        return False
    signed = f"{headers.get('webhook-id', '')}.{at}.".encode("utf-8", "replace") + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").split()
    found = [hmac.compare_digest(expected, one.encode("utf-8", "replace")) for one in given]
    return any(found)


def _linear(secret: bytes, headers: Headers, body: bytes, now: datetime) -> bool:
    if not _is_digest(secret, body, headers.get("linear-signature", "")):
        return False
    try:  # only now: nobody else's bytes are parsed
        at = json.loads(body)["webhookTimestamp"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return _is_near(str(at), 1000, now, _LINEAR_WINDOW)


def _is_near(at: str, per_second: int, now: datetime, window: timedelta) -> bool:
    """Whether a count since 1970 is `now`, give or take the window."""
    if not (at.isascii() and at.isdigit()):
        return False
    try:
        return abs(datetime.fromtimestamp(int(at) / per_second, UTC) - now) <= window
    except (OverflowError, ValueError, OSError):
        return False


SCHEMES: Mapping[str, _Check] = {
    "github": _github,
    "gitea": _gitea,
    "forgejo": _gitea,
    "gitlab": _gitlab,
    "linear": _linear,
    "hmac": _any_hmac,
}
"""`hmac` is for anything else that signs with HMAC-SHA256: `X-Signature-256`, else GitHub's or
Jira's header, in hexadecimal, with or without `sha256=`."""
