"""Prompts: Markdown templates with strict placeholders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ..domain.errors import SettingsError
from ..domain.issue import Issue
from ..domain.lease import Failure
from ..domain.untrusted import cleaned, delimited
from ..prose import FOLDER

_TITLE_BYTES = 400
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def render(name: str, **values: str) -> str:
    """The template `prompts/<name>.md` with every `{placeholder}` replaced, once.

    A placeholder without a value, or a value without a placeholder, is a SettingsError: the
    template and the code have grown apart. Values are never read as templates.
    """
    text = _template(name)
    wanted = set(_PLACEHOLDER.findall(text))
    if wanted != values.keys():
        missing, unused = sorted(wanted - values.keys()), sorted(values.keys() - wanted)
        raise SettingsError(
            f"prompts/{name}.md and the runner disagree: "
            f"unknown placeholders {missing}, values without a placeholder {unused}."
        )
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def data(text: str, what: str) -> str:
    """Text of people or agents for a prompt: without what is hidden in it, and between markers
    that it cannot write itself."""
    return delimited(cleaned(text), what)


def history(failures: Sequence[Failure], rescued: str | None) -> str:
    """What a new attempt should know of the earlier ones."""
    if not failures and rescued is None:
        return ""
    lines = ["\n## Earlier attempts\n"]
    reasons = "\n\n".join(f"Attempt {one.epoch}: {one.reason}" for one in failures)
    if reasons:
        lines.append("They ended without landing:\n\n" + data(reasons, "reasons") + "\n")
    if rescued is not None:
        lines.append(
            f"The work of the last one is kept as commit {rescued}: look at it with "
            f"`git show {rescued}`, take it over with `git merge {rescued}` if it helps.\n"
        )
    return "\n".join(lines)


def rules(text: str | None) -> str:
    """The project's own CLAUDE.md, given as data; the CLI is not let read it by itself."""
    if not text:
        return ""
    return "- The project's own notes for agents (its CLAUDE.md):\n\n" + data(text, "notes") + "\n"


def one_line(issue: Issue) -> str:
    """The title, which stands outside of any markers."""
    return " ".join(cleaned(issue.title, _TITLE_BYTES).split())


@cache
def _template(name: str) -> str:
    path = FOLDER / f"{name}.md"
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise SettingsError(f"The prompt {path} cannot be read: {error}.") from error
