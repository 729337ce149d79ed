"""Who may do what in a repository, remembered for five minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import quote

from ...domain.errors import ForgeRefused
from ...domain.trouble import Kind
from .repository import Repository

_VALID = timedelta(minutes=5)
_WRITERS = frozenset({"write", "maintain", "admin"})


class People:
    """People and programs, by their logins."""

    def __init__(self, at: Repository) -> None:
        self._at = at
        self._login = at.house.login

    def can_write(self, login: str) -> bool:
        """Whether that account may change the repository. False too where our token may not
        ask, and for accounts that are gone."""
        if not login:
            return False
        if login == self._login:
            return True
        name = f"can write: {login.lower()}"
        known = self._at.remembered(name, _VALID)
        if known is None:
            known = self._asked(login)
            self._at.remember(name, known)
        return bool(known)

    def assignable(self, names: Iterable[str]) -> Mapping[str, str]:
        """Those of `names` that are logins of people to whom work can be assigned, each with the
        login as GitHub spells it."""
        wanted = set(names)
        if not wanted:
            return {}
        logins = {one.lower(): one for one in self._nodes()}
        return {one: logins[one.lower()] for one in wanted if one.lower() in logins}

    def logins(self) -> Sequence[str]:
        """Of all to whom work can be assigned, by name."""
        return sorted(self._nodes())

    def node(self, login: str) -> str:
        """GraphQL's name for one of them."""
        return self._nodes()[login]

    def own_node(self) -> str:
        """GraphQL's name for our own account; asked once."""
        name = f"node of {self._login}"
        node = self._at.mirror.fact(name)
        if node is None:
            node = str(self._at.api.query("{ viewer { id } }")["viewer"]["id"])
            self._at.mirror.keep_fact(name, node)
        return node

    def _nodes(self) -> Mapping[str, str]:
        name = "assignable"
        known = self._at.remembered(name, _VALID)
        if known is None:
            listed = self._at.api.pages(f"{self._at.root}/assignees")
            known = {one["login"]: one["node_id"] for one in listed}
            self._at.remember(name, known)
        return dict(known)

    def _asked(self, login: str) -> bool:
        try:
            path = f"{self._at.root}/collaborators/{quote(login, safe='')}/permission"
            found = self._at.api.get(path)
        except ForgeRefused as error:
            if error.trouble.kind in (Kind.NOT_FOUND, Kind.FORBIDDEN):
                return False
            raise
        return bool({found.get("permission"), found.get("role_name")} & _WRITERS)
