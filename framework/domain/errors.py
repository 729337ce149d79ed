"""Every error of Nightshift, drawn once.

NightshiftError
├── UsageError                 the person can mend it before a run: exit code 2
│   ├── SettingsError
│   ├── SpecError
│   ├── NoToken
│   ├── NoBox
│   ├── GitMissing
│   └── TargetMissing
├── TrackerError
│   ├── IssueNotFound
│   ├── IssueDeleted
│   ├── EntryNotFound
│   ├── AlreadyThere
│   ├── TransitionRefused
│   ├── DependencyCycle
│   ├── QueryError
│   ├── ForgeRefused
│   └── TrackerUnavailable
│       └── Unsure
├── NotAllowed
├── LeaseError
│   ├── AlreadyClaimed
│   ├── NotClaimed
│   ├── LeaseLost
│   ├── LeaseCorrupt
│   └── EpochsGone
├── WorkspaceError
│   └── GitFailed
├── AgentError
├── JournalError
└── PlanError

The message is for people and says what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from .trouble import Trouble


class NightshiftError(Exception):
    """Something Nightshift can name. Its text says what happened and what to do next."""


def sole(error: BaseException) -> BaseException:
    """The one error inside the groups that task groups wrap around it; else `error` itself."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


class UsageError(NightshiftError):
    """The command line, the configuration or the machine is not as a run needs it."""


class SettingsError(UsageError):
    """A setting has an unknown name or a wrong value."""


class SpecError(UsageError):
    """The specification is missing, empty or not text."""


class NoToken(UsageError):
    """Set CLAUDE_CODE_OAUTH_TOKEN (from `claude setup-token`) or ANTHROPIC_API_KEY in .env,
    or try the whole run offline with --rehearse."""


class NoBox(UsageError):
    """Sessions run inside bubblewrap: install the package `bubblewrap`,
    or pass --no-box to let agents reach everything that you can."""


class GitMissing(UsageError):
    """Git is not installed, or older than 2.38, which merge-tree needs."""


class TargetMissing(UsageError):
    """There is no branch to land on."""


class MustStop(NightshiftError):
    """The run cannot go on before a person has acted."""


class TrackerError(NightshiftError):
    """The tracker refused, or could not do, what was asked."""


class IssueNotFound(TrackerError):
    """No issue has this id."""


class IssueDeleted(TrackerError):
    """An issue with this idempotency key existed and a person deleted it: it is not made again."""


class EntryNotFound(TrackerError):
    """No label, milestone, user or backend has this name."""


class AlreadyThere(TrackerError):
    """A label, milestone, user or backend of this name exists."""


class TransitionRefused(TrackerError):
    """The issue's state does not allow this one to follow."""


class DependencyCycle(TrackerError):
    """An issue would wait for itself."""


class QueryError(TrackerError):
    """The query cannot be understood. `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


class ForgeRefused(TrackerError):
    """The forge said no, and nothing was changed. `trouble` is the class of it; `status` is the
    HTTP status, and `code` the API's own word, empty where it used none."""

    def __init__(self, message: str, trouble: Trouble, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.trouble = trouble
        self.status = status
        self.code = code


class TrackerUnavailable(TrackerError):
    """The tracker could not be asked. This says nothing about whether there is work. `until` is
    when it may be asked again, None where nobody knows."""

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class Unsure(TrackerUnavailable):
    """The answer to a write was lost: it may have been done. Look before doing it again."""


class NotAllowed(NightshiftError):
    """Whoever asks has no right to do this."""


class LeaseError(NightshiftError):
    """A claim could not be made, kept or ended."""


class AlreadyClaimed(LeaseError):
    """Somebody else holds the issue."""


class NotClaimed(LeaseError):
    """This session holds no claim on the issue."""


class LeaseLost(LeaseError):
    """Somebody else holds this key now, or the lease has ended: stop acting on it."""


class LeaseCorrupt(LeaseError):
    """A lease record cannot be read, which never means "nobody holds this"."""


class EpochsGone(LeaseError):
    """Records, high-water mark and the hub's epoch refs are all gone, so a new epoch could
    repeat an old one and let a stale session land."""


class WorkspaceError(NightshiftError):
    """A workspace could not be opened, read or put away."""


class GitFailed(WorkspaceError):
    """A git command of the host failed."""


class AgentError(NightshiftError):
    """The agent could not be started or understood."""


class JournalError(NightshiftError):
    """The journal could not be read or written."""


class PlanError(NightshiftError):
    """The plan is not one that issues can be made from."""
