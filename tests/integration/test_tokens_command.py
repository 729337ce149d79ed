"""`nightshift tokens`, as people and programs run it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from framework.agents.tokens import TokenPool
from framework.domain.account import Window, fingerprint
from framework.domain.trouble import RULES, Kind
from framework.leases.process import is_alive, this_process

WAIT = RULES[Kind.USAGE_LIMIT].wait
assert WAIT is not None
ROOT = Path(__file__).parents[2]
PROGRAM = "from framework.cli.nightshift import main; raise SystemExit(main())"
COMMAND = [sys.executable, "-c", PROGRAM, "tokens"]
ONE, TWO = "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY_2"
TOKENS = {ONE: "sk-ant-oat01-GHOSTLYWHISPER", TWO: "sk-ant-api03-CRIMSONLANTERN"}
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)


def environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "TZ": "Asia/Kolkata",
    }


def tokens(
    home: Path, *words: str, given: dict[str, str] = TOKENS
) -> subprocess.CompletedProcess[str]:
    """The command's own output, of which no token is ever a part."""
    ran = subprocess.run(
        [*COMMAND, *words],
        cwd=home,
        env={**environment(home), **given},
        capture_output=True,
        text=True,
        check=False,
    )
    for secret in given.values():
        assert not shares_a_piece(secret, ran.stdout + ran.stderr)
    return ran


def shares_a_piece(secret: str, text: str) -> bool:
    own = secret.rpartition("-")[2]
    return any(own[start : start + 4] in text for start in range(max(len(own) - 3, 1)))


def document(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(tokens(home, "--json").stdout)["tokens"]
    return found


def pool(home: Path) -> TokenPool:
    return TokenPool(
        home / ".local" / "state" / "nightshift" / "tokens.json",
        tokens={name: fingerprint(value) for name, value in TOKENS.items()},
        me=this_process(),
        is_alive=is_alive,
        clock=lambda: datetime.now(UTC),
    )


def test_a_fresh_pool(tmp_path: Path) -> None:
    """All are healthy, unused, and of the right kind; nothing is made on disk."""
    first, second = document(tmp_path)
    assert first == {
        "name": ONE,
        "kind": "subscription",
        "state": "healthy",
        "until": None,
        "why": None,
        "windows": {},
        "sessions": 0,
        "last_used": None,
    }
    assert (second["name"], second["kind"]) == (TWO, "API key")
    assert list(tmp_path.iterdir()) == []


def test_what_a_run_learned(tmp_path: Path) -> None:
    """Windows, sessions, parks and refusals are shown; times of people are local, of programs
    UTC."""
    run = pool(tmp_path)
    run.take("s")
    windows = {
        "five_hour": Window(used=0.42, resets_at=UNTIL),
        "seven_day": Window(used=0.95, resets_at=UNTIL),
    }
    run.quota(ONE, windows)
    run.limit(TWO, UNTIL, WAIT)
    first, second = document(tmp_path)
    assert (first["state"], first["sessions"]) == ("warm", 1)
    assert first["windows"]["five_hour"] == {"used": 0.42, "resets_at": f"{UNTIL:%Y-%m-%dT%XZ}"}
    assert (second["state"], second["until"]) == ("parked", f"{UNTIL:%Y-%m-%dT%XZ}")
    shown = tokens(tmp_path)
    assert shown.returncode == 0
    assert re.search(rf"{ONE} +subscription +warm +- +42% +95% +1 ", shown.stdout)
    local = UNTIL + timedelta(hours=5, minutes=30)
    assert f"parked  {local:%Y-%m-%d %H:%M:%S}" in shown.stdout


def test_none_usable_is_exit_code_1(tmp_path: Path) -> None:
    """One parked and one refused: the code says it, and the text how to mend the refused one."""
    run = pool(tmp_path)
    run.limit(ONE, UNTIL, WAIT)
    run.denied(TWO, "credit \x1b[31mtoo low")
    shown = tokens(tmp_path)
    assert shown.returncode == 1
    assert f"{TWO}: credit too low\n" in shown.stdout
    assert f"nightshift tokens --clear {TWO}" in shown.stdout


def test_clear_makes_usable_again(tmp_path: Path) -> None:
    """A parked and a bad one, whatever was held against it; the others stay as they are."""
    run = pool(tmp_path)
    run.limit(ONE, UNTIL, WAIT)
    run.denied(TWO, "revoked")
    assert tokens(tmp_path, "--clear", TWO).returncode == 0
    assert [one["state"] for one in document(tmp_path)] == ["parked", "healthy"]
    assert tokens(tmp_path, "--clear", ONE, "--json").returncode == 0
    assert [one["state"] for one in document(tmp_path)] == ["healthy", "healthy"]


@pytest.mark.parametrize("name", [*TOKENS.values(), "CLAUDE_CODE_OAUTH_TOKEN_2", "x"])
def test_clear_of_an_unknown_name(tmp_path: Path, name: str) -> None:
    """Wrong usage that names the known ones, and repeats no token given by mistake."""
    ran = tokens(tmp_path, "--clear", name)
    assert ran.returncode == 2
    assert ONE in ran.stderr


def test_clear_of_a_duplicate_names_the_account(tmp_path: Path) -> None:
    """Two variables with one value are one account, which goes by the first name."""
    given = {**TOKENS, f"{ONE}_2": TOKENS[ONE]}
    ran = tokens(tmp_path, "--clear", f"{ONE}_2", given=given)
    assert ran.returncode == 2
    assert f"{ONE}_2 and {ONE} hold the same token, so they are one account" in ran.stderr
    assert tokens(tmp_path, "--clear", ONE, given=given).returncode == 0


def test_clear_of_no_name_is_wrong_usage(tmp_path: Path) -> None:
    """As an empty shell variable gives it: nothing is cleared, and the names are told."""
    ran = tokens(tmp_path, "--clear", "", "--json")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--clear needs the name of a variable" in json.loads(ran.stderr)["what"]
    assert ONE in ran.stderr


def test_a_number_that_is_not_read_is_said(tmp_path: Path) -> None:
    """Set by somebody with many accounts: an error with the known endings, not silence. What
    other programs read under such names stays theirs."""
    ran = tokens(tmp_path, given={**TOKENS, f"{ONE}_10": "sk-ant-oat01-CRYPTICORCHARD"})
    assert ran.returncode == 2
    assert f"{ONE}_10 is not read" in ran.stderr
    assert "_BACKUP" in ran.stderr
    assert tokens(tmp_path, given={**TOKENS, f"{ONE}_FILE_DESCRIPTOR": "77777"}).returncode == 0


def test_without_a_token(tmp_path: Path) -> None:
    """It says which variables there are; a program gets the same as JSON."""
    ran = tokens(tmp_path, given={})
    assert ran.returncode == 2
    assert "CLAUDE_CODE_OAUTH_TOKEN" in ran.stderr
    assert "_BACKUP" in ran.stderr
    told = json.loads(tokens(tmp_path, "--json", given={}).stderr)
    assert told["code"] == "no_token"


def test_tokens_of_the_env_file(tmp_path: Path) -> None:
    """`.env` in the current directory counts, below the environment."""
    (tmp_path / ".env").write_text("ANTHROPIC_API_KEY_3=GHOSTLY\n")
    ran = tokens(tmp_path, "--json", given={})
    assert [one["name"] for one in json.loads(ran.stdout)["tokens"]] == ["ANTHROPIC_API_KEY_3"]
    assert "GHOSTLY" not in ran.stdout


def test_a_bad_value(tmp_path: Path) -> None:
    """A broken token is said without being shown."""
    ran = tokens(tmp_path, given={ONE: "Bearer sk-GHOSTLYWHISPER"})
    assert ran.returncode == 2
    assert ONE in ran.stderr


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    """The accounts count as healthy, and stderr tells why."""
    pool(tmp_path).limit(ONE, UNTIL, WAIT)
    (tmp_path / ".local" / "state" / "nightshift" / "tokens.json").write_text("{")
    ran = tokens(tmp_path)
    assert ran.returncode == 0
    assert "damaged" in ran.stderr


def test_no_file_holds_a_token(tmp_path: Path) -> None:
    """What the pool leaves on the disk has no part of any."""
    run = pool(tmp_path)
    run.take("s")
    run.denied(TWO, "revoked")
    tokens(tmp_path, "--clear", TWO)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not any(shares_a_piece(one, path.read_text()) for one in TOKENS.values())


def test_on_a_terminal_it_is_a_table(tmp_path: Path) -> None:
    """With colours where somebody looks, without a control character where nobody does."""
    outer, inner = pty.openpty()
    env = {**environment(tmp_path), **TOKENS, "TERM": "xterm-256color", "COLUMNS": "140"}
    subprocess.run(COMMAND, cwd=tmp_path, env=env, stdout=inner, check=True)
    os.close(inner)
    shown = os.read(outer, 65_536).decode()
    os.close(outer)
    assert "\x1b[" in shown
    assert ONE in shown
    assert tokens(tmp_path).stdout.replace("\n", "").isprintable()
