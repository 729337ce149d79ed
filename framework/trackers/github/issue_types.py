"""Which of GitHub's issue types says what kind of work an issue is, where the server has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from ...domain.errors import ForgeRefused, TrackerUnavailable
from ...domain.frozen import dataclass
from ...domain.issue import Category
from .repository import Repository

_TYPES: Mapping[str, str] = {
    Category.FUNCTIONAL: "feature",
    Category.STYLE: "task",
    Category.INFRASTRUCTURE: "task",
}
"""By category, the name in lower case; `Bug` is people's word."""
_FACT = "issue types"
_VALID = timedelta(days=1)

# An organisation has at most 25.
TYPES_QUERY = """query($id: ID!) { node(id: $id) { ... on Repository {
  issueTypes(first: 25) { nodes { id name isEnabled } } } } }"""


@dataclass(frozen=True, kw_only=True)
class IssueType:
    """`name` as GitHub spells it."""

    id: str
    name: str


class IssueTypes:
    """They are an ornament: a server that has none, or does not tell, is asked once by an object,
    and what it told is good for a day; issues are made without."""

    def __init__(self, at: Repository) -> None:
        self._at = at
        self._known: Mapping[str, str] | None = None
        self._has_forgotten = False

    def of(self, labels: Iterable[str]) -> IssueType | None:
        """The type for an issue with these labels; None where no label is a category, or there is
        no such type. Raises nothing of GitHub's."""
        names = set(labels)
        wanted = next((name for category, name in _TYPES.items() if category in names), None)
        if wanted is None:
            return None
        if self._known is None:
            self._known = self._learnt()
        found = {name.lower(): name for name in self._known}.get(wanted)
        return None if found is None else IssueType(id=self._known[found], name=found)

    def forget(self) -> bool:
        """GitHub did not take an issue as it was sent: whether a type that is gone may be why. They
        are asked for anew then; it is so once for an object."""
        if not self._known or self._has_forgotten:
            return False
        self._known, self._has_forgotten = None, True
        self._at.remember(_FACT, None)
        return True

    def _learnt(self) -> Mapping[str, str]:
        known: Mapping[str, str] | None = self._at.remembered(_FACT, _VALID)
        if known is None:
            try:
                known = self._asked()
            except TrackerUnavailable:
                return {}
            self._at.remember(_FACT, known)
        return known

    def _asked(self) -> Mapping[str, str]:
        """Node ids by names."""
        try:
            found = self._at.api.query(TYPES_QUERY, id=self._at.node).get("node") or {}
        except ForgeRefused:
            return {}
        listed = (found.get("issueTypes") or {}).get("nodes") or ()
        return {one["name"]: one["id"] for one in listed if one["isEnabled"]}
