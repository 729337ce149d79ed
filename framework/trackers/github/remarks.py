"""Comments: written once per key, and read with what GitHub cannot hold of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...domain.errors import Unsure
from ...domain.frozen import replace
from ...domain.issue import Comment
from .approvals import Approvals
from .listing import looks
from .marker import Marker, unmarked
from .reading import moment, shown_text, stamp
from .repository import Repository
from .seen import Snapshot
from .writing import body_of


class Remarks:
    """The comments of all issues of one repository."""

    def __init__(self, at: Repository, approvals: Approvals) -> None:
        self._at = at
        self._approvals = approvals

    def every(self, number: int) -> Sequence[Comment]:
        """All comments, oldest first; of several with one key the first."""
        listed = list(self._at.api.pages(f"{self._at.root}/issues/{number}/comments"))
        comments = [self._comment(number, raw) for raw in listed]
        kept = [(int(one.id), _written(one)) for one in comments]
        self._at.mirror.keep_remarks(number, kept, all=True)
        taken: set[str | None] = set()
        result = []
        for one in comments:
            if one.key is None or one.key not in taken:
                result.append(one)
            taken.add(one.key)
        return tuple(result)

    def write(self, seen: Snapshot, text: str, *, author: str, key: str | None) -> Comment:
        """The caller has the turn. `seen` is the issue as it was last seen."""
        if key is not None and (known := self.find(seen, key)) is not None:
            return known
        body = self.body(text, author=author, key=key)
        if key is not None:
            self.intend(seen.number, key)
        comment = self._send(seen, body, key)
        self._keep(comment)
        at = stamp(comment.created_at)
        self._count(seen.number, at)
        return comment

    def body(self, text: str, *, author: str, key: str | None) -> str:
        """The comment as GitHub is to hold it. Raises TrackerError where it is too long."""
        marker = Marker(
            key=key,
            by=None if author == self._at.house.login else author,
            text=None if shown_text(text) == text else text,
        )
        return body_of(shown_text(text), marker, "a comment") or "(empty)"

    def intend(self, number: int, key: str) -> None:
        """It is about to be sent: until it is `kept` or found it may have been written."""
        self._at.mirror.intend([_intent(number, key)], self._at.clock())

    def kept(self, number: int, raw: Mapping[str, Any]) -> None:
        """`raw` was written, and came back as REST would tell it."""
        self._keep(self._comment(number, raw))

    def _keep(self, comment: Comment) -> None:
        number = int(comment.issue)
        self._at.mirror.keep_remarks(number, [(int(comment.id), _written(comment))], all=False)
        self.settle(number, comment.key)

    def settle(self, number: int, key: str | None) -> None:
        """It is known whether it was written."""
        if key is not None:
            self._at.mirror.settle([_intent(number, key)])

    def _count(self, number: int, at: str) -> None:
        if (row := self._at.mirror.row(number)) is not None:
            latest = max(at, row.seen.updated_at)
            counted = replace(row.seen, comments=row.seen.comments + 1, updated_at=latest)
            self._at.keep(counted)

    def _send(self, seen: Snapshot, body: str, key: str | None) -> Comment:
        path = f"{self._at.root}/issues/{seen.number}/comments"
        try:
            return self._comment(seen.number, self._at.api.send("POST", path, {"body": body}))
        except Unsure:
            if key is None or (found := self.look(seen.number, key)) is None:
                raise
            return found

    def look(self, number: int, key: str) -> Comment | None:
        """For one that may have been written just now; takes its time."""
        for _ in looks(self._at.sleep):
            for one in self.every(number):
                if one.key == key:
                    return one
        return None

    def find(self, seen: Snapshot, key: str) -> Comment | None:
        """The one with this key. Asks only where there may be comments that are not known here."""
        known = [_read(text) for text in self._at.mirror.remarks(seen.number)]
        is_doubtful = self._at.mirror.intended(_intent(seen.number, key)) is not None
        if is_doubtful or len(known) != seen.comments:
            known = list(self.every(seen.number))
        found = next((one for one in known if one.key == key), None)
        if found is not None and is_doubtful:
            self.settle(seen.number, key)
        return found

    def _comment(self, number: int, raw: Mapping[str, Any]) -> Comment:
        login = (raw.get("user") or {}).get("login", "")
        visible, marker = unmarked(raw.get("body") or "")
        can_write = login == self._at.house.login or self._approvals.can_write(
            login, raw.get("author_association", "NONE")
        )
        exact = marker.text is not None and shown_text(marker.text) == visible
        return Comment(
            id=str(raw["id"]),
            issue=str(number),
            author=marker.by if can_write and marker.by is not None else login,
            text=marker.text if exact and marker.text is not None else visible,
            created_at=moment(raw["created_at"]),
            key=marker.key if can_write else None,
            heeded=can_write,
        )


def _intent(number: int, key: str) -> str:
    return f"comment {number} {key}"


def _written(comment: Comment) -> str:
    return json.dumps({**vars(comment), "created_at": comment.created_at.isoformat()})


def _read(text: str) -> Comment:
    said = json.loads(text)
    return Comment(**{**said, "created_at": moment(said["created_at"])})
