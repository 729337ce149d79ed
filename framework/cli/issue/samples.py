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
from ...domain.entry import Label, Milestone, User
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
from .doctor import check_document
from .graph import bounded, graph_document
from .settings import detected_document

_AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
_FILE = "/home/ada/app/.nightshift/config.json"
_FIELDS = {"url": "https://gitea.example", "owner": "me", "repo": "app"}
_SAVED = {"file": _FILE, "backup": f"{_FILE}.backup-20260131T093000Z"}
_STATE_NULL = ("claim", "work_state", "work_state.stage", "work_state.next_checkpoint")
_FOUND_NULL = ("remote", "remote.platform", "backend", "token_variable")


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
        **_of_texts(),
    }


def _of_issues() -> dict[str, Sample]:
    null = ("number", "milestone", "key", "closed_at")
    listed = document.issue(_ISSUE, ("7",))
    whole = {
        "claim": document.claim(_LEASE, mine=True),
        "work_state": document.work_state(_WORK),
        "comments": [document.comment(_COMMENT)],
    }
    lists = ("list", "search", "ready", "depends ready", "depends add", "depends remove")
    batch = ("create", "edit", "close", "reopen", "depends")
    return {
        "issue": Sample(
            answers={
                Where.ITEM: ("create",),
                Where.ITEMS: ("claim cleanup",),
                Where.EACH: ("edit", "close", "reopen"),
                Where.BATCH: batch,
            },
            example=document.issue(_ISSUE),
            null=null,
        ),
        "listed issue": Sample(answers={Where.ITEMS: lists}, example=listed, null=null, of="issue"),
        "whole issue": _item(
            ("show", "show --comments"),
            {**listed, **whole},
            null=(*null, *_STATE_NULL, "comments", "comments.key"),
            of="listed issue",
        ),
        "deleted issue": Sample(
            answers={Where.EACH: ("delete",)}, example={"id": "12", "deleted": True}
        ),
    }


def _around_issues() -> dict[str, Sample]:
    needed, waiting = _issue("7", State.IN_PROGRESS), _issue("15", State.OPEN, depends_on=("12",))
    reason = Reason(obstacle=Obstacle.DEPENDENCIES, text="it waits for #7 (in_progress)")
    return {
        "comment": Sample(
            answers={Where.ITEM: ("comment", "message post"), Where.BATCH: ("comment",)},
            example=document.comment(_COMMENT),
            null=("key",),
        ),
        "readiness": Sample(
            answers={Where.ITEMS: ("ready --explain",), Where.ITEM: ("ready --explain N",)},
            example=document.readiness(Readiness(issue=_ISSUE, reasons=(reason,))),
        ),
        "graph": _item(
            ("depends", "depends show"),
            graph_document(bounded(_ISSUE, {"7": needed}, {"15": waiting}, None)),
        ),
        "statistics": _item(
            ("stats",),
            document.statistics(_STATISTICS),
            null=("median_age_seconds", "median_seconds_to_close"),
            free=("labels", "assignees"),
        ),
        "activity": Sample(
            answers={Where.ITEMS: ("history", "activity"), Where.LINE: ("activity --follow",)},
            example=document.activity(_ACTIVITY),
            null=("issue",),
            any=("changes.before", "changes.after"),
        ),
    }


def _of_claims() -> dict[str, Sample]:
    claim = document.claim(_LEASE, mine=True)
    takes = ("claim", "claim next", "claim check", "claim extend")
    return {
        "claim": Sample(
            answers={
                Where.ITEM: takes,
                Where.ITEMS: ("claim list",),
                Where.BATCH: ("claim", "release"),
            },
            example=claim,
        ),
        "no claim": _item(
            ("claim check",),
            {"issue": "12", "agent": None},
            null=("agent",),
        ),
        "released claim": _item(
            ("claim release",),
            {**claim, "released": True},
            of="claim",
        ),
    }


def _of_agents() -> dict[str, Sample]:
    message = Message(type="question", agent="coder-1", timestamp=_AT, data={"text": "which?"})
    return {
        "message": Sample(
            answers={Where.ITEMS: ("message list",)},
            example=document.message(message),
            any=("data",),
        ),
        "work": _item(
            ("agent show", "agent progress", "agent checkpoint"),
            {
                "issue": "12",
                "claim": document.claim(_LEASE, mine=True),
                "work_state": document.work_state(_WORK),
                "depends_on": ["7"],
                "blocks": ["15"],
            },
            null=_STATE_NULL,
        ),
    }


def _of_entries() -> dict[str, Sample]:
    label = Label(name="bug", description="something is wrong", color="d73a4a")
    entries = {
        "label": label,
        "milestone": Milestone(name="Q1", due=date(2026, 3, 31)),
        "user": User(name="coder-1", kind="coder"),
    }
    kept = {
        name: Sample(
            answers={
                Where.ITEMS: (f"{name} list",),
                Where.ITEM: (f"{name} create", f"{name} edit"),
            },
            example={**document.entry(entry), "issues": 2},
            null=("due",) if name == "milestone" else (),
        )
        for name, entry in entries.items()
    }
    deletes = tuple(f"{name} delete" for name in entries)
    return {**kept, "deleted entry": _item(deletes, {"name": "bug", "deleted": True})}


def _of_backends() -> dict[str, Sample]:
    backend = Backend(name="work", type="gitea", fields=_FIELDS, origin=_FILE)
    used = chosen_document(_CHOSEN)
    works = {"name": "local", "type": "sqlite", "ok": True, "issues": 2}

    return {
        "backend": Sample(
            answers={Where.ITEMS: ("backend list",)},
            example=backend_document(backend),
            free=("fields",),
        ),
        "backend in use": _item(("backend show",), used, free=("fields", "origins")),
        "backend field": _item(("backend show --field",), {"url": _FIELDS["url"]}, free=("",)),
        "defined backend": _item(
            ("backend add",),
            {**used, **_SAVED},
            null=("backup",),
            free=("fields", "origins"),
            of="backend in use",
        ),
        "removed backend": _item(
            ("backend remove",), {"name": "work", "removed": True, **_SAVED}, null=("backup",)
        ),
        "tested backend": _item(("backend test",), works),
        "default backend": _item(
            ("backend set-default",), {"name": "work", "default": True, **_SAVED}, null=("backup",)
        ),
    }


def _of_settings() -> dict[str, Sample]:
    found = detected_document(_DETECTED)
    tracker = {"tracker": "work", **_SAVED}
    null = (*_FOUND_NULL, *(f"detected.{one}" for one in _FOUND_NULL), "backup")
    return {
        "setting": Sample(
            answers={Where.ITEMS: ("config show",)},
            example={"key": "agent.id", "value": "coder-1", "origin": _FILE},
        ),
        "detected": _item(
            ("config detect",),
            found,
            null=_FOUND_NULL,
            free=("backend.fields",),
        ),
        "tracker that is set": _item(("config auto",), tracker, null=("backup",)),
        "tracker that was detected": _item(
            ("config init", "config auto"),
            {**tracker, "detected": found},
            null=null,
            free=("detected.backend.fields",),
            of="tracker that is set",
        ),
        "changed file": _item(
            ("config edit", "config agent set-id", "config agent set-type"),
            _SAVED,
            null=("file", "backup"),
        ),
        "who acts": _item(
            ("config agent show",),
            {
                "id": "coder-1",
                "type": "coder",
                "session": "s-1",
                "claim_timeout": "1800",
                "origins": {"id": _FILE, "type": _FILE},
            },
            null=("session",),
            free=("origins",),
        ),
    }


def _of_texts() -> dict[str, Sample]:
    shells = ("completion bash", "completion zsh", "completion fish")
    return {
        "check": Sample(
            answers={Where.ITEMS: ("doctor",)},
            example=check_document(Check(name="text index", text="right")),
        ),
        "instructions": _item(
            ("prime",),
            {"text": "# issue: this project's issues\n...", "tokens": 900},
        ),
        "script": _item(shells, {"script": "..."}),
    }


def _item(commands: tuple[str, ...], example: Mapping[str, Any], **more: Any) -> Sample:
    return Sample(answers={Where.ITEM: commands}, example=example, **more)


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
