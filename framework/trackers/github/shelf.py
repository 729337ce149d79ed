"""The mirror's rows as issues, kept in this process so that only what changed is read anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import RLock

from ...domain.frozen import dataclass, replace
from ...domain.issue import Issue
from .. import _rules
from . import words
from .approvals import Approvals
from .eligibility import Facts, withheld
from .marker import Marker
from .mirror import Row
from .reading import belonging, issue_of
from .repository import Repository

_BY_KEY = "key:"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """`bare` is the issue but for `needs` that are keys, and for what withholds it."""

    row: Row
    marker: Marker
    bare: Issue


class Shelf:
    """All issues of the repository as the mirror knows them."""

    def __init__(self, at: Repository, approvals: Approvals) -> None:
        self._at = at
        self._approvals = approvals
        self._lock = RLock()
        self._version = 0
        self._kept: dict[int, Kept] = {}
        self._keys: dict[str, list[int]] = {}

    def every(self) -> Sequence[Issue]:
        """All there are, by number, and of those that are not closed what withholds them."""
        with self._lock:
            self._catch_up()
            living = self._living()
            self._approvals.ask(
                one.row for one in living if not one.bare.is_closed and self._is_strange(one)
            )
            return [self._finished(one) for one in living]

    def find(self, number: int) -> Issue | None:
        with self._lock:
            self._catch_up()
            kept = self._kept.get(number)
            if kept is None or kept.row.is_gone:
                return None
            if not kept.bare.is_closed and self._is_strange(kept):
                self._approvals.ask([kept.row])
            return self._finished(kept)

    def kept(self, number: int) -> Kept:
        """What is known of an issue that there is."""
        with self._lock:
            self._catch_up()
            return self._kept[number]

    def with_key(self, key: str) -> Issue | None:
        """The one made with this key: of several the lowest number. Raises IssueDeleted where
        it is known to have been deleted."""
        with self._lock:
            self._catch_up()
            numbers = self._keys.get(key, [])
            for number in numbers:
                if not self._kept[number].row.is_gone:
                    return self._finished(self._kept[number])
            if numbers:
                raise _rules.deleted(str(numbers[0]), key)
            return None

    def dependants(self, number: int) -> Sequence[Kept]:
        with self._lock:
            self._catch_up()
            id = str(number)
            return [one for one in self._living() if id in self._finished(one).depends_on]

    def needs(self, number: int) -> Sequence[int] | None:
        """What the issue's marker says it needs; None where one of these is not made yet."""
        with self._lock:
            self._catch_up()
            found = [self._named(one) for one in self._kept[number].marker.needs]
            known = [one for one in found if one is not None]
            return known if len(known) == len(found) else None

    def left(self, number: int, without: Iterable[int]) -> tuple[str, ...]:
        """What the issue's marker says it needs, as it says it, but for these."""
        with self._lock:
            self._catch_up()
            gone = set(without)
            needs = self._kept[number].marker.needs
            return tuple(one for one in needs if self._named(one) not in gone)

    def _living(self) -> Sequence[Kept]:
        return [one for _, one in sorted(self._kept.items()) if not one.row.is_gone]

    def _catch_up(self) -> None:
        for row in self._at.mirror.rows(self._version):
            self._version = max(self._version, row.version)
            self._keep(row)

    def _keep(self, row: Row) -> None:
        seen = row.seen
        _, marker = belonging(seen)
        trusted = self._is_trusted(row, marker)
        numbers = {*(row.blockers or ()), *(int(one) for one in marker.needs if one.isdecimal())}
        bare = issue_of(seen, self._at.house, needs=numbers, trusted=trusted)
        was = self._kept.get(seen.number)
        if was is not None and was.bare.key is not None:
            self._keys[was.bare.key].remove(seen.number)
        if bare.key is not None:
            self._keys[bare.key] = sorted({*self._keys.get(bare.key, ()), seen.number})
        self._kept[seen.number] = Kept(row=row, marker=marker, bare=bare)

    def _is_trusted(self, row: Row, marker: Marker) -> bool:
        """Asked only where the marker says what not everybody may."""
        seen = row.seen
        if seen.author == self._at.house.login or (marker.key is None and marker.by is None):
            return True
        return self._approvals.can_write(seen.author, seen.association)

    def _is_strange(self, kept: Kept) -> bool:
        seen = kept.row.seen
        is_ours = seen.author == self._at.house.login
        return not is_ours and not self._approvals.can_write(seen.author, seen.association)

    def _finished(self, kept: Kept) -> Issue:
        needs, unmade = self._needs(kept)
        issue = kept.bare
        if needs != issue.depends_on:
            issue = replace(issue, depends_on=needs)
        why = "" if issue.is_closed else withheld(self._facts(kept, unmade))
        return replace(issue, withheld=why) if why else issue

    def _needs(self, kept: Kept) -> tuple[tuple[str, ...], Sequence[str]]:
        """The ids of what it waits for and is there, and the keys of what is not made yet."""
        found = tuple(one for one in kept.bare.depends_on if self._is_there(int(one)))
        keys = [one.removeprefix(_BY_KEY) for one in kept.marker.needs if one.startswith(_BY_KEY)]
        if not keys:
            return found, ()
        numbers = {key: self._number_of(key) for key in keys}
        made = {str(number) for number in numbers.values() if number is not None}
        return _rules.in_order({*found, *made}), [key for key in keys if numbers[key] is None]

    def _facts(self, kept: Kept, unmade: Iterable[str]) -> Facts:
        seen = kept.row.seen
        facts = Facts(
            author=seen.author,
            is_ours=seen.author == self._at.house.login,
            claims=words.claims_of(seen.labels) - {self._at.house.store},
            elsewhere=tuple(one for one in kept.row.elsewhere if one),
            unmade=tuple(unmade),
            twin=self._twin(kept),
        )
        if facts.is_ours or self._approvals.can_write(seen.author, seen.association):
            return replace(facts, author_can_write=True)
        return self._approvals.facts(kept.row, facts)

    def _twin(self, kept: Kept) -> int | None:
        if kept.bare.key is None:
            return None
        first = self._number_of(kept.bare.key)
        return None if first == kept.row.seen.number else first

    def _number_of(self, key: str) -> int | None:
        living = [one for one in self._keys.get(key, ()) if self._is_there(one)]
        return living[0] if living else None

    def _named(self, need: str) -> int | None:
        if need.startswith(_BY_KEY):
            return self._number_of(need.removeprefix(_BY_KEY))
        return int(need) if need.isdecimal() and self._is_there(int(need)) else None

    def _is_there(self, number: int) -> bool:
        return number in self._kept and not self._kept[number].row.is_gone
