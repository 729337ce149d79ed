"""The `issue` command: making, listing and showing issues, and what all commands have in common."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from framework.cli.issue import main
from framework.cli.issue.command import Command, Group
from framework.cli.issue.commands import COMMANDS
from framework.cli.issue.program import load, parser_of
from tests.integration.issue_desk import ISSUE, Desk

ROOT = Path(__file__).parents[2]
WILD = "Wild \x1b[31mred\x1b[0m\nsecond line 🎉 " + "x" * 10_000


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first desk is copied to, for the others: six commands take longer than a copy."""
    return tmp_path_factory.mktemp("kept") / "desk"


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kept: Path
) -> Desk:
    """Four issues: one closed with its proof, one waiting, one blocked."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    if kept.exists():
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True, symlinks=True)
        return desk
    desk.ok("create", "Parse amounts", "--description", "- `make test`", "--priority", "high")
    desk.create("Sum amounts")
    desk.ok("create", "Print sums", "--depends-on", "2")
    desk.create("Which colour?")
    desk.ok("close", "1", "--comment", "Landed as 1234\nmake test: 0")
    desk.ok("edit", "4", "--state", "blocked")
    shutil.copytree(tmp_path, kept, symlinks=True)
    return desk


def commands() -> list[tuple[tuple[str, ...], Command]]:
    """Every command that there is, with its words."""
    found: list[tuple[tuple[str, ...], Command]] = []

    def walk(path: tuple[str, ...], command: Command | Group) -> None:
        if isinstance(command, Command):
            found.append((path, command))
            return
        for name, one in command.commands.items():
            walk((*path, name), one)

    for name in COMMANDS:
        walk(("issue", name), load(name))
    return found


def test_c04_create_prints_the_id_and_takes_the_documents_options(desk: Desk) -> None:
    """C04: description, labels with colons, assignees; the id alone on stdout for scripts."""
    words = ("--description=How", "--label=feature", "--label=priority:high", "--assignee=me")
    assert desk.ok("create", "Log in", *words).out == "#5\n"
    made = desk.json("show", "5")
    assert (made["body"], made["labels"]) == ("How", ["feature", "priority:high"])
    assert (made["assignees"], made["author"]) == (["ann"], "ann")


@pytest.mark.parametrize("words", [("  ",), ("x", "--label", " "), ("x", "--assignee=")])
def test_what_has_no_name_is_not_made(desk: Desk, words: tuple[str, ...]) -> None:
    """An empty title, label or assignee, as an unset variable gives it, is wrong usage."""
    assert desk.run("create", *words).code == 2
    assert desk.json("stats")["total"] == 4


def test_c01_list_is_a_table_for_people(desk: Desk) -> None:
    """C01: one line an issue; closed ones only when asked for."""
    _, *rows = desk.ok("list", "--state=all").out.splitlines()
    assert [row.split() for row in rows] == [
        ["#1", "closed", "high", "Parse", "amounts"],
        ["#2", "open", "medium", "Sum", "amounts"],
        ["#3", "open", "medium", "Print", "sums", "#2"],
        ["#4", "blocked", "medium", "Which", "colour?"],
    ]
    assert len(desk.ok("list").out.splitlines()) == 1 + 3


def test_c02_the_bare_array_is_what_the_documents_pipe_to_jq(desk: Desk) -> None:
    """C02: `--format=json` is a top-level array whose items have `.number`."""
    found = json.loads(desk.ok("list", "--state=open", "--format=json", "--limit=1").out)
    assert found[0]["number"] == 2
    assert json.loads(desk.ok("list", "--label=no-such", "--format=json").out) == []


def test_output_is_bounded_and_pages_follow_each_other(desk: Desk) -> None:
    """--limit, --cursor, --fields and --max-tokens; the total and the cursor are in the envelope,
    and people are told how to go on."""
    first = json.loads(desk.ok("list", "--state=all", "--limit=3", "--fields=id", "--json").out)
    assert first == {
        "version": 1,
        "items": [{"id": "1"}, {"id": "2"}, {"id": "3"}],
        "total": 4,
        "cursor": 3,
    }
    last = json.loads(desk.ok("list", "--state=all", "--cursor=3", "--json").out)
    assert ([one["id"] for one in last["items"]], last["cursor"]) == (["4"], None)
    tight = json.loads(desk.ok("list", "--state=all", "--max-tokens=200", "--json").out)
    assert len(tight["items"]) == tight["cursor"] < 4
    assert "1-2 of 3. More: --cursor 2, or --limit 0" in desk.ok("list", "--limit=2").err
    wrong = desk.run("list", "--fields=titel")
    assert wrong.code == 0
    assert "did you mean title?" in desk.run("list", "--fields=titel", "--json").err


@pytest.mark.parametrize("name", ["1", "#1"])
def test_c03_show_has_the_proof(desk: Desk, name: str) -> None:
    """C03: title, state and text, with --comments also these; for programs and people."""
    text = desk.ok("show", name, "--comments").out
    assert text.startswith("#1 Parse amounts\nstate closed, priority high")
    assert "- `make test`" in text
    assert "Landed as 1234\nmake test: 0\n" in text
    assert "Landed" not in desk.ok("show", name).out
    found = desk.json("show", name, "--comments")
    assert (found["state"], found["comments"][0]["author"]) == ("closed", "ann")


@pytest.mark.parametrize(
    "id",
    ["99", "../x", "1/../../x", "0", "-0", pytest.param("9" * 10_000, id="long"), "ä", "1.0"],
)
@pytest.mark.parametrize(
    "words",
    [
        ("show", "{}"),
        ("edit", "{}", "--title=x"),
        ("close", "{}", "--comment=x"),
        ("reopen", "{}"),
        ("comment", "{}", "x"),
        ("delete", "{}", "--yes"),
        ("history", "{}"),
        ("claim", "check", "{}"),
        ("message", "post", "{}", "x"),
        ("message", "list", "{}"),
        ("agent", "progress", "{}", "1"),
        ("agent", "show", "{}"),
    ],
    ids=lambda words: "-".join(words[:2]) if words[1] != "{}" else words[0],
)
def test_c25_an_issue_that_is_not_there(desk: Desk, words: tuple[str, ...], id: str) -> None:
    """C25: exit code 1, nothing on stdout, what there is not and what to do, in a short line; no
    id is ever a path."""
    told = desk.run(*(word.format(id) for word in words))
    assert (told.code, told.out) == (1, "")
    assert "There is no issue" in told.err
    assert "List the issues" in told.err
    assert len(told.err) < 200
    assert "delete" not in told.err.partition(":")[2]


def test_an_error_is_an_object_for_programs(desk: Desk) -> None:
    """Code, what, why and next on stderr, and nothing on stdout."""
    told = desk.run("show", "99", "--json")
    assert told.out == ""
    error = json.loads(told.err)
    assert error["code"] == "issue_not_found"
    assert set(error) == {"code", "what", "why", "next"}


def test_a_directory_without_a_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """C25: what writes says with exit code 2 what to do, and makes none; creating makes one."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    told = desk.run("close", "1")
    assert told.code == 2
    assert "no board" in told.err
    assert list(desk.project.iterdir()) == []
    assert desk.ok("create", "x").out == "#1\n"


def test_a_board_that_cannot_be_read(desk: Desk) -> None:
    """Exit code 4: it says nothing about whether there are issues."""
    (desk.project / ".nightshift/issues.db").write_bytes(b"no database at all, but long" * 40)
    told = desk.run("list")
    assert (told.code, told.out) == (4, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lst"], "issue: unknown command 'lst', did you mean list? See issue --help"),
        (["--jsn"], "issue: unknown option '--jsn'"),
        (["list", "--stat", "open"], "issue list: unknown option --stat, did you mean --state?"),
        (["list", "--state", "opne"], "unknown value 'opne', did you mean open?"),
        (["show"], "issue show: the following arguments are required: N"),
        (["show", "1", "2"], "issue show: '2' is one argument too many"),
        (["claim", "relase", "1"], "issue claim: unknown command 'relase', did you mean release?"),
        (["edit", "1", "--label", "x"], "unknown option --label, did you mean --add-label?"),
        (["list", "--limit", "-3"], "issue list: argument --limit"),
    ],
)
def test_wrong_usage_names_the_nearest_word(desk: Desk, words: list[str], told: str) -> None:
    """Exit code 2 and one line that says what was meant, from the command it was said to."""
    answer = desk.run(*words)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err
    assert answer.err.count("\n") == 1
    assert "--help" in answer.err


def test_nothing_said_is_wrong_usage(desk: Desk) -> None:
    """But the overview is shown; asked for, it is no mistake."""
    told = desk.run()
    assert told.code == 2
    assert desk.ok("--help").out == told.out
    assert desk.ok("--version").out.startswith("issue (nightshift) ")


@pytest.mark.parametrize(
    ("path", "command"),
    commands(),
    ids=lambda one: " ".join(one)[6:] if isinstance(one, tuple) else "",
)
def test_every_command_has_help_with_an_example(
    desk: Desk, path: tuple[str, ...], command: Command
) -> None:
    """Each is in the overview or its group's, takes --json, --format and --backend, and shows
    how it is used."""
    shown = desk.ok(*path[1:], "--help").out
    assert shown.startswith(f"usage: {' '.join(path)}")
    assert "\nexamples:\n" in shown
    assert all("issue " in one for one in command.examples)
    parser = parser_of(path, command)
    assert {"--json", "--format", "--backend", "--project-dir"} <= set(
        parser._option_string_actions
    )
    assert max(map(len, shown.splitlines())) <= 100
    outer = desk.ok(*path[1:-1], "--help").out
    assert f"\n  {path[-1]:<12} {command.help}\n" in outer or len(path) == 2


def test_the_command_itself_starts_light() -> None:
    """Neither an event loop nor a screen is loaded before somebody asks for it."""
    program = (
        "import sys, framework.cli.issue; "
        "heavy = {'asyncio', 'anyio', 'rich', 'yaml', 'sqlite3', 'logging'}; "
        "print(heavy & set(sys.modules) or 'light')"
    )
    told = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert told == "light\n"


def test_wild_titles_are_kept_and_shown_harmless(desk: Desk) -> None:
    """Newlines, emoji, ANSI and 10,000 characters come back unchanged as JSON, and as text on one
    line without anything that moves the cursor."""
    id = desk.ok("create", WILD).out[1:-1]
    assert desk.json("show", id)["title"] == WILD
    desk.ok(
        "edit", id, "--title", WILD + "!", "--add-label", "a\nb\x1b[2J", "--assignee", "\x1b[1m🎉"
    )
    desk.ok("comment", id, WILD)
    for words in (("list",), ("show", id, "--comments"), ("history", id), ("activity",),
                  ("label", "list"), ("user", "list"), ("stats",), ("search", "red")):  # fmt: skip
        out = desk.ok(*words).out
        assert "\x1b" not in out, words
        assert all(line.isprintable() for line in out.splitlines()), words
    row = next(line for line in desk.ok("list").out.splitlines() if line.startswith(f"#{id} "))
    assert "Wild red second line 🎉 xxx" in row


def test_a_reader_that_leaves_early_is_no_error(desk: Desk) -> None:
    """`issue list | head -1` ends without a traceback."""
    told = subprocess.run(
        f"{ISSUE} list --state all | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stderr == ""


def test_main_takes_words() -> None:
    """The entry point of the program may also be given its words."""
    assert main(["--version"]) == 0


def test_a_text_that_speaks_of_json_is_no_wish_for_it(desk: Desk) -> None:
    """Only the option itself makes errors JSON."""
    told = desk.run("comment", "99", "use --json here")
    assert told.err.startswith("issue comment: There is no issue '99'")
    assert desk.run("comment", "99", "x", "--format", "json").err.startswith("{")


def test_none_means_nobody_when_making_too(desk: Desk) -> None:
    """As when editing and listing: no user and no milestone is called `none`."""
    desk.ok("create", "Free", "--assignee", "none", "--milestone", "none")
    (found,) = desk.json("list", "--milestone", "none", "--query", "Free")
    assert (found["assignees"], found["milestone"]) == ([], None)


@pytest.mark.parametrize(
    "line",
    [
        "issue claim 2 --timeout 9999999d",
        "issue list --limit 99999999999999999999",
        "issue search amounts --cursor 99999999999999999999",
        "issue ready --limit 99999999999999999999",
    ],
)
def test_numbers_beyond_all_bounds_are_wrong_usage(desk: Desk, line: str) -> None:
    ran = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1), ran.stderr


def test_an_answer_that_cannot_be_written_says_that_the_deed_is_done(desk: Desk) -> None:
    """On a full device: no traceback, exit code 1, and the issue is there once."""
    ran = subprocess.run(
        "issue create once >/dev/full", shell=True, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "could not be written" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(desk.json("search", "once")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "issue create closed >&-",
        "issue create x --body-file - <&-",
        "issue batch - <&-",
        "PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 LC_ALL=C issue create \u00fcn\u00efcode --json",
        "PYTHONIOENCODING=latin-1 issue create \U0001f389 --json",
    ],
)
def test_closed_streams_and_poor_locales_break_nothing(desk: Desk, line: str) -> None:
    ran = subprocess.run(line, shell=True, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
