"""Which issue is part of which, shown to people as sub-issues where the server has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ...domain.errors import ForgeRefused, IssueDeleted, TrackerUnavailable
from ...domain.frozen import dataclass
from ...domain.issue import META_KEY, Issue, is_meta_key
from ...forge.github import Done, Failed, Mutation, Result
from .repository import Repository
from .shelf import Shelf

_SPLIT = re.compile(r"split:([1-9][0-9]{0,9}):[0-9]+", re.ASCII)
_ADDED = "{ subIssue { id } }"
_INTENT = "part "
_PAGE = 100

WHOLES_QUERY = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Issue {
  id parent { id }
  timelineItems(first: 1, itemTypes: [PARENT_ISSUE_REMOVED_EVENT]) { nodes { __typename } }
} } }"""


@dataclass(frozen=True, kw_only=True)
class Part:
    """`issue`, made with `key`, is part of `whole`; both are numbers."""

    issue: int
    whole: int
    key: str

    @property
    def shown(self) -> str:
        """The name of the fact that parts of the whole were shown from here."""
        return f"parts of {self.whole}"


class Kin:
    """Sub-issues of GitHub's own. They are an ornament: nothing hangs on them, what GitHub does not
    take is left at that, and so is what people take out or put elsewhere."""

    def __init__(self, at: Repository, shelf: Shelf) -> None:
        self._at = at
        self._shelf = shelf
        self._is_off = self._has_said = self._has_mended = False

    def intents(self, keys: Iterable[str | None]) -> Sequence[str]:
        """What is to be noted down before issues with these keys are made: until they are shown
        that says that they are to be."""
        return [f"{_INTENT}{key}" for key in keys if key is not None and _is_part(key)]

    def show(self, made: Iterable[int] = (), again: Iterable[int] = ()) -> None:
        """Put the issues that were just `made` under the one that they are part of: a plan's
        under its META issue, what an issue was split into under that one. And so those of an
        earlier call that was cut off, and those `again` found to be there of whose whole this
        machine has shown nothing; of these GitHub is asked first. Raises nothing of GitHub's; a
        server that takes none of them is not asked again by this object."""
        if self._is_off:
            return
        try:
            new = list(self._parts(made))  # which may ask who may write
            self._show(new, self._doubtful(new, again))
        except (TrackerUnavailable, ForgeRefused) as error:
            self._complain(str(error))

    def mend(self) -> None:
        """Show what an earlier call did not come to; tried once by this object."""
        if not self._has_mended:
            self._has_mended = True
            self.show()

    def _show(self, new: Sequence[Part], old: Sequence[Part]) -> None:
        mirror = self._at.mirror
        if not (new or old):
            return
        mirror.intend(self.intents(one.key for one in old), self._at.clock())
        sent = [*new, *self._lacking(old)]
        results = self._at.api.mutate([self._addition(one) for one in sent])
        self._is_off = bool(results) and all(_is_refused(one) for one in results)
        lost = set()
        for part, result in zip(sent, results, strict=True):
            if not isinstance(result, Done):
                self._complain(result.why)
                lost |= set() if _is_refused(result) else {part.issue}
        done = [one for one in (*new, *old) if one.issue not in lost]
        mirror.settle(self.intents(one.key for one in done))
        for name in {one.shown for one in done}:
            if mirror.fact(name) is None:
                mirror.keep_fact(name, "yes")

    def _doubtful(self, new: Iterable[Part], again: Iterable[int]) -> Sequence[Part]:
        """Those of which it is not known here whether they are shown."""
        mirror = self._at.mirror
        left = [self._find(name.removeprefix(_INTENT)) for name in mirror.intentions(_INTENT)]
        parts = {one.issue: one for one in self._parts(int(one.id) for one in left if one)}
        unknown = [one for one in self._parts(again) if mirror.fact(one.shown) is None]
        parts |= {one.issue: one for one in unknown}
        for one in new:
            parts.pop(one.issue, None)
        return list(parts.values())

    def _lacking(self, parts: Sequence[Part]) -> Iterator[Part]:
        """Those that are part of nothing, and that nobody took out of anything."""
        for at in range(0, len(parts), _PAGE):
            by_node = {self._node(one.issue): one for one in parts[at : at + _PAGE]}
            try:
                nodes = self._at.api.query(WHOLES_QUERY, ids=list(by_node))["nodes"]
            except ForgeRefused as error:
                if error.trouble.rule.wait is not None:
                    raise
                self._complain(str(error))
                return
            for node in nodes:
                if node and node["parent"] is None and not node["timelineItems"]["nodes"]:
                    yield by_node[node["id"]]

    def _parts(self, numbers: Iterable[int]) -> Iterator[Part]:
        for number in numbers:
            issue = self._shelf.find(number)
            key = None if issue is None else issue.key
            whole = None if key is None else self._whole(key)
            if key is not None and whole is not None and whole != number:
                yield Part(issue=number, whole=whole, key=key)

    def _whole(self, key: str) -> int | None:
        if split := _SPLIT.fullmatch(key):
            number = int(split[1])
            return None if self._shelf.find(number) is None else number
        plan, slash, _ = key.rpartition("/")
        found = self._find(f"{plan}/{META_KEY}") if slash else None
        return int(found.id) if found is not None and found.is_meta else None

    def _find(self, key: str) -> Issue | None:
        try:
            return self._shelf.with_key(key)
        except IssueDeleted:
            return None

    def _addition(self, part: Part) -> Mutation:
        asked = {"issueId": self._node(part.whole), "subIssueId": self._node(part.issue)}
        return Mutation(name="addSubIssue", input=asked, select=_ADDED)

    def _node(self, number: int) -> str:
        return self._shelf.kept(number).row.seen.node

    def _complain(self, why: str) -> None:
        if not self._has_said:
            self._has_said = True
            self._at.say(f"Some issues are not shown as sub-issues of what they are part of: {why}")


def _is_part(key: str) -> bool:
    return bool(_SPLIT.fullmatch(key)) or ("/" in key and not is_meta_key(key))


def _is_refused(result: Result) -> bool:
    return isinstance(result, Failed) and result.trouble.rule.wait is None
