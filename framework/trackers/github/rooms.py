"""The parts of the tracker, put together for one repository."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...domain.errors import ForgeRefused
from ...domain.frozen import dataclass
from ...domain.issue import Issue
from ...domain.trouble import Kind
from ...forge.github import GitHub
from .. import _rules
from ..base import Clock
from . import words
from .approvals import Approvals
from .catalogue import Catalogue
from .issue_types import IssueTypes
from .kin import Kin
from .links import Links
from .listing import Listing
from .making import Making, number_of
from .mirror import Mirror
from .people import People
from .reading import House
from .remarks import Remarks
from .shelf import Shelf


@dataclass(frozen=True, kw_only=True)
class Repository:
    """What does not change of a repository, whatever it is called: `id` and the node `node`. And
    of our token: whose it is, and whether it is an administrator's."""

    id: int
    node: str
    login: str
    is_admin: bool


@dataclass(frozen=True, kw_only=True)
class Rooms:
    repository: Repository
    house: House
    people: People
    shelf: Shelf
    listing: Listing
    links: Links
    catalogue: Catalogue
    making: Making
    remarks: Remarks

    def issue(self, id: str) -> Issue:
        """As it is known. Raises IssueNotFound."""
        number = number_of(id)
        issue = None if number is None else self.shelf.find(number)
        if issue is None:
            raise _rules.not_found(id)
        return issue

    def ask(self, number: int) -> None:
        """Look at just this issue. Raises IssueNotFound."""
        if self.listing.ask(number) is None:
            raise _rules.not_found(str(number))
        self.listing.ask_blockers()

    @contextmanager
    def noticing(self, number: int) -> Iterator[None]:
        """Where GitHub does not find the issue any more: IssueNotFound, and it is listed no
        more."""
        try:
            yield
        except ForgeRefused as error:
            if error.trouble.kind is Kind.NOT_FOUND:
                self.ask(number)
            raise

    def require(self, id: str) -> int:
        """Its number. Raises IssueNotFound for what is not known and is not found either."""
        number = number_of(id)
        if number is None:
            raise _rules.not_found(id)
        if self.shelf.find(number) is None:
            self.ask(number)
        return number


def furnished(
    api: GitHub,
    mirror: Mirror,
    *,
    root: str,
    site: str,
    token: str,
    store: str,
    clock: Clock,
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> Rooms:
    """`root` is the repository's path, and `site` names the server. Asks who and what we are the
    first time; later it is remembered, so that a tracker can be opened while GitHub is away."""
    repository = _repository(api, mirror, f"{site}/{root} {token}", root)
    house = House(prefix=f"{site}/{repository.id}", login=repository.login, store=store)
    mirror.belongs_to(house.prefix)
    people = People(api, root, mirror, house.login, clock)
    approvals = Approvals(api, people)
    shelf = Shelf(mirror, house, approvals)
    listing = Listing(api, root, mirror, clock)
    links = Links(api, mirror, shelf, clock)
    claimed = words.claimed(store)
    catalogue = Catalogue(api, root, mirror, node=repository.node, claimed=claimed)
    making = Making(
        api,
        root,
        repository.node,
        house=house,
        mirror=mirror,
        shelf=shelf,
        listing=listing,
        links=links,
        kin=Kin(api, shelf, say),
        catalogue=catalogue,
        types=IssueTypes(api, repository.node),
        people=people,
        clock=clock,
        sleep=sleep,
        say=say,
    )
    remarks = Remarks(
        api, root, house=house, mirror=mirror, approvals=approvals, clock=clock, sleep=sleep
    )
    return Rooms(
        repository=repository,
        house=house,
        people=people,
        shelf=shelf,
        listing=listing,
        links=links,
        catalogue=catalogue,
        making=making,
        remarks=remarks,
    )


def _repository(api: GitHub, mirror: Mirror, whose: str, root: str) -> Repository:
    # By token, as another one may be another account's. Only a part of its digest is kept.
    name = f"repository {hashlib.sha256(whose.encode()).hexdigest()[:12]}"
    text = mirror.fact(name)
    if text is None:
        text = json.dumps(_asked(api, root))
        mirror.keep_fact(name, text)
    return Repository(**json.loads(text))


def _asked(api: GitHub, root: str) -> dict[str, Any]:
    raw = api.get(root)
    return {
        "id": raw["id"],
        "node": raw["node_id"],
        "login": api.login,
        "is_admin": bool((raw.get("permissions") or {}).get("admin")),
    }
