"""Tokens: named, never kept, and never shown."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from framework.config.secret import Secret, is_raw, resolve_token, wrong_source
from framework.domain.errors import SettingsError

VALUE = "s3cr3t-value"


@pytest.mark.parametrize(
    "source",
    [
        "env:MY_TOKEN",
        "file:/run/secrets/token",
        "file:~/my token",
        "keyring:forge.example/ada",
        "gh:github.example",
    ],
)
def test_the_forms_are_taken(source: str) -> None:
    assert wrong_source(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "",
        "env:",
        "env:1X",
        "env:A-B",
        "file:relative",
        "keyring:alone",
        "keyring:/ada",
        "keyring:forge/",
        "gh:--help",
        "vault:x",
        VALUE,
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "env:ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "env:github_pat_11ABCDEFG0",
        "glpat-abcdefghijklmnopqrst",
        "a" * 40,
        "env:" + "a1" * 20,
    ],
)
def test_anything_else_is_refused_without_being_repeated(source: str, tmp_path: Path) -> None:
    """What was meant as a name could be the token itself."""
    with pytest.raises(SettingsError, match="a token itself is never kept") as caught:
        resolve_token(source, tmp_path, {})
    secret = source.partition(":")[2] or source
    assert secret in ("", "env:") or secret not in str(caught.value)


def test_names_that_only_look_a_little_like_tokens_are_taken() -> None:
    assert not any(is_raw(one) for one in ("env:GITHUB_TOKEN", "glossary", "gitea", "abc123"))


def test_no_text_form_shows_the_value() -> None:
    """repr, str, format, and the repr of what holds it."""
    secret = Secret(VALUE)
    assert secret.reveal() == VALUE
    assert VALUE not in f"{secret} {secret!r} {[secret]}" + "%s" % secret  # noqa: UP031
    assert secret == Secret(VALUE)
    assert len({secret, Secret(VALUE), Secret("other")}) == 2


def test_a_variable_goes_before_the_env_file(tmp_path: Path) -> None:
    """The project's `.env` counts for tokens below the real environment."""
    (tmp_path / ".env").write_text("# mine\nexport WORK='from file'\nWORK=from-file\nEMPTY=\n")
    assert resolve_token("env:WORK", tmp_path, {"WORK": " real \n"}) == Secret("real")
    assert resolve_token("env:WORK", tmp_path, {"WORK": ""}) == Secret("from-file")
    for name in ("EMPTY", "MISSING"):
        with pytest.raises(SettingsError, match=rf"variable {name} is not set. Export it, or"):
            resolve_token(f"env:{name}", tmp_path, {})


def test_an_env_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"WORK=\xff")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        resolve_token("env:WORK", tmp_path, {})


def test_a_directory_called_env_holds_nothing(tmp_path: Path) -> None:
    """Some keep a virtual environment there."""
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match="is not set"):
        resolve_token("env:WORK", tmp_path, {})


def token_file(tmp_path: Path, content: bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_file_is_read_without_its_line_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = token_file(tmp_path, f"{VALUE}\n".encode())
    assert resolve_token(f"file:{path}", tmp_path, {}) == Secret(VALUE)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve_token("file:~/token", tmp_path, {}) == Secret(VALUE)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """The error says how to close it, and shows nothing of it."""
    path = token_file(tmp_path, VALUE.encode(), mode)
    with pytest.raises(SettingsError, match=f"chmod 600 {path}") as caught:
        resolve_token(f"file:{path}", tmp_path, {})
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b" \n", "is empty"),
        (b"a\nb", "must be one line"),
        (b"a\xff", "is not text"),
        (b"a\x00b", "one line"),
    ],
)
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        resolve_token(f"file:{token_file(tmp_path, content)}", tmp_path, {})


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    """Missing, a directory, and a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("none", "No such file"), (".", "Is a dir|plain"), ("pipe", "plain file")):
        with pytest.raises(SettingsError, match=said):
            resolve_token(f"file:{tmp_path / name}", tmp_path, {})


def test_without_its_package_the_keyring_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert importlib.util.find_spec("keyring") is None, "our requirements do not bring it"
    with pytest.raises(SettingsError, match="pip install keyring"):
        resolve_token("keyring:forge.example/ada", tmp_path, {})


KEYRING = """
class KeyringError(Exception):
    pass

def get_password(service, user):
    if service == "locked":
        raise KeyringError("it is locked")
    return {("forge.example/api", "ada"): "kept"}.get((service, user))
"""


def test_the_keyring_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a package with that package's interface; the last part of the source is the user."""
    (tmp_path / "keyring").mkdir()
    (tmp_path / "keyring" / "errors.py").write_text(KEYRING)
    (tmp_path / "keyring" / "__init__.py").write_text("from .errors import get_password\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert resolve_token("keyring:forge.example/api/ada", tmp_path, {}) == Secret("kept")
        with pytest.raises(SettingsError, match=r"keyring set forge\.example bob"):
            resolve_token("keyring:forge.example/bob", tmp_path, {})
        with pytest.raises(SettingsError, match="cannot be asked: it is locked"):
            resolve_token("keyring:locked/ada", tmp_path, {})
    finally:
        for name in ("keyring.errors", "keyring"):
            del sys.modules[name]


def gh(directory: Path, script: str) -> None:
    directory.mkdir()
    (directory / "gh").write_text(f"#!/bin/sh\n{script}\n")
    (directory / "gh").chmod(0o755)


def test_the_login_of_gh_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for the token of the one host, and its refusal says how to log in."""
    gh(tmp_path / "in", '[ "$*" = "auth token --hostname github.example" ] && echo t0ken')
    gh(tmp_path / "out", "echo no oauth token found >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "in"), prepend=os.pathsep)
    assert resolve_token("gh:github.example", tmp_path, {}) == Secret("t0ken")
    monkeypatch.setenv("PATH", str(tmp_path / "out"), prepend=os.pathsep)
    with pytest.raises(SettingsError, match=r"gh auth login --hostname github\.example"):
        resolve_token("gh:github.example", tmp_path, {})
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(SettingsError, match="Install gh"):
        resolve_token("gh:github.example", tmp_path, {})
