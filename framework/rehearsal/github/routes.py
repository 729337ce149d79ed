"""Which function answers which request, and what it takes to be allowed to ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .call import Call, Reply
from .records import Permission

Handler = Callable[[Call], Reply]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation. `least` is the permission on the repository that a person needs, `area` the
    permission that a fine-grained token needs (written `area=write` for what changes things).
    `content` is whether it counts as creating content. `hidden` refusals are 404 instead of 403."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    least: Permission
    area: str
    content: bool
    hidden: bool

    @property
    def operation(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def writes(self) -> bool:
        return self.method != "GET"


ROUTES: list[Route] = []


def route(
    method: str,
    template: str,
    *,
    least: Permission = "read",
    area: str = "metadata",
    content: bool = False,
    hidden: bool = False,
) -> Callable[[Handler], Handler]:
    """Register the handler of `method template`. `{name}` takes one segment, `{name*}` the rest;
    the star is not part of the operation's name."""
    pattern = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", template)
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)

    def register(handler: Handler) -> Handler:
        ROUTES.append(
            Route(
                method=method,
                template=template.replace("*}", "}"),
                pattern=re.compile(pattern),
                handler=handler,
                least=least,
                area=area,
                content=content,
                hidden=hidden,
            )
        )
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    """The route of a request and the values of its placeholders; None where there is none."""
    for one in ROUTES:
        if one.method == method and (match := one.pattern.fullmatch(path)):
            return one, match.groupdict()
    return None
