"""One thing done to several issues: each is tried, and each is told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...domain.errors import NightshiftError
from .._options import OK, exit_code, explained
from .context import Context

Deed = Callable[[str], tuple[dict[str, Any], str]]
"""What is done to the issue of that id: the result as a document and as a line."""


def each(context: Context, prog: str, ids: Sequence[str], deed: Deed) -> int:
    """Do it to all of them, whatever becomes of the others; the highest exit code.

    As JSON a list of `{id, ok, item}` or `{id, ok, error}`, in the order given; what failed is
    also on stderr, as of every command.
    """
    out, results, worst = context.out, [], OK
    for id in ids:
        try:
            document, text = deed(id)
        except NightshiftError as error:
            out.error(prog, error)
            results.append({"id": id, "ok": False, "error": explained(error)})
            worst = max(worst, exit_code(error))
        else:
            out.say(text)
            results.append({"id": id, "ok": True, "item": document})
    out.results(results)
    return worst
