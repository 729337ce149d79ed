"""Who may do what in a repository, remembered for five minutes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from ...domain.errors import ForgeRefused
from ...domain.trouble import Kind
from ...forge.github import GitHub
from ..base import Clock
from .mirror import Mirror

_VALID = timedelta(minutes=5)
_WRITERS = frozenset({"write", "maintain", "admin"})


class People:
    """`root` is the repository's path, `repos/OWNER/NAME`, and `login` our own account."""

    def __init__(self, api: GitHub, root: str, mirror: Mirror, login: str, clock: Clock) -> None:
        self._api = api
        self._root = root
        self._mirror = mirror
        self._login = login
        self._clock = clock

    def can_write(self, login: str) -> bool:
        """Whether that account may change the repository. False too where our token may not
        ask, and for accounts that are gone."""
        if not login:
            return False
        if login == self._login:
            return True
        name = f"can write: {login.lower()}"
        known = self._remembered(name)
        if known is None:
            known = self._asked(login)
            self._remember(name, known)
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
        node = self._mirror.fact(name)
        if node is None:
            node = str(self._api.query("{ viewer { id } }")["viewer"]["id"])
            self._mirror.keep_fact(name, node)
        return node

    def _nodes(self) -> Mapping[str, str]:
        name = "assignable"
        known = self._remembered(name)
        if known is None:
            listed = self._api.pages(f"{self._root}/assignees")
            known = {one["login"]: one["node_id"] for one in listed}
            self._remember(name, known)
        return dict(known)

    def _asked(self, login: str) -> bool:
        try:
            path = f"{self._root}/collaborators/{quote(login, safe='')}/permission"
            found = self._api.get(path)
        except ForgeRefused as error:
            if error.trouble.kind in (Kind.NOT_FOUND, Kind.FORBIDDEN):
                return False
            raise
        return bool({found.get("permission"), found.get("role_name")} & _WRITERS)

    def _remembered(self, name: str) -> Any:
        text = self._mirror.fact(name)
        if text is None:
            return None
        said = json.loads(text)
        is_old = self._clock() - datetime.fromisoformat(said["at"]) >= _VALID
        return None if is_old else said["value"]

    def _remember(self, name: str, value: object) -> None:
        text = json.dumps({"at": self._clock().isoformat(), "value": value})
        self._mirror.keep_fact(name, text)
