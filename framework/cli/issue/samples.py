"""One of each thing that commands answer with: what docs/cli.md shows as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
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
_FILE = ".nightshift/config.json"
_FIELDS = {"url": "https://forge.example", "owner": "me", "repo": "app"}


def documents() -> Mapping[str, tuple[str, dict[str, Any]]]:
    """Name -> (which commands answer with it, an example). Generated, so that no field is told
    of that is not there."""
    return {**_of_issues(), **_of_agents(), **_of_settings()}


def _of_issues() -> dict[str, tuple[str, dict[str, Any]]]:
    issue = _issue("12", State.OPEN, depends_on=("7",))
    needed = _issue("7", State.IN_PROGRESS)
    reason = Reason(obstacle=Obstacle.DEPENDENCIES, text="it waits for #7 (in_progress)")
    return {
        "issue": (
            "list, search, ready, create, depends add and remove, as `item` edit, close and "
            "reopen; show adds `claim`, `work_state` and `comments`",
            document.issue(issue, ("7",)),
        ),
        "comment": ("comment, show --comments", document.comment(_comment())),
        "readiness": (
            "ready --explain",
            document.readiness(Readiness(issue=issue, reasons=(reason,))),
        ),
        "graph": ("depends show", graph_document(bounded(issue, {"7": needed}, {}, None))),
        "statistics": ("stats", document.statistics(_statistics())),
        "activity": ("history, activity", document.activity(_activity())),
    }


def _of_agents() -> dict[str, tuple[str, dict[str, Any]]]:
    holder = Claimant(session="0123456789abcdef", nonce="01234567", name="coder-1").holder
    lease = Lease(key="12", holder=holder, epoch=3, expires_at=_AT + timedelta(minutes=30))
    state = WorkState(
        agent="coder-1",
        progress=0.75,
        status="tests pass",
        stage="testing",
        checkpoints=("schema",),
        next_checkpoint="review",
        updated_at=_AT,
    )
    message = Message(type="question", agent="coder-1", timestamp=_AT, data={"text": "which?"})
    return {
        "claim": (
            "claim, claim next, check, extend, release, list",
            document.claim(lease, mine=True),
        ),
        "message": ("message post and list", document.message(message)),
        "work state": ("agent show, show", document.work_state(state)),
    }


def _of_settings() -> dict[str, tuple[str, dict[str, Any]]]:
    label = Label(name="bug", description="something is wrong", color="d73a4a")
    milestone = Milestone(name="Q1", due=date(2026, 3, 31))
    backend = Backend(name="work", type="gitea", fields=_FIELDS, origin=_FILE)
    origins = dict.fromkeys(_FIELDS, _FILE)
    chosen = Chosen(name="work", type="gitea", origin=_FILE, fields=_FIELDS, origins=origins)
    detected = Detected(
        remote=parse_remote("https://forge.example/me/app.git"),
        backend=chosen,
        token_variable=None,
        reasons=("The git remote origin is me/app at forge.example.",),
    )
    return {
        "label": ("label", document.entry(label)),
        "milestone": ("milestone", document.entry(milestone)),
        "user": ("user", document.entry(User(name="coder-1", kind="coder"))),
        "backend": ("backend list", backend_document(backend)),
        "backend in use": ("backend show and add", chosen_document(chosen)),
        "setting": (
            "config show",
            {"key": "agent.id", "value": "coder-1", "origin": _FILE},
        ),
        "detected": (
            "config detect; config init and auto as `detected`",
            detected_document(detected),
        ),
        "check": ("doctor", check_document(Check(name="text index", text="right"))),
    }


def _issue(id: str, state: State, depends_on: tuple[str, ...] = ()) -> Issue:
    return Issue(
        id=id,
        uid=f"local:5f3a9c01/{id}",
        title="Sum amounts" if depends_on else "Parse amounts",
        body="Add up what was parsed.",
        state=state,
        priority=Priority.HIGH,
        labels=frozenset({"feature"}),
        depends_on=depends_on,
        author="ada",
        assignees=frozenset({"coder-1"}),
        milestone="Q1",
        created_at=_AT,
        updated_at=_AT,
    )


def _comment() -> Comment:
    return Comment(id="3", issue="12", author="coder-1", text="Schema is done.", created_at=_AT)


def _activity() -> Activity:
    change = FieldChange(field="state", before="open", after="in_progress")
    return Activity(
        id=41, at=_AT, kind=Kind.UPDATED, actor="coder-1", issue="12", changes=(change,)
    )


def _statistics() -> Statistics:
    return Statistics(
        total=2,
        states={state: int(state in (State.OPEN, State.IN_PROGRESS)) for state in State},
        priorities={one: 2 * (one is Priority.HIGH) for one in Priority},
        labels={"feature": 2},
        assignees={"coder-1": 2},
        closed_lately=0,
        median_age=timedelta(hours=2),
        median_to_close=None,
    )
