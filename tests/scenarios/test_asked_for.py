"""The documents that the command was asked for in: their shell examples in their own spelling,
one after another on a local board. Only numbers of issues differ, as theirs are of another board;
what belongs to forges, synchronisation and webhooks is not among them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = r"""
issue backend add local-work local <<INPUT
.issue-facade/issues.db
INPUT
issue backend set-default local-work
issue backend test local-work
issue backend list
issue backend show local-work --field=path | grep -q '/.issue-facade/issues.db$'
! issue backend show nothing &>/dev/null
issue create "Implement user authentication" \
--label=feature --label=priority:high \
--assignee=agent-coder
issue list --state=open --assignee=agent-coder --format=json | jq -e 'length == 1'
issue edit 1 --state=in_progress
issue comment 1 "Completed database schema migration"
issue close 1 --comment="Implementation complete, tests passing"
"""

PATTERN_1 = r"""
issue create "Next" --label=ready
ISSUE=$(issue list --state=open --label=ready --format=json --limit=1 | jq -r '.[0].number')
issue edit $ISSUE --assignee=agent-coder --state=in_progress
issue comment $ISSUE "Starting implementation"
issue comment $ISSUE "Implementation complete. Files changed: src/auth.py, tests/test_auth.py"
issue close $ISSUE --comment="Ready for review"
"""

PATTERN_2 = r"""
issue create "Several" --label=needs-implementation
issue list --label=needs-implementation --state=open --format=json | \
jq -r '.[0].number' | \
xargs -I {} issue edit {} --assignee=agent-coder --state=in_progress
issue edit 3 --add-label=needs-review --state=closed
issue list --label=needs-review --state=closed --format=json | \
jq -r '.[0].number' | \
xargs -I {} sh -c 'issue comment {} "Code review complete. Approved."'
issue edit 3 --add-label=reviewed
issue list --label=reviewed --state=closed --format=json | \
jq -r '.[0].number' | \
xargs -I {} sh -c 'issue comment {} "All tests passing. Deploying to staging."'
"""

ROADMAP = r"""
issue config detect
issue config init
issue config show
issue config auto
issue config agent set-id "agent-coder-v1"
issue config agent set-type "coder"
issue config agent show
for one in 42 43 44; do issue create "$one"; done
issue claim 4 --timeout=30m
issue claim check 4
issue claim extend 4 --add-time=15m
issue claim release 4
issue depends add 4 --blocks=5,6
issue depends remove 4 --blocks=5
issue depends show 4
issue depends ready
issue search "is:open assignee:me label:bug,priority:high"
issue search "is:closed created:>30d sort:closed-desc"
issue search "label:needs-review -label:blocked"
issue list --query="is:in-progress created:>7d"
"""

README = r"""
issue list --format=json
issue create "Implement user authentication" \
  --label=feature --label=priority:high
issue edit 7 --state=in_progress --assignee=agent-coder
issue comment 7 "Implementation complete, tests passing"
issue show 7 --comments --format=json | jq -e '.comments | length == 1'
issue close 7 --comment="Ready for review"
issue reopen 7 --comment "once more"
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("asked")


@pytest.mark.parametrize(
    "script",
    [GUIDE, PATTERN_1, PATTERN_2, ROADMAP, README],
    ids=["guide", "pattern-1", "pattern-2", "roadmap", "readme"],
)
def test_the_documents_spellings_work(directory: Path, script: str) -> None:
    """C01-C10, C20-C23, C30, C31, Q01-Q08 as they are written there: no command fails, none asks,
    none complains of a defect."""
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=directory,
        env={
            "HOME": str(directory),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    assert "Traceback" not in ran.stderr
