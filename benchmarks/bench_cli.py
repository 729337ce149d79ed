"""How long one `issue` command takes, as a program, from start to end.

Boards of 10,000 and 100,000 open issues made in one step: two labels and 60 words each, every
second waits for the one before it. Each command is run 15 times, each time beside
`python -c pass`, and the medians are compared. Bound: 6 times that baseline, on both boards.
With `--rivals`, other trackers are installed from PyPI into a temporary virtual environment and
measured on 10,000 issues, 5 times each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from benchmarks.rivals import RIVALS, Rival, begun, install
from benchmarks.world import Bounds, headline, row
from framework.attach import open_facade
from framework.domain.issue import Draft

TIMES = 6
RUNS = 15
RIVAL_RUNS = 5
SIZES = (10_000, 100_000)
RIVAL_SIZE = 10_000
ISSUE = str(Path(sys.executable).with_name("issue"))
NOTHING = (sys.executable, "-c", "pass")
VOCABULARY = [f"word{number}" for number in range(2_000)]

Words = tuple[str, ...]


def body(number: int) -> str:
    """60 words, few of them the same in two issues."""
    start = number * 7
    return " ".join(VOCABULARY[(start + at * at) % len(VOCABULARY)] for at in range(60))


def drafts(size: int) -> Iterator[Draft]:
    for number in range(1, size + 1):
        yield Draft(
            title=f"Issue {number}",
            body=body(number),
            labels=frozenset({f"area{number % 20}", f"kind{number % 5}"}),
            depends_on=(f"key:{number - 1}",) if number % 2 == 0 else (),
            key=str(number),
        )


def ours() -> dict[str, Callable[[int], Words]]:
    """The commands; each run gets a number of its own."""
    return {
        "claim": lambda run: (ISSUE, "claim", str(101 + 2 * run)),
        "ready": lambda run: (ISSUE, "ready", "--json"),
        "list": lambda run: (ISSUE, "list", "--json"),
        "show": lambda run: (ISSUE, "show", str(5_000 + run), "--json"),
        "create": lambda run: (ISSUE, "create", "New issue"),
    }


def seconds(words: Words, directory: Path, environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(
        words,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return time.perf_counter() - began


def medians(
    command: Callable[[int], Words], directory: Path, environment: dict[str, str], runs: int
) -> tuple[float, float]:
    """Of the command, and of the interpreter that does nothing, taken in turn."""
    pairs = [
        (
            seconds(command(run), directory, environment),
            seconds(NOTHING, directory, environment),
        )
        for run in range(runs + 1)
    ]
    slow, bare = zip(*pairs[1:], strict=True)  # the first one finds cold caches
    return statistics.median(slow), statistics.median(bare)


def of_ours(bounds: Bounds, size: int, root: Path) -> None:
    project = root / str(size)
    project.mkdir()
    with open_facade(project, create=True) as facade:
        facade.create_many(list(drafts(size)))
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "ISSUE_AGENT_ID": "ann"}
    for name, command in ours().items():
        took, bare = medians(command, project, environment, RUNS)
        met = bounds.told(took <= TIMES * bare)
        told = f"{took / bare:.1f} x python -c pass ({bare * 1000:.1f} ms); bound {TIMES} {met}"
        row(f"issue {name}, {size:,} issues", f"{took * 1000:.0f} ms", told)


def of_rival(rival: Rival, programs: Path, root: Path) -> None:
    directory = root / rival.name / "project"
    environment = begun(rival, programs, directory)
    ids = rival.load(directory, RIVAL_SIZE, body(1))
    for name, words in rival.commands.items():
        numbers = count(100)

        def command(run: int, words: Words = words, numbers: Iterator[int] = numbers) -> Words:
            id = ids[next(numbers)]
            return tuple(word.replace("{id}", id) for word in words)

        took, bare = medians(command, directory, environment, RIVAL_RUNS)
        row(f"{rival.name} {name}, {RIVAL_SIZE:,} issues", f"{took * 1000:.0f} ms",
            f"{took / bare:.1f} x python -c pass")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals", action="store_true")
    wanted = parser.parse_args().rivals
    bounds = Bounds()
    print(headline("One command, start to end"))
    with tempfile.TemporaryDirectory(prefix="ns-cli-") as root:
        for size in SIZES:
            of_ours(bounds, size, Path(root))
        if wanted:
            programs = install(Path(root, "venv"))
            for rival in RIVALS:
                of_rival(rival, programs, Path(root))
        else:
            print("  rivals: skipped; add --rivals to install and measure them")
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(main())
