"""GitHub's own GraphQL schema, from the package that GitHub publishes, and what came after it.

The schema is read from where `COMMAND` puts it; it is never part of this project. The published
text is older than the service: `extras.graphql` and `_AFTERWARDS` add what the product uses of
the time since. Parsing the text takes a second or two, so what was parsed is kept beside it.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pickle
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

import graphql
from graphql import DocumentNode, GraphQLArgument, GraphQLSchema

from framework.domain.errors import UsageError

Profile = Literal["github.com", "ghes"]
PACKAGE = "@octokit/graphql-schema"
VERSION = "15.26.1"
COMMAND = (
    'npm install --prefix "${XDG_CACHE_HOME:-$HOME/.cache}/nightshift/github" '
    f"--no-package-lock --no-audit --no-fund --silent {PACKAGE}@{VERSION}"
)
EXTRAS = Path(__file__).with_name("extras.graphql")

_DESCRIPTION = re.compile(r'"""(?:.|\n)*?"""')

# Arguments that existing fields have got, which SDL cannot say by `extend`.
_AFTERWARDS = {
    ("ProjectV2", "items", "query"): "String",
    ("ProjectV2", "items", "archivedStates"): "[ProjectV2ItemArchivedState!]",
}


def place(variables: Mapping[str, str]) -> Path:
    """Where `COMMAND` puts the schema for a person with these environment variables."""
    given = Path(variables.get("XDG_CACHE_HOME", ""))  # a relative one is to be ignored, says XDG
    base = given if given.is_absolute() else Path.home() / ".cache"
    return base / "nightshift" / "github"


def load(profile: Profile = "github.com", at: Path | None = None) -> GraphQLSchema:
    """The schema of github.com, or of a GitHub Enterprise Server that lacks the additions.

    `at` is `place(...)`, by default that of a person without XDG_CACHE_HOME. Every call of this
    process gets the same object: do not change it. UsageError where it is not installed.
    """
    return _load(profile, at or place({}))


def installed(at: Path | None = None) -> bool:
    """Whether `load` would find the schema."""
    return _version(at or place({})) == VERSION


@cache
def _load(profile: Profile, at: Path) -> GraphQLSchema:
    if _version(at) != VERSION:
        raise UsageError(
            f"The schema of GitHub's GraphQL API ({PACKAGE} {VERSION}) is not in {at}. "
            f"Install it with: {COMMAND}"
        )
    with _quick():
        return _built(profile, _published(at))


def _package(at: Path) -> Path:
    return at / "node_modules" / PACKAGE


def _version(at: Path) -> str:
    try:
        described: dict[str, Any] = json.loads((_package(at) / "package.json").read_text("utf-8"))
    except FileNotFoundError:
        return ""
    return str(described.get("version", ""))


@cache
def _published(at: Path) -> DocumentNode:
    """The published text, parsed; what was parsed is kept beside it. Schemas refer to all of it,
    so that holding it here as well takes no memory, and those of both profiles share it."""
    parsers = hashlib.sha256(f"{graphql.version} {sys.version}".encode()).hexdigest()[:16]
    kept = at / f"schema-{VERSION}-{parsers}.pickle"
    if (document := _kept(kept)) is None:
        text = (_package(at) / "schema.graphql").read_text("utf-8")
        document = graphql.parse(_DESCRIPTION.sub("", text), no_location=True)
        _keep(document, kept)
    return document


def _built(profile: Profile, published: DocumentNode) -> GraphQLSchema:
    if profile == "ghes":
        return _of(published)
    extras = graphql.parse(EXTRAS.read_text("utf-8"), no_location=True)
    # Built in one go: to extend a schema that is there takes as long again as to build it.
    schema = _of(DocumentNode(definitions=(*published.definitions, *extras.definitions)))
    for (owner, name, argument), kind in _AFTERWARDS.items():
        field = schema.type_map[owner].fields[name]  # type: ignore[attr-defined]
        type_: Any = graphql.type_from_ast(schema, graphql.parse_type(kind))
        field.args[argument] = GraphQLArgument(type_)
    return schema


def _of(document: DocumentNode) -> GraphQLSchema:
    """The text breaks rules of SDL (fields given twice, odd deprecations): taken as it is."""
    return graphql.build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)


@contextmanager
def _quick() -> Iterator[None]:
    """Hundreds of thousands of objects come to stay: looking for garbage among them is in vain."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _kept(path: Path) -> DocumentNode | None:
    """What an earlier process has parsed; None where there is nothing or it is damaged."""
    try:
        found = pickle.loads(path.read_bytes())  # noqa: S301 - the person's own cache, our own file
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError, ValueError):
        return None
    return found if isinstance(found, DocumentNode) else None


def _keep(document: DocumentNode, path: Path) -> None:
    fresh = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # a cache that cannot be written costs time only
        fresh.write_bytes(pickle.dumps(document, pickle.HIGHEST_PROTOCOL))
        fresh.replace(path)
