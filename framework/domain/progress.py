"""The body of the META issue: the progress of the whole, as a table anyone can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .graph import waits_for
from .issue import Issue, State


def render(summary: str, issues: Sequence[Issue]) -> str:
    """Markdown for `issues`, the META issue itself left out."""
    work = [issue for issue in issues if not issue.is_meta]
    known = {issue.id: issue for issue in issues}
    counts = Counter(issue.state for issue in work)
    told = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    rows = [_row(issue, waits_for(issue, known)) for issue in work]
    return "\n".join(
        [
            summary.strip(),
            "",
            f"**{counts[State.CLOSED]} of {len(work)} closed** ({told or 'no issues yet'}).",
            "",
            "| issue | title | state | waits for |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(issue: Issue, waits: Sequence[str]) -> str:
    title = " ".join(issue.title.split()).replace("|", "\\|")
    state = issue.state.value.replace("_", " ")
    return f"| #{issue.id} | {title} | {state} | {', '.join(f'#{one}' for one in waits)} |"
