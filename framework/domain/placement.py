"""Content rules about where a file lies and what sort of file it is."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterator, Sequence

from .filechange import SUBMODULE, SYMLINK, FileChange, Scope, listed, shown

LARGEST = 5 * 1024 * 1024
"""The size in bytes up to which a file may be committed."""

_MEGABYTE = 1024 * 1024
_AT_THE_TOP = (
    *(".github/workflows/", ".github/actions/", ".gitea/workflows/", ".forgejo/workflows/"),
    *(".circleci/", ".buildkite/", ".woodpecker/", ".woodpecker.yml", ".woodpecker.yaml"),
    *(".gitlab-ci.yml", ".travis.yml", ".drone.yml", "azure-pipelines.yml", "jenkinsfile"),
    *(".teamcity/", ".semaphore/", ".tekton/", ".gitlab/", ".cirrus.yml", "appveyor.yml"),
    *(".appveyor.yml", "buildspec.yml", "cloudbuild.yaml", "cloudbuild.yml"),
    *("codeowners", ".github/codeowners", "docs/codeowners", ".github/dependabot.yml"),
    *("bitbucket-pipelines.yml", "workflow.md", "constitution.yaml", "app_spec.txt", "plan.yaml"),
)
_ANYWHERE = frozenset(
    {
        *(".claude", "claude.md", "claude.local.md", ".claude.json", ".mcp.json", ".nightshift"),
        *("agents.md", "gemini.md", "copilot-instructions.md"),
        *(".cursor", ".cursorrules", ".windsurfrules"),
        *(".gitmodules", ".gitattributes", ".husky"),
    }
)
_OBEYED = frozenset(
    {
        *(".vscode", ".idea", ".devcontainer", ".envrc", "mise.toml", ".mise.toml"),
        *(".githooks", ".pre-commit-config.yaml", "lefthook.yml", "lefthook.yaml"),
        *(".yarnrc.yml", ".cargo", "renovate.json", "netlify.toml", "vercel.json"),
    }
)
_GIT_ITSELF = re.compile(r"\.git[ .]*(:.*)?|git~\d+", re.IGNORECASE)
_LOCKS = frozenset(
    {
        *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"),
        *("bun.lockb", "deno.lock", "poetry.lock", "pdm.lock", "uv.lock", "pipfile.lock"),
        *("cargo.lock", "go.sum", "gemfile.lock", "composer.lock", "mix.lock", "flake.lock"),
    }
)


def protected(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    for one in changes:
        if _is_protected(one.path):
            yield (
                f"{shown(one.path)} is protected: leave it as it was, and ask a person for the "
                "change with the `blocked` tool"
            )


def obeyed(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """What a tool runs as soon as somebody opens, enters or commits in the project."""
    for one in changes:
        parts = one.path.lower().split("/")
        if _OBEYED.intersection(parts) and not scope.covers(one.path):
            yield (
                f"{shown(one.path)} is obeyed by people's tools, and the issue does not name it: "
                "leave it as it was, or ask a person for the change with the `blocked` tool"
            )


def unsafe_names(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    for one in changes:
        if _is_unsafe(one.path):
            yield (
                f"{shown(one.path)} is a name that not every file system can hold: choose another "
                "one"
            )


def submodules(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    for one in changes:
        if one.new_mode == SUBMODULE:
            yield (
                f"{shown(one.path)} is a submodule or a repository of its own: commit its files "
                "instead"
            )


def links(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    for one in changes:
        if one.new_mode == SYMLINK and _leaves(one.path, one.link):
            yield (
                f"{shown(one.path)} is a link out of the project: make it relative, or copy the "
                "file"
            )


def large(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    for one in changes:
        if not one.is_deletion and one.size > LARGEST:
            yield (
                f"{shown(one.path)} has {one.size / _MEGABYTE:.1f} MB, and "
                f"{LARGEST // _MEGABYTE} MB is the most: make it when it is needed instead of "
                "committing it"
            )


def only_locks(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """Work is in what a lock file is made from."""
    paths = [one.path for one in changes]
    named = any(scope.covers(path) for path in paths)
    if paths and not named and all(one.name.lower() in _LOCKS for one in changes):
        yield (
            f"only {listed(paths)} is changed, which a tool writes: commit the work that the "
            "issue asks for"
        )


def _is_protected(path: str) -> bool:
    lower = path.lower()
    if _ANYWHERE.intersection(lower.split("/")):
        return True
    return any(lower.startswith(one) if one.endswith("/") else lower == one for one in _AT_THE_TOP)


def _is_unsafe(path: str) -> bool:
    return any(
        part in ("", ".", "..")
        or "\\" in part
        or _GIT_ITSELF.fullmatch(_visible(part)) is not None
        or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in part)
        for part in path.split("/")
    )


def _visible(part: str) -> str:
    """Without the letters that some file systems do not see."""
    return "".join(letter for letter in part if unicodedata.category(letter) != "Cf")


def _leaves(path: str, link: str | None) -> bool:
    if link is None or link.startswith(("/", "\\")) or "\0" in link or ":" in link[:2]:
        return True
    where = posixpath.normpath(posixpath.join(posixpath.dirname(path), link.replace("\\", "/")))
    return where == ".." or where.startswith("../")
