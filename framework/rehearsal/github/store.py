"""The one store behind the double's REST and GraphQL: plain records, one lock, one clock.

`with store.lock:` around every read and write; nothing here takes it. What people do to
issues is in deeds.py, for both APIs alike.

Projects belong to GraphQL alone. `store.projects` maps a project's node id to a dict:
`id` (node), `database_id`, `number`, `owner` (login), `title`, `short_description`, `readme`,
`public`, `closed`, `creator`, `repositories` (node ids), `created_at`, `updated_at`,
`fields`: list of {`id`, `database_id`, `name`, `data_type` ("TITLE", "SINGLE_SELECT", "TEXT",
"NUMBER", "DATE" ...), `options`: [{`id`, `name`, `color`, `description`}]} and
`items`: list of {`id`, `database_id`, `type` ("ISSUE", "PULL_REQUEST", "DRAFT_ISSUE"), `content`
(node id, or the draft's dict), `archived`, `creator`, `created_at`, `updated_at`, `values`:
{field id: {"singleSelectOptionId" | "text" | "number" | "date": value}}}.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import threading
from pathlib import Path
from typing import Any

from .clock import Clock
from .limits import Limits
from .records import (
    RANKS,
    Delivery,
    Hook,
    Issue,
    IssueType,
    Label,
    Milestone,
    Permission,
    Pull,
    Repo,
    Token,
    Told,
    User,
)

_PREFIXES = {
    "user": "U_kgDO",
    "repo": "R_kgDO",
    "issue": "I_kwDO",
    "pull": "PR_kwDO",
    "label": "LA_kwDO",
    "milestone": "MI_kwDO",
    "type": "IT_kwDO",
    "comment": "IC_kwDO",
    "project": "PVT_kwHO",
    "item": "PVTI_lAHO",
    "field": "PVTF_lAHO",
}


class Store:
    """Everything that this GitHub knows. Empty at first: `add_user`, `add_token`, `add_repo`.

    `profile` is "github.com", or "ghes" for a server without dependencies, sub-issues and what
    came later."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.limits = Limits(now=self.clock.now)
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.repos: dict[int, Repo] = {}
        self.nodes: dict[str, Any] = {}
        self.ids: dict[int, Issue] = {}
        self.projects: dict[str, dict[str, Any]] = {}
        self.told: list[Told] = []
        self.again: list[tuple[Hook, Delivery]] = []
        self.profile = "github.com"
        self._last = 20_260_000

    # Identity.

    def mint(self, kind: str) -> tuple[int, str]:
        """A fresh database id and node id for a thing of `kind`."""
        self._last += 37
        digest = hashlib.sha256(f"{kind}:{self._last}".encode()).digest()[:9]
        prefix = _PREFIXES.get(kind, kind.upper()[:4] + "_kwDO")
        return self._last, prefix + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def keep(self, node: str, record: Any) -> None:
        """Make `record` findable by its node id."""
        self.nodes[node] = record

    # Setting the stage.

    def add_user(self, login: str, kind: str = "User") -> User:
        """The user of this login, made if it is new."""
        if login.lower() not in self.users:
            number, node = self.mint("user")
            user = User(id=number, node=node, login=login, kind=kind)  # type: ignore[arg-type]
            self.users[login.lower()] = user
            self.keep(node, user)
        return self.users[login.lower()]

    def add_token(self, value: str, login: str, **more: Any) -> Token:
        """A token of the user `login`, who is made if new. `more` are fields of Token."""
        self.add_user(login)
        self.tokens[value] = Token(value=value, login=login, **more)
        return self.tokens[value]

    def add_repo(self, owner: str, name: str, *, path: Path | None = None, **more: Any) -> Repo:
        """A repository with GitHub's nine default labels. `more` are fields of Repo."""
        number, node = self.mint("repo")
        now = self.clock.second()
        self.add_user(owner)
        repo = Repo(
            id=number,
            node=node,
            owner=owner,
            name=name,
            path=path,
            created_at=now,
            updated_at=now,
            **more,
        )
        self.repos[number] = repo
        self.keep(node, repo)
        for label, color, words in _DEFAULTS:
            self.add_label(repo, label, color, words)
        return repo

    # Looking up.

    def user(self, login: str) -> User | None:
        return self.users.get(login.lower())

    def repo(self, owner: str, name: str) -> Repo | None:
        """By its name now, any case. `renamed` finds former names."""
        wanted = f"{owner}/{name}".lower()
        return next((one for one in self.repos.values() if one.full_name.lower() == wanted), None)

    def renamed(self, owner: str, name: str) -> Repo | None:
        wanted = f"{owner}/{name}".lower()
        return next((one for one in self.repos.values() if wanted in one.former), None)

    def permission(self, repo: Repo, login: str) -> Permission:
        """What a person may do there, whatever their token allows."""
        if login.lower() == repo.owner.lower():
            return "admin"
        for name, permission in repo.permissions.items():
            if name.lower() == login.lower():
                return permission
        return "none" if repo.private else "read"

    def may(self, repo: Repo, login: str, least: Permission) -> bool:
        """Whether a person's permission is at least `least`."""
        return RANKS.index(self.permission(repo, login)) >= RANKS.index(least)

    def association(self, repo: Repo, login: str) -> str:
        """author_association: OWNER, COLLABORATOR or NONE."""
        if login.lower() == repo.owner.lower():
            return "OWNER"
        known = {name.lower() for name in repo.permissions}
        return "COLLABORATOR" if login.lower() in known else "NONE"

    # Labels and milestones.

    def add_label(
        self, repo: Repo, name: str, color: str = "ededed", description: str | None = None
    ) -> Label:
        """The label of that name (any case), made if it is new."""
        key = name.lower()
        if key not in repo.labels:
            number, node = self.mint("label")
            label = Label(id=number, node=node, name=name, color=color, description=description)
            repo.labels[key] = label
            self.keep(node, label)
        return repo.labels[key]

    def add_type(self, repo: Repo, name: str, *, enabled: bool = True) -> IssueType:
        """A type that issues can have there. GitHub knows them in organisations only."""
        number, node = self.mint("type")
        repo.types[name] = IssueType(id=number, node=node, name=name, enabled=enabled)
        self.keep(node, repo.types[name])
        return repo.types[name]

    def add_milestone(self, repo: Repo, title: str, creator: str, **more: Any) -> Milestone:
        number, node = self.mint("milestone")
        now = self.clock.second()
        milestone = Milestone(
            id=number,
            node=node,
            number=max(repo.milestones, default=0) + 1,
            title=title,
            creator=creator,
            created_at=now,
            updated_at=now,
            **more,
        )
        repo.milestones[milestone.number] = milestone
        self.keep(node, milestone)
        return milestone

    # Issues.

    def add_issue(
        self,
        repo: Repo,
        actor: str,
        title: str,
        body: str | None = None,
        *,
        pull: Pull | None = None,
    ) -> Issue:
        """An open issue, or with `pull` a pull request: both take the next number."""
        number, node = self.mint("pull" if pull else "issue")
        now = self.clock.second()
        repo.numbered += 1
        issue = Issue(
            id=number,
            node=node,
            repo=repo.id,
            number=repo.numbered,
            title=title,
            body=body,
            author=actor,
            created_at=now,
            updated_at=now,
            pull=pull,
        )
        repo.issues[issue.number] = issue
        self.ids[number] = issue
        self.keep(node, issue)
        self.tell(repo, "pull_request" if pull else "issues", "opened", actor, issue)
        return issue

    def repo_of(self, issue: Issue) -> Repo:
        return self.repos[issue.repo]

    def touch(self, issue: Issue) -> None:
        issue.updated_at = self.clock.second()

    def tell(
        self,
        repo: Repo,
        event: str,
        action: str | None,
        actor: str,
        issue: Issue | None = None,
        *,
        only: Hook | None = None,
        **more: Any,
    ) -> None:
        """Note what the webhooks of `repo`, or `only` one of them, say once the request is
        answered. `more` stands beside the issue in the payload."""
        told = Told(
            repo=repo, event=event, action=action, actor=actor, issue=issue, only=only, more=more
        )
        self.told.append(told)

    def before(self) -> Store:
        """A copy of all records as they are now, for reads that are to be stale. It shares the
        clock, the limits and the lock."""
        copied = copy.copy(self)
        kept = (self.users, self.tokens, self.repos, self.nodes, self.ids, self.projects)
        (
            copied.users,
            copied.tokens,
            copied.repos,
            copied.nodes,
            copied.ids,
            copied.projects,
        ) = copy.deepcopy(kept)
        copied.told, copied.again = [], []
        return copied


_DEFAULTS = (
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
)
