"""Which issue is part of which, shown to people as sub-issues where the server has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ...domain.errors import ForgeRefused, IssueDeleted, TrackerUnavailable
from ...domain.frozen import dataclass
from ...domain.plan import META_KEY
from ...forge.github import Done, Failed, GitHub, Mutation, Result
from .shelf import Shelf

_SPLIT = re.compile(r"split:([1-9][0-9]{0,9}):[0-9]+", re.ASCII)
_ADDED = "{ subIssue { id } }"


@dataclass(frozen=True, kw_only=True)
class Part:
    """`issue` is part of `whole`; both are numbers."""

    issue: int
    whole: int


class Kin:
    """Sub-issues of GitHub's own. They are an ornament: nothing here reads them, each is asked for
    once, when its issue was made, and what GitHub does not take is left at that."""

    def __init__(self, api: GitHub, shelf: Shelf, say: Callable[[str], None]) -> None:
        self._api = api
        self._shelf = shelf
        self._say = say
        self._is_off = False
        self._has_said = False

    def show(self, numbers: Iterable[int]) -> None:
        """Put these issues, which were just made, under the one that they are part of: a plan's
        under its META issue, what an issue was split into under that one. Raises nothing of
        GitHub's; a server that takes none of them is not asked again by this object."""
        if self._is_off:
            return
        try:
            parts = list(self._parts(numbers))  # which may ask who may write
            results = self._api.mutate([self._addition(one) for one in parts])
        except (TrackerUnavailable, ForgeRefused) as error:
            self._complain(str(error))
            return
        self._is_off = bool(results) and all(_is_refused(one) for one in results)
        for one in results:
            if not isinstance(one, Done):
                self._complain(one.why)

    def _parts(self, numbers: Iterable[int]) -> Iterator[Part]:
        for number in numbers:
            issue = self._shelf.find(number)
            whole = None if issue is None or issue.key is None else self._whole(issue.key)
            if whole is not None and whole != number:
                yield Part(issue=number, whole=whole)

    def _whole(self, key: str) -> int | None:
        if split := _SPLIT.fullmatch(key):
            number = int(split[1])
            return None if self._shelf.find(number) is None else number
        plan, slash, _ = key.rpartition("/")
        return self._meta(f"{plan}/{META_KEY}") if slash else None

    def _meta(self, key: str) -> int | None:
        try:
            found = self._shelf.with_key(key)
        except IssueDeleted:
            return None
        return int(found.id) if found is not None and found.is_meta else None

    def _addition(self, part: Part) -> Mutation:
        asked = {"issueId": self._node(part.whole), "subIssueId": self._node(part.issue)}
        return Mutation(name="addSubIssue", input=asked, select=_ADDED)

    def _node(self, number: int) -> str:
        return self._shelf.kept(number).row.seen.node

    def _complain(self, why: str) -> None:
        if not self._has_said:
            self._has_said = True
            self._say(f"Some issues are not shown as sub-issues of what they are part of: {why}")


def _is_refused(result: Result) -> bool:
    return isinstance(result, Failed) and result.trouble.rule.wait is None
