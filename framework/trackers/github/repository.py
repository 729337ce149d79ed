"""The repository that all parts of the tracker are about, and how this process reaches it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ...clock import Clock
from ...domain.frozen import dataclass
from ...forge.github import GitHub
from .mirror import Mirror
from .reading import House
from .seen import Snapshot


@dataclass(frozen=True, kw_only=True)
class Repository:
    """What every part of the tracker works with.

    `root` is the repository's path for `api`, `repos/OWNER/NAME`, `home` where people find it, and
    `node` its node id. `is_admin`: our account administers it. `say` hears what people should
    know.
    """

    api: GitHub
    root: str
    home: str
    node: str
    is_admin: bool
    house: House
    mirror: Mirror
    clock: Clock
    sleep: Callable[[float], None]
    say: Callable[[str], None]

    def keep(self, seen: Snapshot) -> None:
        """Remember an issue as GitHub showed it in the answer to a write of ours, or to a question
        about just this one."""
        self.mirror.keep([seen], self.clock(), ours=True)

    def remember(self, name: str, value: object) -> None:
        """Note down what GitHub said, as JSON, and when."""
        self.mirror.keep_fact(name, json.dumps({"at": self.clock().isoformat(), "value": value}))

    def remembered(self, name: str, age: timedelta) -> Any:
        """What was noted down less than so long ago; else None."""
        if (text := self.mirror.fact(name)) is None:
            return None
        said = json.loads(text)
        is_old = self.clock() - datetime.fromisoformat(said["at"]) >= age
        return None if is_old else said["value"]


def reached(
    api: GitHub,
    mirror: Mirror,
    *,
    root: str,
    home: str,
    token: str,
    store: str,
    clock: Clock,
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> Repository:
    """Asks who and what we are the first time; later it is remembered, so that a tracker can be
    opened while GitHub is away. What the mirror has of another repository is forgotten."""
    site = urlsplit(home).netloc
    known = _known(api, mirror, f"{site}/{root} {token}", root)
    house = House(prefix=f"{site}/{known['id']}", login=known["login"], store=store)
    mirror.belongs_to(house.prefix)
    return Repository(
        api=api,
        root=root,
        home=home,
        node=known["node"],
        is_admin=known["is_admin"],
        house=house,
        mirror=mirror,
        clock=clock,
        sleep=sleep,
        say=say,
    )


def _known(api: GitHub, mirror: Mirror, whose: str, root: str) -> dict[str, Any]:
    """What does not change of a repository, whatever it is called, and of our token."""
    # By token, as another one may be another account's. Only a part of its digest is kept.
    name = f"repository {hashlib.sha256(whose.encode()).hexdigest()[:12]}"
    text = mirror.fact(name)
    if text is None:
        text = json.dumps(_asked(api, root))
        mirror.keep_fact(name, text)
    found: dict[str, Any] = json.loads(text)
    return found


def _asked(api: GitHub, root: str) -> dict[str, Any]:
    raw = api.get(root)
    return {
        "id": raw["id"],
        "node": raw["node_id"],
        "login": api.login,
        "is_admin": bool((raw.get("permissions") or {}).get("admin")),
    }
