"""Whole runs as a person starts them: the entry scripts in processes of their own, the real CLI
against a scripted model that outlives them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml
from anyio.from_thread import start_blocking_portal

from framework.rehearsal import scenario, server
from framework.rehearsal.server import Endpoint

ROOT = Path(__file__).parents[1]
_LOOK = 0.1
"""The most seconds from one look to the next that are the tests' own and not the machine's load."""


def turns(path: str, *, before: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """A session that writes one file, commits it and says so."""
    return [
        *map(dict, before),
        {"write": {"path": path, "text": f"{path}\n"}},
        {"bash": f"git add {path} && git commit -qm 'Write {path}'"},
        {"finished": {"summary": f"wrote {path}", "evidence": "it is there"}},
        {"say": "done"},
    ]


def planned(key: str, *, depends_on: Sequence[str] = (), **changes: Any) -> dict[str, Any]:
    """An issue of a plan that asks for the file `<key>.txt`."""
    return {
        "key": key,
        "title": f"Write {key}",
        "description": f"The file {key}.txt.",
        "criteria": ["It is there"],
        "checks": [f"test -f {key}.txt"],
        "category": "functional",
        "priority": "medium",
        "depends_on": list(depends_on),
        "paths": [f"{key}.txt"],
        **changes,
    }


def script(issues: Sequence[dict[str, Any]], **sessions: Any) -> dict[str, Any]:
    """A scenario for `issues`; `sessions` gives the turns or the attempts of some by key."""

    def part(key: str) -> dict[str, Any]:
        own = sessions.get(key) or turns(f"{key}.txt")
        return own if isinstance(own, dict) else {"turns": own}

    return {
        "name": "play",
        "description": "A test.",
        "spec": "app_spec.txt",
        "plan": {"summary": "Some files.", "issues": list(issues)},
        "sessions": [
            {"planning": True, "turns": [{"submit_plan": {}}, {"say": "done"}]},
            *({"issue": one["title"], **part(one["key"])} for one in issues),
        ],
    }


@dataclass(frozen=True, kw_only=True)
class Theatre:
    """A project, a scripted model, and the command lines to use them with."""

    project: Path
    state: Path
    endpoint: Endpoint
    environment: Mapping[str, str]

    def hand_in(self, play: Mapping[str, Any]) -> None:
        """The plan of `play`, as its planning session would leave it: that takes a second more."""
        plan = {"id": "24f94d5a", **play["plan"]}
        (self.project / "plan.yaml").write_text(yaml.safe_dump(plan))

    def command(self, *words: str, script: str = "parallel_agent.py") -> list[str]:
        return [sys.executable, str(ROOT / script), *words]

    def run(
        self, *words: str, script: str = "parallel_agent.py"
    ) -> subprocess.CompletedProcess[str]:
        """One run to its end, on the project."""
        return subprocess.run(
            self.command("--project-dir", str(self.project), *words, script=script),
            env=self.environment,
            cwd=self.project.parent,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command("--project-dir", str(self.project), *words),
            env=self.environment,
            cwd=self.project.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def board(self) -> dict[str, Any]:
        """What `monitor.py --json` says."""
        ran = subprocess.run(
            self.command(str(self.project), "--json", script="monitor.py"),
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    def standings(self) -> dict[str, str]:
        """Title to standing of every issue but META."""
        rows = self.board()["issues"]
        return {one["title"]: one["standing"] for one in rows if one["standing"] != "meta"}

    def git(self, *words: str) -> str:
        """In the hub, which only the host writes."""
        return subprocess.run(
            ("git", "--git-dir", str(self.project / ".nightshift" / "hub.git"), *words),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def landings(self) -> list[str]:
        """The first-parent subjects of the target, oldest first, less the start."""
        log = self.git("log", "--first-parent", "--reverse", "--format=%s", "main")
        return log.splitlines()[1:]

    def processes(self) -> list[str]:
        """Live processes of sessions and checks of this project."""
        every = psutil.process_iter(["cmdline", "status"])
        live = (one.info for one in every if one.info["status"] != psutil.STATUS_ZOMBIE)
        return [str(one["cmdline"]) for one in live if str(self.state) in str(one["cmdline"])]


@contextmanager
def theatre(root: Path, play: Mapping[str, Any], **environment: str) -> Iterator[Theatre]:
    folder, project = root / "scenario", root / "project"
    folder.mkdir()
    project.mkdir()
    (folder / "app_spec.txt").write_text("Build some files.\n")
    (folder / "scenario.yaml").write_text(yaml.safe_dump(dict(play)))
    (project / "app_spec.txt").write_text("Build some files.\n")
    state = root / "state"
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(
            server.serve(scenario.load(folder / "scenario.yaml"))
        ) as endpoint,
    ):
        yield Theatre(
            project=project,
            state=state,
            endpoint=endpoint,
            environment={
                "PATH": os.environ["PATH"],
                "HOME": str(root),
                "XDG_STATE_HOME": str(state),
                "ANTHROPIC_BASE_URL": endpoint.url,
                "CLAUDE_CODE_OAUTH_TOKEN": "scripted",
                **environment,
            },
        )


def wait_for(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Until `condition` holds. For other processes, whose clocks cannot be given.

    A look that took long counts no more than `_LOOK`: on a machine with too much to do the others
    come as late as we do.
    """
    waited, before = 0.0, time.monotonic()
    while not condition():
        assert waited < seconds, f"waited in vain, {seconds} s at least: {what}"
        time.sleep(0.02)
        now = time.monotonic()
        waited, before = waited + min(now - before, _LOOK), now
