"""`issue config edit`: a person's editor on a copy that takes the file's place if it is right."""

from __future__ import annotations

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ...config.backends import file_of
from ...config.environment import editor
from ...config.place import prepare
from ...config.writing import Saved, put_text, text_of
from ...domain.errors import SettingsError, UsageError
from .asking import on_terminal


def edit(project: Path, *, user: bool) -> Saved | None:
    """None when the person changed nothing. Raises UsageError where there is no terminal or no
    editor, and SettingsError for a wrong edit, which is kept beside the file."""
    path = file_of(project, user=user)
    if not on_terminal():
        raise UsageError(
            f"There is no terminal to edit at. Change {path} yourself, and see whether it is "
            "right: issue config show"
        )
    was = text_of(path)
    text = _edited(was)
    if text == was:
        return None
    if not user:
        prepare(project)
    try:
        return put_text(path, text, was=was, user=user)
    except SettingsError as error:
        aside = _keep(path, text)
        raise SettingsError(f"{error} Your edit is in {aside}.") from error


def _edited(text: str) -> str:
    with tempfile.TemporaryDirectory(prefix="issue-") as directory:
        copy = Path(directory, "config.json")
        copy.write_text(text, "utf-8")
        words = editor()
        try:
            code = subprocess.run((*words, str(copy)), check=False).returncode
        except OSError as error:
            raise UsageError(
                f"The editor {words[0]} cannot be started: {error.strerror}. Set EDITOR to one "
                "that is installed."
            ) from error
        if code != 0:
            raise UsageError(
                f"The editor ended with code {code}, so nothing was changed. Edit again."
            )
        return copy.read_text("utf-8", "replace")


def _keep(path: Path, text: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.name}.edit-{stamp}")
    aside.parent.mkdir(parents=True, exist_ok=True)
    aside.write_text(text, "utf-8")
    return aside
