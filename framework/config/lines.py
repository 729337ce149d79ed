"""On which line of a JSON text a key stands, to tell people where to look."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from ..domain.frozen import dataclass

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]')


@dataclass(frozen=True, kw_only=True)
class _Key:
    """`path` ends with the key itself; None stands for a list on the way. `inside` is where the
    object begins that it is a key of."""

    path: tuple[str | None, ...]
    inside: int
    line: int


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """The line of the key that `keys` lead to, or of the last of them that is there; None where
    none is."""
    lines = {key.path: key.line for key in _keys(text)}
    found = (lines.get(tuple(keys[:length])) for length in range(len(keys), 0, -1))
    return next((line for line in found if line is not None), None)


def twice(text: str) -> tuple[str, int]:
    """The first key that its object has already, and its line. There must be one."""
    seen: set[tuple[int, str | None]] = set()
    for key in _keys(text):
        if (key.inside, key.path[-1]) in seen:
            return str(key.path[-1]), key.line
        seen.add((key.inside, key.path[-1]))
    raise LookupError("no key is there twice")


def _keys(text: str) -> Iterator[_Key]:
    """All keys in their order, of a text that is JSON at least as far as they are asked for."""
    path: list[str | None] = []
    begun: list[int] = []
    is_next = False
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{" | "[" as opening:
                is_next = opening == "{"
                path.append("" if is_next else None)
                begun.append(token.start())
            case "}" | "]":
                path, begun, is_next = path[:-1], begun[:-1], False
            case ",":
                is_next = bool(path) and path[-1] is not None
            case said if is_next and said != ":":
                path[-1], is_next = json.loads(said), False
                line = text.count("\n", 0, token.start()) + 1
                yield _Key(path=tuple(path), inside=begun[-1], line=line)
            case _:
                pass
