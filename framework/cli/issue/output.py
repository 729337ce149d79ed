"""What commands print: tables for people, JSON for programs, never more than was asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...domain.budget import fit, tokens
from ...domain.errors import NightshiftError, UsageError
from ...domain.legible import clean
from ...domain.nearest import nearest
from .._options import complain
from .columns import draw

VERSION = 1

Document = dict[str, Any]


class Output:
    """`envelope` is --json: `{version, items, total, cursor}` or `{version, item}`; `bare` is
    --format=json: the array or the object alone; neither is text."""

    def __init__(
        self,
        *,
        envelope: bool,
        bare: bool,
        fields: Sequence[str] | None,
        max_tokens: int | None,
    ) -> None:
        self.is_json = envelope or bare
        self._bare = bare and not envelope
        self._fields = fields
        self._max_tokens = max_tokens

    def items(
        self,
        documents: Sequence[Document],
        *,
        header: Sequence[str],
        rows: Iterable[Sequence[str]],
        total: int | None = None,
        cursor: int | None = None,
        offset: int = 0,
        ends: Sequence[int] | None = None,
        none: str = "Nothing.",
    ) -> None:
        """A list, as documents or as rows of a table. `none` is said to people of an empty one;
        `cursor` is where the next page starts, None on the last. Without `total` it is counted
        on the last page, and null before. `ends` are the cursors behind each document where
        they are not just counted; then `total` is as given, null for unknown."""

        def behind(shown: int) -> int:
            return offset + shown if ends is None else ends[shown - 1]

        if self.is_json:
            if total is None and cursor is None and ends is None:
                total = offset + len(documents)
            self._documents(documents, total, cursor, behind)
        else:
            counted = (offset, total) if ends is None else None
            self._table(header, list(rows), none, counted, cursor, behind)

    def results(self, documents: Sequence[Document]) -> None:
        """For programs, what became of each thing that was tried; people were told of each by
        `say` or `error`."""
        if self.is_json:
            self._documents(documents, len(documents), None, lambda shown: shown)

    def say(self, text: str) -> None:
        """A line for people: the result, or a part of it. Made harmless by whoever composes it."""
        if not self.is_json:
            sys.stdout.write(f"{text}\n")

    def line(self, document: Document, text: str) -> None:
        """One of a stream: a document on one line or a line of text, at once."""
        shown = json.dumps(self._chosen(document), ensure_ascii=False) if self.is_json else text
        sys.stdout.write(f"{shown}\n")
        sys.stdout.flush()

    def error(self, prog: str, error: NightshiftError) -> None:
        """One of several things failed: as at the end of a command, but it goes on."""
        complain(prog, error, as_json=self.is_json)

    def item(self, document: Document, text: str) -> None:
        """One thing, as a document or as text. The text is made harmless line by line by
        whoever composes it: see `clean`."""
        if not self.is_json:
            sys.stdout.write(f"{text}\n")
        else:
            self._write(document if self._bare else {"version": VERSION, "item": document})

    def nothing(self, why: str) -> None:
        """There is no such thing: `null` for programs, the reason for people."""
        if self.is_json:
            self._write(None if self._bare else {"version": VERSION, "item": None})
        else:
            self.note(why)

    def note(self, text: str) -> None:
        """Something beside the result, for people: on stderr, and not in JSON."""
        if not self.is_json:
            sys.stderr.write(f"{clean(text)}\n")

    def point(self, query: str, column: int) -> None:
        """Show people where in the query something is wrong, above the error that says what."""
        if not self.is_json:
            from .pointing import pointed

            sys.stderr.write(pointed(query, column))

    def _documents(
        self,
        documents: Sequence[Document],
        total: int | None,
        cursor: int | None,
        behind: Callable[[int], int],
    ) -> None:
        chosen = [self._chosen(document) for document in documents]
        shown: Sequence[Document] = chosen
        cut = False
        if self._max_tokens is not None:
            shown, cut = fit(chosen, lambda one: tokens(json.dumps(one)), self._max_tokens)
        if self._bare:
            self._write(shown)
            return
        envelope = {
            "version": VERSION,
            "items": shown,
            "total": total,
            "cursor": behind(len(shown)) if cut else cursor,
        }
        self._write(envelope)

    def _table(
        self,
        header: Sequence[str],
        rows: list[Sequence[str]],
        none: str,
        counted: tuple[int, int | None] | None,
        cursor: int | None,
        behind: Callable[[int], int],
    ) -> None:
        shown: Sequence[Sequence[str]] = rows
        cut = False
        if self._max_tokens is not None:
            shown, cut = fit(rows, lambda row: tokens(" ".join(row)), self._max_tokens)
        if not rows:
            self.note(none)
            return
        sys.stdout.write(draw(header, shown))
        following = behind(len(shown)) if cut else cursor
        if following is not None:
            self.note(f"{_told(counted, following)}More: --cursor {following}, or --limit 0")

    def _chosen(self, document: Document) -> Document:
        if self._fields is None:
            return document
        for name in self._fields:
            if name not in document:
                raise UsageError(f"There is no field {name!r}{nearest(name, document)}")
        return {name: document[name] for name in self._fields}

    def _write(self, value: Any) -> None:
        indent = 2 if sys.stdout.isatty() else None
        sys.stdout.write(json.dumps(value, indent=indent, ensure_ascii=False) + "\n")


def _told(counted: tuple[int, int | None] | None, following: int) -> str:
    """Which of how many were shown, where they are counted."""
    if counted is None:
        return ""
    offset, total = counted
    of = f" of {total}" if total is not None else ""
    return f"{offset + 1}-{following}{of}. "
