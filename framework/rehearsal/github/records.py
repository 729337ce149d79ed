"""What the double remembers, one record per thing. Records change in place, under the store's lock.

Times are aware and in whole seconds. `id` is GitHub's database id, `node` its global id: opaque,
and never made from the database id in a way that a client could guess. People are named by login.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Permission = Literal["none", "read", "triage", "write", "maintain", "admin"]
RANKS: tuple[Permission, ...] = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(kw_only=True)
class User:
    """A person, a bot or an organisation. `kind` is GitHub's `type`."""

    id: int
    node: str
    login: str
    kind: Literal["User", "Bot", "Organization"] = "User"


@dataclass(kw_only=True)
class Token:
    """A credential. `scopes` is None for a fine-grained token, and then `permissions` says what it
    may do ("issues" → "read" or "write"; also contents, pull_requests, statuses, checks, metadata,
    administration, webhooks, organization_projects) and `repositories` where ("owner/name"; None
    is everywhere). `state` is "good", "expired" or "revoked"; with `sso`, an address, every answer
    is the refusal of an organisation that wants single sign-on first."""

    value: str
    login: str
    scopes: frozenset[str] | None = frozenset({"repo", "project", "admin:repo_hook", "read:org"})
    permissions: dict[str, str] = field(default_factory=dict)
    repositories: frozenset[str] | None = None
    state: Literal["good", "expired", "revoked"] = "good"
    sso: str = ""


@dataclass(kw_only=True)
class Label:
    id: int
    node: str
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(kw_only=True)
class IssueType:
    """One of an organisation's, as a repository of it has them. `color` is GitHub's word."""

    id: int
    node: str
    name: str
    color: str = "gray"
    description: str | None = None
    enabled: bool = True


@dataclass(kw_only=True)
class Milestone:
    id: int
    node: str
    number: int
    title: str
    creator: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    state: Literal["open", "closed"] = "open"
    due_on: datetime | None = None
    closed_at: datetime | None = None


@dataclass(kw_only=True)
class Comment:
    """A comment on an issue or a pull request."""

    id: int
    node: str
    issue: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(kw_only=True)
class Event:
    """One line of an issue's timeline. `kind` is REST's word ("labeled", "closed", "assigned",
    "renamed", "cross-referenced" ...); `details` are REST's further fields of it."""

    id: int
    node: str
    kind: str
    actor: str
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Issue:
    """An issue, or what a pull request is as an issue (then `pull` is set). `labels` are names as
    the repository spells them, `type` is a name too, `milestone` is a number, `blocked_by` and
    `parent` are database ids of issues. `edited_at` and `editor` are GraphQL's lastEditedAt and
    editor: of the body."""

    id: int
    node: str
    repo: int
    number: int
    title: str
    body: str | None
    author: str
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    milestone: int | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    edited_at: datetime | None = None
    editor: str | None = None
    locked: bool = False
    lock_reason: str | None = None
    type: str | None = None
    blocked_by: list[int] = field(default_factory=list)
    parent: int | None = None
    events: list[Event] = field(default_factory=list)
    pull: Pull | None = None


@dataclass(kw_only=True)
class Review:
    """`state` is APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING."""

    id: int
    node: str
    author: str
    state: str
    body: str
    commit: str
    at: datetime


@dataclass(kw_only=True)
class ReviewComment:
    """A comment on a line. `thread` is the node id of its conversation (GraphQL's reviewThreads):
    a reply has the thread of the first one; `resolved` is kept on the first."""

    id: int
    node: str
    review: int | None
    thread: str
    author: str
    body: str
    path: str
    line: int | None
    commit: str
    created_at: datetime
    updated_at: datetime
    reply_to: int | None = None
    resolved: bool = False
    resolved_by: str | None = None


@dataclass(kw_only=True)
class Pull:
    """What a pull request has beyond its issue. `head` and `base` are branch names. `head_sha` is
    the last one seen, and stays when the branch goes. `mergeable` is None until it was read once
    after a change of one of the branches (`seen`): GitHub computes it in the background. `fork`
    owns the repository of the head where that is another one; nothing is pushed to it here."""

    id: int
    node: str
    head: str
    head_sha: str
    base: str
    base_sha: str
    draft: bool = False
    merged: bool = False
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_sha: str | None = None
    mergeable: bool | None = None
    seen: tuple[str, str] = ("", "")
    fork: str = ""
    reviews: list[Review] = field(default_factory=list)
    comments: list[ReviewComment] = field(default_factory=list)


@dataclass(kw_only=True)
class Status:
    """A commit status. `state` is error, failure, pending or success."""

    id: int
    node: str
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: str
    at: datetime


@dataclass(kw_only=True)
class CheckRun:
    """`status` is queued, in_progress or completed; `conclusion` is set when completed."""

    id: int
    node: str
    sha: str
    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None
    details_url: str | None = None
    external_id: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(kw_only=True)
class Protection:
    """Of a branch: the contexts that must pass, and how many people must approve; `linear`: it
    takes no merge commits; `queue`: it takes what its merge queue brings, and nothing else."""

    contexts: tuple[str, ...] = ()
    strict: bool = False
    approvals: int = 0
    linear: bool = False
    queue: bool = False


@dataclass(kw_only=True)
class Delivery:
    """A webhook's message. `status` is the receiver's last answer, 0 where there was none;
    `attempts` are how often it was sent."""

    id: int
    guid: str
    event: str
    action: str | None
    at: datetime
    raw: bytes = b""
    status: int = 0
    attempts: int = 0


@dataclass(kw_only=True)
class Hook:
    id: int
    url: str
    secret: str | None
    events: list[str]
    content_type: str
    active: bool
    created_at: datetime
    updated_at: datetime
    deliveries: list[Delivery] = field(default_factory=list)


@dataclass(kw_only=True)
class Repo:
    """A repository. `permissions` is by login; everybody else may read it unless `private`.
    `path` is a bare git repository on this machine, None where there is none. `issues` are by
    number and hold the pull requests too; `former` are names that are answered with a redirect.
    `methods` are the ways to merge that it allows; `undecided`: it never comes to say whether a
    pull request merges."""

    id: int
    node: str
    owner: str
    name: str
    created_at: datetime
    updated_at: datetime
    default_branch: str = "main"
    description: str | None = None
    has_issues: bool = True
    archived: bool = False
    private: bool = False
    path: Path | None = None
    permissions: dict[str, Permission] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    types: dict[str, IssueType] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    hooks: dict[int, Hook] = field(default_factory=dict)
    protection: dict[str, Protection] = field(default_factory=dict)
    methods: frozenset[str] = frozenset({"merge", "squash", "rebase"})
    undecided: bool = False
    former: set[str] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    numbered: int = 0

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that webhooks are to say: of `issue` if there is one, and `more` beside it;
    `only` to one of them if it is set."""

    repo: Repo
    event: str
    action: str | None
    actor: str
    issue: Issue | None = None
    only: Hook | None = None
    more: dict[str, Any] = field(default_factory=dict)
