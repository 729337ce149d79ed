"""One of each thing that commands answer with: what docs/cli.md shows as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from ...config.backends import Backend
from ...config.choice import Chosen
from ...config.detection import Detected
from ...domain.activity import Activity, FieldChange, Kind
from ...domain.claimant import Claimant
from ...domain.entry import Entry, Label, Milestone, User
from ...domain.issue import Comment, Issue, Priority, State
from ...domain.lease import Lease
from ...domain.message import Message
from ...domain.readiness import Obstacle, Readiness, Reason
from ...domain.remote import parse_remote
from ...domain.stage import WorkState
from ...domain.statistics import Statistics
from ...facade import document
from ...facade.doctor import Check
from .backend import backend_document, chosen_document
from .graph import bounded, graph_document
from .settings import detected_document

_AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
_FILE = "/home/ada/app/.nightshift/config.json"
_FIELDS = {"url": "https://gitea.example", "owner": "me", "repo": "app"}
_SAVED = {"file": _FILE, "backup": f"{_FILE}.backup-20260131T093000Z"}
_WORK_NULL = "claim work_state work_state.stage work_state.next_checkpoint"


class Where(Enum):
    """The place of a document in an answer, as people read it."""

    ITEM = "`item` of"
    ITEMS = "`items` of"
    EACH = "`item` for each issue of"
    LINE = "a line each of"
    BATCH = "`item` of a line of `batch` with"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A document, and which commands answer with it, in which place.

    Fields that can be null are in `null`, those that hold any JSON in `any`, and those whose
    keys are not fixed in `free`, each as a path with dots. `of` names the document whose fields
    it has too.
    """

    answers: Mapping[Where, tuple[str, ...]]
    example: Mapping[str, Any]
    null: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    of: str | None = None


def documents() -> Mapping[str, Sample]:
    """All documents by name. Those that the program can make are made by it, so that no field is
    told of that is not there."""
    return {
        **_of_issues(),
        **_around_issues(),
        **_of_claims(),
        **_of_agents(),
        **_of_entries(),
        **_of_backends(),
        **_of_settings(),
        **_of_the_rest(),
    }


def _of_issues() -> dict[str, Sample]:
    null = "number milestone key closed_at"
    issue = document.issue(_ISSUE, ("7",))
    whole = {
        "claim": document.claim(_LEASE, mine=True),
        "work_state": document.work_state(_WORK),
        "comments": [document.comment(_COMMENT)],
    }
    return {
        "issue": _sample(
            issue,
            item="create",
            items="list, search, ready, depends ready, depends add, depends remove, claim cleanup",
            each="edit, close, reopen",
            batch="create, edit, close, reopen, depends",
            null=null,
        ),
        "whole issue": _sample(
            {**issue, **whole},
            item="show, show --comments",
            null=f"{null} {_WORK_NULL} comments comments.key",
            of="issue",
        ),
        "deleted issue": _sample({"id": "12", "deleted": True}, each="delete"),
    }


def _around_issues() -> dict[str, Sample]:
    needed, waiting = _issue("7", State.IN_PROGRESS), _issue("15", State.OPEN, depends_on=("12",))
    reason = Reason(obstacle=Obstacle.DEPENDENCIES, text="it waits for #7 (in_progress)")
    graph = bounded(_ISSUE, {"7": needed}, {"15": waiting}, None)
    return {
        "comment": _sample(
            document.comment(_COMMENT), item="comment, message post", batch="comment", null="key"
        ),
        "readiness": _sample(
            document.readiness(Readiness(issue=_ISSUE, reasons=(reason,))),
            item="ready --explain N",
            items="ready --explain",
        ),
        "graph": _sample(graph_document(graph), item="depends, depends show"),
        "statistics": _sample(
            document.statistics(_STATISTICS),
            item="stats",
            null="median_age_seconds median_seconds_to_close",
            free="labels assignees",
        ),
        "activity": _sample(
            document.activity(_ACTIVITY),
            items="history, activity",
            line="activity --follow",
            null="issue",
            any="changes.before changes.after",
        ),
    }


def _of_claims() -> dict[str, Sample]:
    claim = document.claim(_LEASE, mine=True)
    return {
        "claim": _sample(
            claim,
            item="claim, claim next, claim check, claim extend",
            items="claim list",
            batch="claim",
            null="agent epoch expires_at",
        ),
        "released claim": _sample(
            document.released(_LEASE, mine=True), item="claim release", batch="release", of="claim"
        ),
    }


def _of_agents() -> dict[str, Sample]:
    message = Message(type="question", agent="coder-1", timestamp=_AT, data={"text": "which?"})
    work = {
        "issue": "12",
        "claim": document.claim(_LEASE, mine=True),
        "work_state": document.work_state(_WORK),
        "depends_on": ["7"],
        "blocks": ["15"],
    }
    return {
        "message": _sample(document.message(message), items="message list", any="data"),
        "work": _sample(work, item="agent show, agent progress, agent checkpoint", null=_WORK_NULL),
    }


def _of_entries() -> dict[str, Sample]:
    entries: dict[str, Entry] = {
        "label": Label(name="bug", description="something is wrong", color="d73a4a"),
        "milestone": Milestone(name="Q1", due=date(2026, 3, 31)),
        "user": User(name="coder-1", kind="coder"),
    }
    kept = {
        noun: _sample(
            {**document.entry(entry), "issues": 2},
            item=f"{noun} create, {noun} edit",
            items=f"{noun} list",
            null="due" if noun == "milestone" else "",
        )
        for noun, entry in entries.items()
    }
    deletes = ", ".join(f"{noun} delete" for noun in entries)
    return {**kept, "deleted entry": _sample({"name": "bug", "deleted": True}, item=deletes)}


def _of_backends() -> dict[str, Sample]:
    written = backend_document(Backend(name="work", type="gitea", fields=_FIELDS, origin=_FILE))
    used = chosen_document(_CHOSEN)
    removed = {"name": "work", "removed": True, **_SAVED}
    default = {"name": "work", "default": True, **_SAVED}
    works = {"name": "local", "type": "sqlite", "ok": True, "issues": 2}
    return {
        "backend": _sample(written, items="backend list", free="fields"),
        "backend in use": _sample(used, item="backend show", free="fields origins"),
        "field of a backend": _sample({"url": _FIELDS["url"]}, item="backend show --field"),
        "defined backend": _sample(
            {**used, **_SAVED},
            item="backend add",
            null="backup",
            free="fields origins",
            of="backend in use",
        ),
        "removed backend": _sample(removed, item="backend remove", null="backup"),
        "tested backend": _sample(works, item="backend test"),
        "default backend": _sample(default, item="backend set-default", null="backup"),
    }


def _of_settings() -> dict[str, Sample]:
    setting = {"key": "agent.id", "value": "coder-1", "origin": _FILE}
    found = detected_document(_DETECTED)
    null = "remote remote.platform backend token_variable"
    within = " ".join(f"detected.{one}" for one in null.split())
    tracker = {"tracker": "work", **_SAVED}
    return {
        "setting": _sample(setting, items="config show"),
        "detected": _sample(found, item="config detect", null=null, free="backend.fields"),
        "tracker that is set": _sample(tracker, item="config auto", null="backup"),
        "tracker that was detected": _sample(
            {**tracker, "detected": found},
            item="config init, config auto",
            null=f"backup {within}",
            free="detected.backend.fields",
            of="tracker that is set",
        ),
        "changed file": _sample(
            _SAVED,
            item="config edit, config agent set-id, config agent set-type",
            null="file backup",
        ),
    }


def _of_the_rest() -> dict[str, Sample]:
    agent = {
        "id": "coder-1",
        "type": "coder",
        "session": "s-1",
        "claim_timeout": "30m",
        "claim_timeout_seconds": 1800.0,
        "origins": {"id": _FILE, "type": _FILE},
    }
    check = document.check(Check(name="text index", text="right"))
    text = {"text": "# issue: this project's issues\n...", "tokens": 900}
    shells = "completion bash, completion zsh, completion fish"
    return {
        "who acts": _sample(agent, item="config agent show", null="session", free="origins"),
        "check": _sample(check, items="doctor"),
        "instructions": _sample(text, item="prime"),
        "script": _sample({"script": "..."}, item=shells),
    }


def _sample(
    example: Mapping[str, Any],
    *,
    null: str = "",
    any: str = "",
    free: str = "",
    of: str | None = None,
    **answers: str,
) -> Sample:
    """`answers` are commands with commas between them, each under a name of Where."""
    return Sample(
        answers={Where[name.upper()]: tuple(text.split(", ")) for name, text in answers.items()},
        example=example,
        null=tuple(null.split()),
        any=tuple(any.split()),
        free=tuple(free.split()),
        of=of,
    )


def _issue(id: str, state: State, depends_on: tuple[str, ...] = ()) -> Issue:
    return Issue(
        id=id,
        uid=f"local:5f3a9c01/{id}",
        title={"7": "Parse amounts", "12": "Sum amounts"}.get(id, "Show the sum"),
        body="Add up what was parsed.",
        state=state,
        priority=Priority.HIGH,
        labels=frozenset({"feature"}),
        depends_on=depends_on,
        author="ada",
        assignees=frozenset({"coder-1"}),
        milestone="Q1",
        key="amounts/sum",
        created_at=_AT,
        updated_at=_AT,
    )


_ISSUE = _issue("12", State.OPEN, depends_on=("7",))
_LEASE = Lease(
    key="12",
    holder=Claimant(session="0123456789ab" * 2, nonce="01234567", name="coder-1").holder,
    epoch=3,
    expires_at=_AT + timedelta(minutes=30),
)
_COMMENT = Comment(
    id="3", issue="12", author="coder-1", text="Schema is done.", key="schema", created_at=_AT
)
_WORK = WorkState(
    agent="coder-1",
    progress=0.75,
    status="tests pass",
    stage="testing",
    checkpoints=("schema",),
    next_checkpoint="review",
    updated_at=_AT,
)
_ACTIVITY = Activity(
    id=41,
    at=_AT,
    kind=Kind.UPDATED,
    actor="coder-1",
    issue="12",
    changes=(FieldChange(field="state", before="open", after="in_progress"),),
)
_STATISTICS = Statistics(
    total=2,
    states={state: int(state in (State.OPEN, State.CLOSED)) for state in State},
    priorities={one: int(one is Priority.HIGH) for one in Priority},
    labels={"feature": 1},
    assignees={"coder-1": 1},
    closed_lately=1,
    median_age=timedelta(hours=2),
    median_to_close=timedelta(hours=1),
)
_CHOSEN = Chosen(
    name="work",
    type="gitea",
    origin=_FILE,
    fields=_FIELDS,
    origins=dict.fromkeys(_FIELDS, _FILE),
)
_DETECTED = Detected(
    remote=parse_remote("https://gitea.example/me/app.git"),
    backend=_CHOSEN,
    token_variable="GITEA_TOKEN",  # noqa: S106  the name of a variable, not a token
    reasons=("The git remote origin is me/app at gitea.example.",),
)
