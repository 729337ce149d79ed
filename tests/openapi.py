"""GitHub's own description of its REST API, as a judge of the double's answers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_SPEC = Path(__file__).parent / "npm/node_modules/@octokit/openapi/generated/api.github.com.json"
_ERROR = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}


class Judge:
    """`watch` is what `serve(..., watch=)` takes. `judged` counts answers that a schema was there
    for, by operation; `wrong` lists what did not fit."""

    def __init__(self) -> None:
        self.judged: dict[str, int] = {}
        self.wrong: list[str] = []

    def watch(self, operation: str, status: int, raw: bytes) -> None:
        if status in (204, 304):
            return
        for problem in problems(operation, status, json.loads(raw)):
            self.wrong.append(f"{operation} {status}: {problem}")
        self.judged[operation] = self.judged.get(operation, 0) + 1


def judge() -> Judge:
    """A judge, or the test is skipped where GitHub's description is not installed."""
    if not _SPEC.exists():
        pytest.skip("GitHub's OpenAPI description is not here: make npm")
    return Judge()


def problems(operation: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer. An operation that GitHub does not have is a problem."""
    validator = _validator(operation, status)
    if validator is None:
        return ["GitHub has no such operation"]
    errors = sorted(validator.iter_errors(body), key=lambda error: list(map(str, error.path)))
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:300]}" for one in errors[:5]]


@cache
def _validator(operation: str, status: int) -> Any:
    from jsonschema import Draft202012Validator

    spec, registry = _spec()
    method, _, path = operation.partition(" ")
    described = spec["paths"].get(path, {}).get(method.lower())
    if described is None:
        return None
    schema = _schema(spec, described["responses"].get(str(status)), status)
    return Draft202012Validator(schema, registry=registry)


def _schema(spec: dict[str, Any], answer: dict[str, Any] | None, status: int) -> dict[str, Any]:
    """Of an answer that GitHub does not describe, only errors are known: they have a message."""
    if answer is None:
        assert status >= 400 or status == 307, f"GitHub does not answer {status} here"
        return _ERROR
    if "$ref" in answer:
        answer = spec["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content = answer.get("content", {}).get("application/json")
    return _placed(content["schema"]) if content else {}


def _placed(schema: Any) -> Any:
    """The same schema with its references leading into GitHub's description."""
    if isinstance(schema, dict):
        return {
            key: "urn:github" + value if key == "$ref" else _placed(value)
            for key, value in schema.items()
        }
    return [_placed(one) for one in schema] if isinstance(schema, list) else schema


@cache
def _spec() -> tuple[dict[str, Any], Any]:
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    spec = json.loads(_SPEC.read_text("utf-8"))
    used = {"components": {"schemas": _nullable(spec["components"]["schemas"])}}
    resource = Resource(contents=used, specification=DRAFT202012)
    for path in spec["paths"].values():
        for described in path.values():
            described["responses"] = _nullable(described.get("responses", {}))
    spec["components"]["responses"] = _nullable(spec["components"]["responses"])
    return spec, Registry().with_resource("urn:github", resource)


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's words; examples are left out."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _nullable(one) for key, one in schema.items() if key not in ("example", "examples")
    }
    if schema.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, kept]}
    return kept
