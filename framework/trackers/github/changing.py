"""Changing one issue: what is told to GitHub, and that it was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ...domain.errors import TrackerError, TransitionRefused
from ...domain.issue import Change, Issue, State
from ...domain.transition import refuse_wrong
from ...domain.trouble import Kind
from ...forge.github import Done, Failed, Mutation, sure
from .. import _rules
from . import words
from .listing import looks
from .rooms import Rooms
from .seen import Snapshot, of_rest
from .steps import Steps, added, onto, removed, shown
from .writing import patch, unclaimed

FRESH = timedelta(seconds=10)
"""How old what is known may be when it is written over: people's edits win."""
_STALE = {Kind.NOT_FOUND, Kind.UNPROCESSABLE}
"""A label, or the issue, is another one by now."""


class Changing:
    """`steps` says what of it is done bit by bit."""

    def __init__(self, rooms: Rooms) -> None:
        self._at = rooms.at
        self._rooms = rooms
        self.steps = Steps(rooms.catalogue, rooms.people, rooms.at.house.login)

    def change(self, number: int, change: Change, *, forced: bool = False) -> bool:
        """Whether anything changed. The caller has the turn. Raises what `Tracker.update` does.

        `forced`: another machine's claim is no reason against ours.
        """
        self._refuse_approval(number, change)
        self._freshen(number)
        for one in change.add_depends_on:
            self._rooms.require(one)
        before = self._rooms.issue(str(number))
        after = _rules.edited(before, change, self._at.clock())
        self._refuse_cycle(before, after)
        is_claim = change.state is State.IN_PROGRESS and not forced
        if is_claim and (others := self._claims(number)):
            raise self._taken(number, others)
        if after is not before:
            self._write(number, before, after)
            self._heed(number, before, after, is_claim=is_claim)
        return after is not before

    def let_go(self, number: int) -> None:
        """Take our words of state and claim off an issue on which nobody works for us."""
        seen = self._rooms.shelf.kept(number).row.seen
        if fields := unclaimed(seen, self._at.house):
            self.tell(number, fields)

    def _freshen(self, number: int) -> None:
        row = self._at.mirror.row(number)
        if row is None or row.is_gone:
            self._rooms.ask(number)
        elif not self._rooms.listing.knows(number, FRESH):
            self._rooms.listing.refresh()  # as dear as to ask for one, and the next ones have it

    def _refuse_approval(self, number: int, change: Change) -> None:
        """With our account, which may write, whoever can reach this tracker could approve."""
        if words.APPROVED in {name.lower() for name in change.add_labels}:
            raise TrackerError(
                f"The label `{words.APPROVED}` releases a stranger's words to be worked on, and "
                f"is put on by people. Do that on {self._at.home}/issues/{number}."
            )

    def _refuse_cycle(self, before: Issue, after: Issue) -> None:
        if set(after.depends_on) - set(before.depends_on):
            every = self._rooms.shelf.every()
            _rules.refuse_cycle(after, {one.id: one.depends_on for one in every})

    def _write(self, number: int, before: Issue, after: Issue) -> None:
        rooms = self._rooms
        add = {int(one) for one in set(after.depends_on) - set(before.depends_on)}
        remove = {int(one) for one in set(before.depends_on) - set(after.depends_on)}
        kept = rooms.shelf.kept(number)
        needs = rooms.shelf.left(number, remove)
        if not rooms.listing.has_dependencies:
            needs += tuple(str(one) for one in sorted(add))
        elif add or remove:
            rooms.links.change(number, add, remove & set(kept.row.blockers or ()))
        changed = after.assignees != before.assignees
        logins = rooms.people.assignable(after.assignees) if changed else {}
        seen = rooms.shelf.kept(number).row.seen
        fields = patch(seen, before, after, self._at.house, needs=needs, logins=logins)
        if fields.get("milestone") is not None:
            fields["milestone"] = rooms.catalogue.milestone(fields["milestone"])["number"]
        if fields:
            self.tell(number, fields)

    def _heed(self, number: int, before: Issue, after: Issue, *, is_claim: bool) -> None:
        """What others did in the moment before our write, as its answer shows it."""
        is_closed = self._rooms.shelf.kept(number).row.seen.is_closed
        if is_closed and not after.is_closed and not before.is_closed:
            self.let_go(number)
            if after.state is not before.state:
                refuse_wrong(after.id, State.CLOSED, after.state)
        elif is_claim and (others := self._claims(number)):
            self._contend(number, others)

    def _claims(self, number: int) -> frozenset[str]:
        """The other stores of which it shows a claim."""
        seen = self._rooms.shelf.kept(number).row.seen
        return words.claims_of(seen.labels) - {self._at.house.store}

    def _contend(self, number: int, others: frozenset[str]) -> None:
        """Several have claimed it in one moment. Who sees another's claim beside its own takes its
        own off again, the lowest store last of all: if by then it is alone, it has the issue.
        Who claimed first saw none and stays, whatever it is called."""
        if self._at.house.store < min(others):
            for _ in looks(self._at.sleep):
                self._rooms.ask(number)
                if not (others := self._claims(number)):
                    return
        self.let_go(number)
        raise self._taken(number, others)

    def _taken(self, number: int, others: frozenset[str]) -> TransitionRefused:
        return TransitionRefused(
            f"Issue {number} is claimed by another machine (label {words.claimed(min(others))}). "
            f"Leave it to that one, or take the label off on {self._at.home}/issues/{number} if "
            "nobody works there any more."
        )

    def tell(self, number: int, fields: Mapping[str, Any]) -> None:
        """Send just this, of the fields of a PATCH, and write no list over that others may have
        changed. The caller has the turn, and knows the issue as it is."""
        seen = self._rooms.shelf.kept(number).row.seen
        if "labels" in fields:
            self._rooms.catalogue.furnish()
        steps, rest = self.steps.split(seen, fields)
        is_of_state = "state" in rest
        if rest and not is_of_state:
            self._patch(number, rest)
        if steps and not (self._taken_in(number, steps) and self._shows(number, seen, fields)):
            self._again(number, seen, fields)
        if is_of_state:
            self._patch(number, rest)

    def _again(self, number: int, seen: Snapshot, fields: Mapping[str, Any]) -> None:
        """A label is another one by now, or is called otherwise, and that one was put on."""
        renamed = self._rooms.catalogue.look_again()
        self._rooms.ask(number)
        now = self._rooms.shelf.kept(number).row.seen
        rebased = onto(now, seen, fields)
        wrong = {new for new, old in renamed.items() if old in added(seen, fields)}
        if "labels" in rebased:
            rebased["labels"] = [one for one in rebased["labels"] if one.lower() not in wrong]
        steps, _ = self.steps.split(now, rebased)
        self._taken_in(number, steps, for_sure=True)
        if not self._shows(number, seen, fields):
            raise TrackerError(
                f"GitHub changed issue {number}, but not its labels: the token may not do that. "
                f"Give its account write access on {self._at.home}/settings/access."
            )

    def _shows(self, number: int, before: Snapshot, fields: Mapping[str, Any]) -> bool:
        """Whether the labels that were to come and to go have done so."""
        labels = {one.lower() for one in self._rooms.shelf.kept(number).row.seen.labels}
        return added(before, fields) <= labels and not removed(before, fields) & labels

    def _taken_in(self, number: int, steps: Sequence[Mutation], *, for_sure: bool = False) -> bool:
        """Whether all were done; raises what `sure` does where another try is of no use."""
        blocked = self._rooms.shelf.kept(number).row.seen.blocked
        is_done = True
        for result in self._at.api.mutate(steps):
            match result:
                case Done(data=data):
                    self._at.keep(shown(data, blocked))
                case Failed(trouble=trouble) if trouble.kind in _STALE and not for_sure:
                    is_done = False
                case _:
                    sure(result)
        return is_done

    def _patch(self, number: int, fields: Mapping[str, Any]) -> None:
        with self._rooms.noticing(number):
            raw = self._at.api.send("PATCH", f"{self._at.root}/issues/{number}", fields)
        seen = of_rest(raw)
        self._at.keep(seen)
        if not set(fields.get("assignees", ())) <= set(seen.assignees):
            raise TrackerError(
                f"GitHub changed issue {number}, but not its assignees: the token may not do "
                f"that. Give its account write access on {self._at.home}/settings/access."
            )
