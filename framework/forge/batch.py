"""GraphQL: several mutations in one request, and what an answer says of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..domain.errors import ForgeRefused, TrackerUnavailable, Unsure
from ..domain.frozen import dataclass
from ..domain.trouble import Kind, Trouble
from .asking import Away, Heard, Outcome, lost
from .refusal import Asked, Refusal, errors_in, of_error

MOST = 20
"""Mutations in one request: with many more GitHub's 10 seconds run out half way."""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One mutation of a batch: `name` as the schema has it, `input` its one argument, `select`
    what to answer, in braces. Values stand in `input` only, never in `select`."""

    name: str
    input: Mapping[str, Any]
    select: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """It was done; `data` is what `select` asked for."""

    data: Any


@dataclass(frozen=True, kw_only=True)
class Failed:
    """It was not done: refused by GitHub, or not sent. `code` is the API's own word."""

    trouble: Trouble
    code: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """No answer: it may have been done or not."""

    why: str


Result = Done | Failed | Unknown


def sure(result: Result) -> Any:
    """The data of a mutation that was done. Raises Unsure where nobody knows, TrackerUnavailable
    where it may be asked again later, and ForgeRefused."""
    match result:
        case Done(data=data):
            return data
        case Unknown(why=why):
            raise Unsure(why)
        case Failed(trouble=trouble, code=code, why=why):
            if trouble.rule.wait is not None:
                raise TrackerUnavailable(why, trouble.until)
            raise ForgeRefused(why, trouble, status=200, code=code)


def document(mutations: Sequence[Mutation]) -> tuple[str, dict[str, Any]]:
    """The text of a batch, with aliases m0, m1, ..., and its variables."""
    for one in mutations:
        if not re.fullmatch(r"[a-z][A-Za-z0-9]*", one.name):
            raise ValueError(f"{one.name!r} is no name of a mutation")
    names = [f"{one.name[0].upper()}{one.name[1:]}Input!" for one in mutations]
    declared = ", ".join(f"$i{at}: {name}" for at, name in enumerate(names))
    fields = [f"m{at}: {one.name}(input: $i{at}) {one.select}" for at, one in enumerate(mutations)]
    values = {f"i{at}": dict(one.input) for at, one in enumerate(mutations)}
    return f"mutation({declared}) {{ {' '.join(fields)} }}", values


def results(outcome: Outcome, asked: Asked, count: int, now: datetime) -> list[Result]:
    """What came of each of the `count` mutations of one request."""
    match outcome:
        case Heard():
            return _each(outcome, asked, count, now)
        case Away(sent=True):
            return [Unknown(why=lost(outcome, asked.what))] * count
        case _:
            return [_failed(outcome.refusal)] * count


def unsent(error: TrackerUnavailable, count: int) -> list[Result]:
    """Of mutations that were not sent because of `error`."""
    kind = Kind.RATE_LIMIT if error.until else Kind.NETWORK
    trouble = Trouble(kind=kind, until=error.until, why=str(error))
    return [Failed(trouble=trouble, code="", why=str(error))] * count


def _each(heard: Heard, asked: Asked, count: int, now: datetime) -> list[Result]:
    refused, general = _sorted(heard, asked, now)
    data = heard.data.get("data") or {}
    return [_one(f"m{at}", data, refused, general) for at in range(count)]


def _one(
    alias: str, data: Mapping[str, Any], refused: Mapping[str, Refusal], general: Refusal | None
) -> Result:
    if alias in refused:
        refusal = refused[alias]
        # The server's own trouble in the middle says nothing about what was done before it.
        is_known = refusal.trouble.kind is not Kind.SERVER
        return _failed(refusal) if is_known else Unknown(why=refusal.text)
    if data.get(alias) is not None:
        return Done(data=data[alias])
    if general is not None and not data and general.trouble.kind is not Kind.SERVER:
        return _failed(general)
    return Unknown(why=general.text if general else "GitHub's answer does not mention it.")


def _sorted(heard: Heard, asked: Asked, now: datetime) -> tuple[dict[str, Refusal], Refusal | None]:
    """Refusals by alias, and the first that is about the request as a whole."""
    refused: dict[str, Refusal] = {}
    general: Refusal | None = None
    for error in errors_in(heard.data):
        refusal = of_error(asked, error, heard.reply.headers, now)
        path = error.get("path")
        if isinstance(path, list) and path and re.fullmatch(r"m\d+", str(path[0])):
            refused.setdefault(str(path[0]), refusal)
        else:
            general = general or refusal
    return refused, general


def _failed(refusal: Refusal) -> Failed:
    return Failed(trouble=refusal.trouble, code=refusal.code, why=refusal.text)
