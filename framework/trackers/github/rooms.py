"""The parts of the tracker, put together for one repository."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...domain.errors import ForgeRefused
from ...domain.frozen import dataclass
from ...domain.issue import Issue
from ...domain.trouble import Kind
from .. import _rules
from .approvals import Approvals
from .catalogue import Catalogue
from .issue_types import IssueTypes
from .kin import Kin
from .links import Links
from .listing import Listing
from .making import Making, number_of
from .people import People
from .remarks import Remarks
from .repository import Repository
from .shelf import Shelf


@dataclass(frozen=True, kw_only=True)
class Rooms:
    at: Repository
    people: People
    shelf: Shelf
    listing: Listing
    links: Links
    catalogue: Catalogue
    kin: Kin
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


def furnished(at: Repository) -> Rooms:
    people = People(at)
    approvals = Approvals(at.api, people)
    shelf = Shelf(at, approvals)
    listing = Listing(at)
    links = Links(at, shelf)
    catalogue = Catalogue(at)
    kin = Kin(at, shelf)
    making = Making(
        at,
        shelf=shelf,
        listing=listing,
        links=links,
        kin=kin,
        catalogue=catalogue,
        types=IssueTypes(at),
        people=people,
    )
    return Rooms(
        at=at,
        people=people,
        shelf=shelf,
        listing=listing,
        links=links,
        catalogue=catalogue,
        kin=kin,
        making=making,
        remarks=Remarks(at, approvals),
    )
