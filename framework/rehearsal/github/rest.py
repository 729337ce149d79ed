"""Every REST operation of the double, by importing the files that answer them."""

from __future__ import annotations

import re

from . import rest_branches, rest_hooks, rest_issues, rest_labels, rest_pulls, rest_repos
from .routes import ROUTES, Route, find
from .store import Store

__all__ = ["ROUTES", "Route", "by_id", "find"]

FILES = (rest_branches, rest_hooks, rest_issues, rest_labels, rest_pulls, rest_repos)
_BY_ID = re.compile(r"/repositories/(\d+)(/.*)?")


def by_id(store: Store, path: str) -> str:
    """A path that names its repository by id, as redirects do, with its name instead."""
    match = _BY_ID.fullmatch(path)
    repo = store.repos.get(int(match[1])) if match else None
    return f"/repos/{repo.full_name}{match[2] or ''}" if match and repo else path
