"""Making issues once, whatever is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ...domain.errors import ForgeRefused, Unsure
from ...domain.frozen import dataclass
from ...domain.issue import Draft, Issue
from ...domain.trouble import Trouble
from ...forge.github import Done, Mutation, Unknown, sure
from .. import _rules
from .catalogue import Catalogue
from .issue_types import IssueTypes
from .kin import Kin
from .links import Links
from .listing import Listing, looks
from .people import People
from .repository import Repository
from .seen import FIELDS, Snapshot, of_graph, of_rest
from .shelf import Shelf
from .writing import Fresh, fresh

_MADE = f"{{ issue {FIELDS} }}"
_DOUBTFUL = timedelta(seconds=12)
"""GitHub gives up a request after 10 seconds: what is not listed after that was not made."""
_TRIES = 3
_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_NOT_YET = 10**12
"""Where the numbers begin under which issues go that GitHub has not numbered yet."""


def number_of(id: str) -> int | None:
    """None for what cannot be the number of an issue."""
    return int(id) if _ID.fullmatch(id) else None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An issue to be made, as it is to be for us and for GitHub."""

    issue: Issue
    fresh: Fresh

    @property
    def intent(self) -> str:
        return f"create {self.issue.key}"


class Making:
    """All of it for one repository."""

    def __init__(
        self,
        at: Repository,
        *,
        shelf: Shelf,
        listing: Listing,
        links: Links,
        kin: Kin,
        catalogue: Catalogue,
        types: IssueTypes,
        people: People,
    ) -> None:
        self._at = at
        self._shelf = shelf
        self._listing = listing
        self._links = links
        self._kin = kin
        self._catalogue = catalogue
        self._types = types
        self._people = people

    def create(self, drafts: Sequence[Draft], author: str) -> Sequence[Issue]:
        """See `CreatesMany`; the caller has the turn. Cut off in the middle, the same call with
        the same keys goes on where it was; without keys what was sent in vain may have been made
        (Unsure says so)."""
        self._listing.refresh()
        self._wait_out(draft.key for draft in drafts)
        answers, new = _rules.batch(
            drafts,
            first=_NOT_YET,
            store=self._at.house.prefix,
            author=author,
            now=self._at.clock(),
            known=self._shelf.with_key,
            require=self._require,
        )
        made = self._make(self._wanted(new)) if new else {}
        if made:
            self._listing.refresh()
        again = [int(one.id) for one in answers if int(one.id) < _NOT_YET]
        self._link([*made.values(), *again])
        self._kin.show(made.values(), again)
        return tuple(self._winner(one, made) for one in answers)

    def _require(self, id: str) -> None:
        number = number_of(id)
        if number is None or self._shelf.find(number) is None:
            raise _rules.not_found(id)

    def _wait_out(self, keys: Iterable[str | None]) -> None:
        """Until what a call that was cut off has sent would be listed."""
        names = [f"create {_rules.storable(one)}" for one in keys if one is not None]
        sent = [at for one in names if (at := self._at.mirror.intended(one)) is not None]
        left = max(sent, default=self._at.clock() - _DOUBTFUL) + _DOUBTFUL - self._at.clock()
        if left > timedelta():
            self._at.sleep(left.total_seconds())
            self._listing.refresh()
        self._at.mirror.settle(names)

    def _wanted(self, new: Sequence[Issue]) -> Sequence[Wanted]:
        """All that GitHub would not take is refused here, before anything is sent."""
        keys = {one.id: f"key:{one.key}" for one in new}
        logins = self._people.assignable(name for one in new for name in one.assignees)
        return [
            Wanted(
                issue=one,
                fresh=fresh(
                    one, self._at.house, [keys.get(id, id) for id in one.depends_on], logins
                ),
            )
            for one in new
        ]

    def _make(self, wanted: Sequence[Wanted]) -> Mapping[str, int]:
        """The numbers of what was made, by the ids that the drafts had so far."""
        made: dict[str, int] = {}
        self._catalogue.furnish()
        for _ in range(_TRIES):
            open = [one for one in wanted if one.issue.id not in made]
            intents = [one.intent for one in open if one.issue.key is not None]
            parts = self._kin.intents(one.issue.key for one in open)
            self._at.mirror.intend([*intents, *parts], self._at.clock())
            lost = self._send(open, made)
            if lost:
                self._look(lost, made)
            self._at.mirror.settle(intents)
            if len(made) == len(wanted):
                return made
        raise Unsure(
            "GitHub did not say whether it made the issues, and they are not listed. "
            "See whether githubstatus.com reports trouble, and try again."
        )

    def _send(self, wanted: Sequence[Wanted], made: dict[str, int]) -> Sequence[Wanted]:
        """Those of which nobody knows whether they were made."""
        if len(wanted) == 1:
            return self._send_one(wanted[0], made)
        labels = self._catalogue.label_nodes(name for one in wanted for name in one.fresh.labels)
        lost = []
        asked = [self._mutation(one, labels) for one in wanted]
        failed = None
        for one, result in zip(wanted, self._at.api.mutate(asked), strict=True):
            match result:
                case Done(data=data):
                    self._note(one, of_graph(data["issue"]), made)
                case Unknown():
                    lost.append(one)
                case _:
                    failed = failed or result
        if failed is not None and not self._is_of_a_type(failed.trouble):
            sure(failed)
        return lost

    def _is_of_a_type(self, trouble: Trouble) -> bool:
        """Whether another try may go better: it was refused, and the issue types are not what they
        were here."""
        return trouble.rule.wait is None and self._types.forget()

    def _send_one(self, one: Wanted, made: dict[str, int]) -> Sequence[Wanted]:
        body: dict[str, Any] = {
            "title": one.fresh.title,
            "body": one.fresh.body,
            "labels": list(one.fresh.labels),
            "assignees": list(one.fresh.assignees),
        }
        if one.fresh.milestone is not None:
            body["milestone"] = self._catalogue.milestone(one.fresh.milestone)["number"]
        if (kind := self._types.of(one.fresh.labels)) is not None:
            body["type"] = kind.name
        try:
            raw = self._at.api.send("POST", f"{self._at.root}/issues", body)
        except Unsure:
            return [one]
        except ForgeRefused as error:
            if not self._is_of_a_type(error.trouble):
                raise
            return []
        self._note(one, of_rest(raw), made)
        return []

    def _mutation(self, one: Wanted, labels: Mapping[str, str]) -> Mutation:
        asked: dict[str, Any] = {
            "repositoryId": self._at.node,
            "title": one.fresh.title,
            "body": one.fresh.body,
            "labelIds": [labels[name.lower()] for name in one.fresh.labels],
            "assigneeIds": [self._people.node(name) for name in one.fresh.assignees],
        }
        if one.fresh.milestone is not None:
            asked["milestoneId"] = self._catalogue.milestone(one.fresh.milestone)["node_id"]
        if (kind := self._types.of(one.fresh.labels)) is not None:
            asked["issueTypeId"] = kind.id
        return Mutation(name="createIssue", input=asked, select=_MADE)

    def _note(self, one: Wanted, seen: Snapshot, made: dict[str, int]) -> None:
        self._at.keep(seen)
        made[one.issue.id] = seen.number

    def _look(self, lost: Sequence[Wanted], made: dict[str, int]) -> None:
        """Find by their markers, in listings, those that were made after all."""
        for _ in looks(self._at.sleep):
            self._listing.refresh()
            for one in lost:
                if one.issue.key is None:
                    raise Unsure(
                        "GitHub did not say whether it made the issue. List the issues, and make "
                        "it again only if it is not there."
                    )
                if (found := self._shelf.with_key(one.issue.key)) is not None:
                    made[one.issue.id] = int(found.id)
            if all(one.issue.id in made for one in lost):
                return

    def _link(self, numbers: Iterable[int]) -> None:
        if self._listing.has_dependencies:
            self._links.settle(dict.fromkeys(numbers))

    def _winner(self, answer: Issue, made: Mapping[str, int]) -> Issue:
        """The issue that counts; ours is closed where another machine made one before it."""
        number = made.get(answer.id, int(answer.id))
        winner = None if answer.key is None else self._shelf.with_key(answer.key)
        if winner is not None and int(winner.id) != number and answer.id in made:
            self._give_up(number, winner)
        issue = winner or self._shelf.find(number)
        if issue is None:
            raise _rules.not_found(str(number))
        return issue

    def _give_up(self, number: int, winner: Issue) -> None:
        self._at.say(f"Issue {number} was made twice: {winner.id} came first, {number} is closed.")
        path = f"{self._at.root}/issues/{number}"
        self._at.api.send("POST", f"{path}/comments", {"body": f"Duplicate of #{winner.id}"})
        body = {"state": "closed", "state_reason": "not_planned"}
        raw = self._at.api.send("PATCH", path, body)
        self._at.keep(of_rest(raw))
