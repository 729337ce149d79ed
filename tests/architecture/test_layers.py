"""Who may import whom: the walls of the house, read off the imports."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRAMEWORK = ROOT / "framework"
# What others stand on: these files of ours know none but the domain.
GROUND = ("clock.py", "lockfile.py", "sqlite.py")
PORTS = ("trackers", "leases", "workspaces", "agents", "journals", "pulls")
# Foreign packages, and the only files that may know them.
KEPT_TO = {
    "claude_agent_sdk": {"agents/claude.py", "agents/turn.py"},
    "filelock": {"lockfile.py"},
    "graphql": {"rehearsal"},
    "httpx2": {"forge/wire.py"},
    "psutil": {"leases", "facade/caller.py"},
    "sqlite3": {"trackers", "leases", "journals", "webhooks", "sqlite.py"},
    "dotenv": {"config/environment.py"},
    "rich": {"dashboard", "cli"},
    "yaml": {"runner/planner.py", "rehearsal"},
}


def sources() -> list[Path]:
    """Our code; the programs that scenarios carry are data."""
    every = sorted(FRAMEWORK.rglob("*.py"))
    return [path for path in every if "scenarios" not in path.parts]


def name(path: Path) -> str:
    return path.relative_to(FRAMEWORK).as_posix()


@cache
def imports(path: Path) -> frozenset[str]:
    """Absolute dotted names of everything the file imports, at any level."""
    package = ("framework", *path.relative_to(FRAMEWORK).parent.parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def inside(path: Path) -> set[str]:
    """The rooms of our own house that the file imports, such as `domain` or `leases.base`."""
    return {one.removeprefix("framework.") for one in imports(path) if one.startswith("framework.")}


@pytest.mark.parametrize("path", sources(), ids=name)
def test_only_allowed_rooms_are_imported(path: Path) -> None:
    """Each file imports only from the rooms that its own may know."""
    own = name(path).split("/")[0]
    for target in inside(path):
        assert _allowed(name(path), own, target), f"{name(path)} must not import {target}"


def _allowed(file: str, own: str, target: str) -> bool:
    room = target.split(".")[0]
    if room == own or target.startswith("domain"):
        return True
    if own == "domain" or own in GROUND:
        return False
    if room in ("prose", "effect", "clock"):
        return True
    if own in PORTS:
        return room in ("box", "mounts", "forge", "sqlite", "lockfile")
    if own == "forge":
        return room == "lockfile"
    if own == "webhooks":
        return room == "sqlite"
    if own in ("runner", "facade"):
        return room in PORTS and target.split(".")[1] == "base"
    if own == "rehearsal":
        return room == "box"
    if own == "config":
        return room == "lockfile" or target == "trackers.BACKENDS"
    if own in ("__init__.py", "bootstrap.py", "attach.py", "forges.py", "rehearse.py", "cli"):
        return True
    if own == "library.py":
        return target == "config.place.STATE_DIRECTORY" or room == "runner"
    return False


@pytest.mark.parametrize("package", KEPT_TO)
def test_foreign_packages_stay_in_their_rooms(package: str) -> None:
    """A library's types stop at the backend that wraps it."""
    for path in sources():
        if any(one.split(".")[0] == package for one in imports(path)):
            file = name(path)
            assert {file, file.split("/")[0]} & KEPT_TO[package], f"{file} imports {package}"


def test_the_domain_is_pure() -> None:
    """No input, output, clock or event loop in `domain`."""
    banned = {"os", "io", "time", "asyncio", "anyio", "subprocess", "socket", "pathlib", "random"}
    for path in (FRAMEWORK / "domain").glob("*.py"):
        assert not {one.split(".")[0] for one in imports(path)} & banned, path.name
        assert ".now(" not in path.read_text(), path.name


def test_only_config_reads_the_environment() -> None:
    """Settings come from one place."""
    for path in sources():
        if name(path) != "config/environment.py":
            text = path.read_text("utf-8")
            assert "os.environ" not in text, name(path)
            assert "getenv" not in text, name(path)


def test_no_heap_modules() -> None:
    """A module is named for what it knows."""
    heaps = {"utils", "util", "helpers", "common", "manager", "misc"}
    assert not {path.stem.strip("_") for path in sources()} & heaps


@pytest.mark.parametrize("path", sources(), ids=name)
def test_files_stay_small(path: Path) -> None:
    """No file beyond what fits a head."""
    assert len(path.read_text("utf-8").splitlines()) <= 350


def test_entry_scripts_hold_no_logic() -> None:
    """Docstring, one import, SystemExit(main())."""
    for script in ("parallel_agent.py", "autonomous_agent.py", "monitor.py"):
        doc, imported, guard = ast.parse((ROOT / script).read_text()).body
        assert isinstance(doc, ast.Expr)
        assert isinstance(imported, ast.ImportFrom)
        assert isinstance(guard, ast.If)


def test_every_backend_is_in_its_table() -> None:
    """What ships is reachable by name, and a table names nothing that is not there."""
    import importlib

    for port in ("trackers", "leases", "agents", "journals"):
        table = importlib.import_module(f"framework.{port}").BACKENDS
        for entry in table.values():
            module, _, attribute = entry.partition(":")
            assert hasattr(importlib.import_module(module), attribute), entry
