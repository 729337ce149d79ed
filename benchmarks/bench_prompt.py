"""What a session's first request weighs: bytes, and tokens at four bytes each.

Baseline, in the same run: the CLI's own preset with its default tools and the same issue.
Bound: 5,000 tokens, the issue included.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import anyio
import claude_agent_sdk as sdk
import yaml

from benchmarks.world import Bounds, headline, row
from framework import bootstrap
from framework.config import settings as config
from framework.rehearsal import scenario, server
from framework.rehearsal.server import Endpoint
from framework.runner.run import run

BOUND = 5_000
BYTES_A_TOKEN = 4
TITLE = "Report a month from the command line"


def small_scenario(folder: Path) -> Path:
    """One issue of the bundled plan, as large as the others, and the bundled specification."""
    bundled = scenario.load(scenario.find("default"))
    assert bundled.plan is not None
    issue = next(one for one in bundled.plan["issues"] if one["title"] == TITLE)
    text = {
        "name": "prompt",
        "description": "Measures prompts.",
        "spec": "app_spec.txt",
        "plan": {"summary": "One issue.", "issues": [{**issue, "depends_on": []}]},
        "sessions": [
            {"planning": True, "turns": [{"submit_plan": {}}, {"say": "done"}]},
            {"issue": TITLE, "turns": [{"blocked": "measured"}, {"say": "done"}]},
        ],
    }
    (folder / "app_spec.txt").write_text(bundled.spec)
    (folder / "scenario.yaml").write_text(yaml.safe_dump(text))
    return folder / "scenario.yaml"


async def ours(endpoint: Endpoint, root: Path, spec: str) -> None:
    project = root / "project"
    project.mkdir()
    (project / "app_spec.txt").write_text(spec)
    settings = config.load(
        project=project,
        slots=1,
        boxed=False,
        variables={
            "XDG_STATE_HOME": str(root / "state"),
            "PATH": os.environ["PATH"],
            "ANTHROPIC_BASE_URL": endpoint.url,
            "CLAUDE_CODE_OAUTH_TOKEN": "scripted",
        },
    )
    async with bootstrap.open_parts(settings) as parts:
        await run(parts)


async def preset(endpoint: Endpoint, root: Path, prompt: str) -> None:
    """The same prompt in the CLI as it comes."""
    clone = root / "clone"
    clone.mkdir()
    options = sdk.ClaudeAgentOptions(
        cwd=clone,
        model=config.DEFAULT_MODEL,
        system_prompt={"type": "preset", "preset": "claude_code"},
        setting_sources=[],
        env={
            "ANTHROPIC_BASE_URL": endpoint.url,
            "CLAUDE_CODE_OAUTH_TOKEN": "scripted",
            "ANTHROPIC_API_KEY": "",
            "CLAUDE_CONFIG_DIR": str(root / "config"),
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        },
    )
    async with sdk.ClaudeSDKClient(options) as client:
        await client.query(prompt)
        async for _ in client.receive_response():
            pass


def first(endpoint: Endpoint, heading: str) -> tuple[int, str]:
    """Size and text of the first request whose prompt starts with `heading`."""
    return next(
        (one.size, prompt)
        for one in endpoint.log
        for prompt in one.prompts
        if prompt.startswith(heading)
    )


def tell(name: str, size: int, bound: str = "") -> None:
    row(name, f"{size // BYTES_A_TOKEN:,} tokens", f"{size:,} bytes{bound}")


async def main() -> int:
    bounds = Bounds()
    print(headline("Prompt cost: the first request of a session"))
    with tempfile.TemporaryDirectory(prefix="ns-") as folder:
        root = Path(folder)
        script = scenario.load(small_scenario(root))
        async with server.serve(script) as endpoint:
            await ours(endpoint, root, script.spec)
            planning, _ = first(endpoint, "# Plan")
            coding, prompt = first(endpoint, "# Issue")
        async with server.serve(script) as endpoint:
            await preset(endpoint, root, prompt)
            default, _ = first(endpoint, "# Issue")
    tell("CLI preset, default tools, same issue (baseline)", default)
    for name, size in (("coding session", coding), ("planning session", planning)):
        met = bounds.told(size // BYTES_A_TOKEN <= BOUND)
        tell(name, size, f"; {size / default:.2f} x baseline; bound {BOUND:,} {met}")
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(anyio.run(main))
