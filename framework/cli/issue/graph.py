"""The issues around one: what it needs and what needs it, drawn as a tree, DOT or Mermaid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...domain.frozen import dataclass
from ...domain.issue import Issue
from ...domain.legible import clean
from .text import tags

_SPECIAL = re.compile(r"[^\w .,:!?()\[\]/+*=-]")  # what Mermaid could take for its own


@dataclass(frozen=True, kw_only=True)
class Graph:
    """`needs` and `needed_by` go through any number of issues, the nearest first; `left_out` is
    how many more there are."""

    issue: Issue
    needs: Mapping[str, Issue]
    needed_by: Mapping[str, Issue]
    left_out: int

    @property
    def nodes(self) -> dict[str, Issue]:
        return {self.issue.id: self.issue, **self.needs, **self.needed_by}

    @property
    def edges(self) -> list[tuple[str, str]]:
        """Pairs of an issue and one that it depends on."""
        nodes = self.nodes
        return [(id, one) for id, node in nodes.items() for one in node.depends_on if one in nodes]


def bounded(
    issue: Issue, needs: Mapping[str, Issue], needed_by: Mapping[str, Issue], limit: int | None
) -> Graph:
    """At most `limit` issues each way; None for all."""
    left_out = 0 if limit is None else sum(max(0, len(one) - limit) for one in (needs, needed_by))
    return Graph(
        issue=issue,
        needs=dict(list(needs.items())[:limit]),
        needed_by=dict(list(needed_by.items())[:limit]),
        left_out=left_out,
    )


def graph_document(graph: Graph) -> dict[str, Any]:
    return {
        "issue": graph.issue.id,
        "needs": list(graph.needs),
        "needed_by": list(graph.needed_by),
        "nodes": [
            {"id": one.id, "title": one.title, "state": one.state.value}
            for one in graph.nodes.values()
        ],
        "edges": [{"issue": id, "needs": one} for id, one in graph.edges],
        "left_out": graph.left_out,
    }


def tree(graph: Graph) -> str:
    """For people: what is shown a second time stands there without what is behind it."""
    needs: dict[str, list[str]] = {id: [] for id in graph.nodes}
    needed_by: dict[str, list[str]] = {id: [] for id in graph.nodes}
    for id, one in graph.edges:
        needs[id].append(one)
        needed_by[one].append(id)
    for ids in needed_by.values():
        ids.sort(key=lambda id: (len(id), id))
    lines = [_told(graph.issue)]
    for name, near in (("needs", needs), ("is needed by", needed_by)):
        lines.append(f"{name}:" if near[graph.issue.id] else f"{name} nothing")
        lines += _branches(graph, near)
    return "\n".join(lines)


def dot(graph: Graph) -> str:
    """For Graphviz; an arrow goes from what comes first to what waits for it."""
    lines = [f'  "{_quoted(id)}" [label="{_quoted(_told(one))}"];' for id, one in _nodes(graph)]
    lines += [f'  "{_quoted(one)}" -> "{_quoted(id)}";' for id, one in graph.edges]
    return "\n".join(["digraph issues {", "  rankdir=LR;", *lines, "}"])


def mermaid(graph: Graph) -> str:
    """For Markdown; an arrow goes from what comes first to what waits for it."""
    names = {id: f"n{number}" for number, (id, _) in enumerate(_nodes(graph))}
    lines = [f'  {names[id]}["{_escaped(_told(one))}"]' for id, one in _nodes(graph)]
    lines += [f"  {names[one]} --> {names[id]}" for id, one in graph.edges]
    return "\n".join(["graph LR", *lines])


def _branches(graph: Graph, near: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Depth first without recursion: a chain may be longer than Python's stack."""
    nodes, seen = graph.nodes, {graph.issue.id}
    stack = [(id, "", last) for id, last in _with_last(near[graph.issue.id])]
    while stack:
        id, lead, last = stack.pop()
        again = " (see above)" if id in seen and near[id] else ""
        yield f"{lead}{'└── ' if last else '├── '}{_told(nodes[id])}{again}"
        if id not in seen:
            seen.add(id)
            deeper = lead + ("    " if last else "│   ")
            stack += [(one, deeper, at_end) for one, at_end in _with_last(near[id])]


def _with_last(ids: Sequence[str]) -> list[tuple[str, bool]]:
    """Last first, as a stack gives them back; the last is marked."""
    return [(id, number == 0) for number, id in enumerate(reversed(ids))]


def _told(issue: Issue) -> str:
    return f"{tags([issue.id])[0]} {clean(issue.title)} ({issue.state.value})"


def _nodes(graph: Graph) -> list[tuple[str, Issue]]:
    return list(graph.nodes.items())


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", text)
