"""Which of GitHub's issue types says what kind of work an issue is, where the server has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...domain.errors import ForgeRefused, TrackerUnavailable
from ...domain.frozen import dataclass
from ...domain.issue import Category
from ...forge.github import GitHub

_TYPES: Mapping[str, str] = {
    Category.FUNCTIONAL: "feature",
    Category.STYLE: "task",
    Category.INFRASTRUCTURE: "task",
}
"""By category, the name in lower case; `Bug` is people's word."""

# An organisation has at most 25.
TYPES_QUERY = """query($id: ID!) { node(id: $id) { ... on Repository {
  issueTypes(first: 25) { nodes { id name isEnabled } } } } }"""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Node ids by names in lower case."""

    ids: Mapping[str, str]


class IssueTypes:
    """Those of the repository with this node id. They are an ornament: a server that has none, or
    does not tell, is asked once by this object, and issues are made without."""

    def __init__(self, api: GitHub, node: str) -> None:
        self._api = api
        self._node = node
        self._known: _Known | None = None

    def of(self, labels: Iterable[str]) -> str | None:
        """The node id of the type for an issue with these labels; None where no label is a
        category, or there is no such type. Raises nothing of GitHub's."""
        names = set(labels)
        wanted = next((name for category, name in _TYPES.items() if category in names), None)
        if wanted is None:
            return None
        if self._known is None:
            self._known = _Known(ids=self._asked())
        return self._known.ids.get(wanted)

    def forget(self) -> None:
        """GitHub did not take an issue as it was sent: a type may be gone. Where there were some,
        they are asked for anew."""
        if self._known is not None and self._known.ids:
            self._known = None

    def _asked(self) -> Mapping[str, str]:
        try:
            found = self._api.query(TYPES_QUERY, id=self._node).get("node") or {}
        except (ForgeRefused, TrackerUnavailable):
            return {}
        listed = (found.get("issueTypes") or {}).get("nodes") or ()
        return {one["name"].lower(): one["id"] for one in listed if one["isEnabled"]}
