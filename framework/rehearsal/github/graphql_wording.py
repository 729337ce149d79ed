"""What is wrong with a request's text, in GitHub's words as far as clients look at them."""

from __future__ import annotations

import re
from typing import Any

from graphql import GraphQLError

_FIELD = re.compile(r"Cannot query field '(?P<field>\w+)' on type '(?P<type>\w+)'")
_ARGUMENT = re.compile(r"Unknown argument '(?P<argument>\w+)' on field '(?P<field>[\w.]+)'")
_VARIABLE = re.compile(
    r"Variable '\$(?P<name>\w+)' got invalid value .*?(?: at '(?P<path>[^']+)')?; (?P<why>[^;]+)$",
    re.DOTALL,
)
_INPUT = re.compile(r"Field '(?P<argument>\w+)' is not defined by type '(?P<type>\w+)'")


def unparsable(error: GraphQLError) -> dict[str, Any]:
    return _placed(error, {"message": f"Parse error: {error.message}"})


def invalid(error: GraphQLError) -> dict[str, Any]:
    """A request that does not fit the schema. Clients tell an older server by `undefinedField`,
    `argumentNotAccepted` and the names beside them."""
    if found := _FIELD.search(error.message):
        field, type_ = found["field"], found["type"]
        return _coded(
            error,
            f"Field '{field}' doesn't exist on type '{type_}'",
            {"code": "undefinedField", "typeName": type_, "fieldName": field},
        )
    if found := _ARGUMENT.search(error.message):
        argument, field = found["argument"], found["field"].split(".")[-1]
        return _coded(
            error,
            f"Field '{field}' doesn't accept argument '{argument}'",
            {
                "code": "argumentNotAccepted",
                "name": field,
                "typeName": "Field",
                "argumentName": argument,
            },
        )
    if found := _INPUT.search(error.message):
        argument, type_ = found["argument"], found["type"]
        return _coded(
            error,
            f"InputObject '{type_}' doesn't accept argument '{argument}'",
            {
                "code": "argumentNotAccepted",
                "name": type_,
                "typeName": "InputObject",
                "argumentName": argument,
            },
        )
    return _placed(error, {"message": error.message})


def unfit(error: GraphQLError) -> dict[str, Any]:
    """A variable that does not fit its type, such as one with a field that came later."""
    found = _VARIABLE.search(error.message)
    if not found:
        return _placed(error, {"message": error.message})
    inside = (found["path"] or found["name"]).removeprefix(found["name"]).strip(".")
    path = re.sub(r"\[(\d+)\]", r".\1", inside).strip(".")
    why = found["why"]
    if extra := _INPUT.search(why):
        path = f"{path}.{extra['argument']}".strip(".")
        why = f"Field is not defined on {extra['type']}"
    message = f"Variable ${found['name']} was provided invalid value for {path} ({why})"
    problem = {"path": path.split("."), "explanation": why}
    return _placed(error, {"message": message, "extensions": {"problems": [problem]}})


def _coded(error: GraphQLError, message: str, extensions: dict[str, str]) -> dict[str, Any]:
    return _placed(error, {"message": message, "extensions": extensions})


def _placed(error: GraphQLError, shape: dict[str, Any]) -> dict[str, Any]:
    if error.locations:
        shape["locations"] = [one.formatted for one in error.locations]
    return shape
