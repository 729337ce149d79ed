"""GitHub's refusals in GraphQL: a type, a message, and where in the answer they belong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError


class Refused(Exception):
    """One field of a request is not answered, or one mutation of it not done.

    `type` is GitHub's word; `extensions` are what GitHub adds to a few of them.
    """

    def __init__(self, type_: str, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.type = type_
        self.extensions = extensions


def no_node(node: str) -> Refused:
    return Refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")


def nobody(kind: str, word: str, value: object) -> Refused:
    """No `kind` with the `word` ("number of", "login of", "name" ...) `value`."""
    said = f"'{value}'" if word in ("name", "login of") else value
    article = "an" if kind[0] in "IOaio" else "a"
    return Refused("NOT_FOUND", f"Could not resolve to {article} {kind} with the {word} {said}.")


def unprocessable(message: str) -> Refused:
    return Refused("UNPROCESSABLE", message)


def forbidden(login: str, deed: str) -> Refused:
    """`deed` is the mutation's name."""
    name = deed[:1].upper() + deed[1:]
    return Refused(
        "FORBIDDEN", f"{login} does not have the correct permissions to execute `{name}`"
    )


def inaccessible() -> Refused:
    """What a fine-grained token hears."""
    return Refused("FORBIDDEN", "Resource not accessible by personal access token")


def scopes_missing(field: str, wanted: str, granted: Iterable[str]) -> Refused:
    listed = ", ".join(f"'{one}'" for one in sorted(granted))
    return Refused(
        "INSUFFICIENT_SCOPES",
        "Your token has not been granted the required scopes to execute this query. "
        f"The '{field}' field requires one of the following scopes: ['{wanted}'], but your token "
        f"has only been granted the: [{listed}] scopes. Please modify your token's scopes at: "
        "https://github.com/settings/tokens.",
    )


def unknown(type_: str, field: str) -> Refused:
    """The double has no answer to this, and says so instead of inventing one."""
    return Refused("NOT_IMPLEMENTED", f"The double does not serve {type_}.{field} yet")


def told(error: GraphQLError) -> dict[str, Any]:
    """An error of an execution in GitHub's shape. An error of the double's own code is raised."""
    cause = error.original_error
    if cause is not None and not isinstance(cause, Refused):
        raise cause
    shape: dict[str, Any] = {"message": error.message}
    if isinstance(cause, Refused):
        shape = {"type": cause.type, **shape}
        if cause.extensions:
            shape["extensions"] = cause.extensions
    if error.path:
        shape["path"] = error.path
    if error.locations:
        shape["locations"] = [one.formatted for one in error.locations]
    return shape
