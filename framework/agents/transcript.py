"""What a session said, as it came: one JSON object a line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", buffering=1) as log:
        yield log


def write(log: TextIO, message: Any, clean: Callable[[Any], Any] = lambda value: value) -> None:
    """One message, every text in it through `clean`."""
    row = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "kind": type(message).__name__,
        **dataclasses.asdict(message),
    }
    plain = json.loads(json.dumps(row, default=str))
    log.write(json.dumps(clean(plain), ensure_ascii=False) + "\n")
