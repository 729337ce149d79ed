"""What issues wait for, told to GitHub where the server knows of such."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...domain.frozen import dataclass, replace
from ...forge.github import Done, Mutation, Result, sure
from .marker import marked
from .reading import belonging
from .repository import Repository
from .seen import FIELDS, of_graph
from .shelf import Shelf

_ISSUE = f"{{ issue {FIELDS} }}"


@dataclass(frozen=True, kw_only=True)
class Edge:
    """`issue` waits for `needs`; both are numbers."""

    issue: int
    needs: int


class Links:
    """Dependencies of GitHub's own. What it does not take stays in the marker, and counts."""

    def __init__(self, at: Repository, shelf: Shelf) -> None:
        self._at = at
        self._shelf = shelf

    def settle(self, numbers: Iterable[int]) -> None:
        """Tell GitHub what the markers of these issues say they need, and take it out of those
        in which GitHub took all. Until then the markers count, so that this may be cut off at
        any moment; a refusal is no error."""
        waiting = {number: self._shelf.needs(number) for number in numbers}
        edges = [Edge(issue=one, needs=other) for one in waiting for other in waiting[one] or ()]
        if not edges:
            return
        refused = {
            edge.issue
            for edge, result in zip(edges, self._add(edges), strict=True)
            if not isinstance(result, Done)
        }
        self._unmark([one for one, needs in waiting.items() if needs and one not in refused])

    def change(self, number: int, add: Iterable[int], remove: Iterable[int]) -> None:
        """Raises ForgeRefused and TrackerUnavailable; what came before it is done then."""
        added = [Edge(issue=number, needs=one) for one in sorted(add)]
        removed = [Edge(issue=number, needs=one) for one in sorted(remove)]
        row = self._shelf.kept(number).row
        known, seen = set(row.blockers or ()), row.seen
        for edge, result in zip(added, self._add(added), strict=True):
            seen, known = of_graph(sure(result)["issue"]), known | {edge.needs}
        for edge, result in zip(removed, self._remove(removed), strict=True):
            seen, known = of_graph(sure(result)["issue"]), known - {edge.needs}
        self._at.mirror.keep_blockers(number, known, row.elsewhere)
        seen = replace(seen, blocked=len(known) + len(row.elsewhere))
        self._at.keep(seen)

    def _add(self, edges: Sequence[Edge]) -> Sequence[Result]:
        return self._at.api.mutate([self._addition(one) for one in edges])

    def _remove(self, edges: Sequence[Edge]) -> Sequence[Result]:
        return self._at.api.mutate([self._removal(one) for one in edges])

    def _addition(self, edge: Edge) -> Mutation:
        asked = {"issueId": self._node(edge.issue), "blockingIssueId": self._node(edge.needs)}
        return Mutation(name="addBlockedBy", input=asked, select=_ISSUE)

    def _removal(self, edge: Edge) -> Mutation:
        asked = {"issueId": self._node(edge.issue), "blockingIssueId": self._node(edge.needs)}
        return Mutation(name="removeBlockedBy", input=asked, select=_ISSUE)

    def _node(self, number: int) -> str:
        return self._shelf.kept(number).row.seen.node

    def _unmark(self, numbers: Sequence[int]) -> None:
        edits = []
        for number in numbers:
            kept = self._shelf.kept(number)
            visible, _ = belonging(kept.row.seen)
            marker = replace(kept.marker, needs=(), number=number)
            body = {"id": kept.row.seen.node, "body": marked(visible, marker)}
            edits.append(Mutation(name="updateIssue", input=body, select=_ISSUE))
        for number, result in zip(numbers, self._at.api.mutate(edits), strict=True):
            if isinstance(result, Done):
                row = self._shelf.kept(number).row
                needs = {*(row.blockers or ()), *(self._shelf.needs(number) or ())}
                self._at.mirror.keep_blockers(number, needs, row.elsewhere)
                blocked = len(needs) + len(row.elsewhere)
                seen = replace(of_graph(result.data["issue"]), blocked=blocked)
                self._at.keep(seen)
