"""Sentences for when GitHub cannot be asked now, and what to do then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


def limited(until: datetime | None) -> str:
    """`until` None: GitHub did not say."""
    when = f"until {until:%H:%M:%S} UTC" if until else "for some time"
    return (
        f"GitHub's limit for this account is reached {when}. Try again then; other programs that "
        "use the same account share this limit."
    )


def in_trouble(status: int, site: str) -> str:
    """`site` is the server as people open it."""
    known = (
        "https://www.githubstatus.com says when it is known"
        if site == "https://github.com"
        else f"whoever runs {site} may know more"
    )
    return f"GitHub has trouble of its own (HTTP {status}). Try again later; {known}."


def unreachable(host: str, why: str) -> str:
    """No answer came from `host`; `why` as the system says it."""
    if "CERTIFICATE" in why.upper():
        return (
            f"The certificate of {host} is not trusted ({why}). If a proxy of your organisation "
            "stands in between, set SSL_CERT_FILE to a file with its root certificate."
        )
    if any(one in why for one in _NO_NAME):
        return f"The name {host} is not known ({why}). Check the network and the address."
    return f"{host} did not answer ({why}). Check the network, then try again."


_NO_NAME = ("Name or service not known", "name resolution", "getaddrinfo", "nodename nor servname")


def no_api(host: str, status: int, headers: Mapping[str, str]) -> str:
    """What came is not JSON."""
    form = headers.get("content-type", "").split(";")[0]
    if form == "text/html":
        return (
            f"What answered for {host} was a web page (HTTP {status}), not GitHub's API. See "
            "whether a proxy or a sign-in page stands in between, and whether the address is right."
        )
    return (
        f"The answer of {host} (HTTP {status}) was cut off or is no JSON. Try again; if it stays "
        "so, see whether a proxy stands in between."
    )
