"""Configuration files: read strictly, changed all or nothing, with a copy of what was."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.config.document import check_file, parse, read
from framework.config.writing import change, put_text, text_of
from framework.domain.errors import SettingsError

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def refusal(tmp_path: Path, content: Any, *, user: bool = False) -> str:
    """What is said about a file, which must stay as it is."""
    path = written(tmp_path, content)
    before = path.read_bytes()
    with pytest.raises(SettingsError) as caught:
        check_file(path, user=user)
    assert path.read_bytes() == before
    assert str(path) in str(caught.value)
    return str(caught.value)


def forge(**fields: object) -> dict[str, Any]:
    return {"backends": {"work": {"type": "gitea", **fields}}}


def test_a_full_file_is_read(tmp_path: Path) -> None:
    """Every key that there is, at its place."""
    definition = {
        "type": "gitea",
        "url": "https://forge.example:3000/git",
        "owner": "group",
        "repo": "app",
        "token_source": "env:WORK_TOKEN",
    }
    path = written(
        tmp_path,
        {
            "tracker": "work",
            "backends": {"work": definition, "here": {"type": "sqlite", "path": "x.db"}},
            "agent": {"id": "ada", "type": "coder", "claim_timeout": 60},
            "leases": "file",
            "journal": "sqlite",
        },
    )
    found = read(path)
    assert found.tracker == "work"
    assert found.backends["work"] == definition
    assert found.agent == {"id": "ada", "type": "coder", "claim_timeout": 60}


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    found = read(tmp_path / "config.json")
    assert (found.tracker, found.backends, found.agent) == (None, {}, {})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n  "tracker": "sqlite",\n  "agent": {', "line 3 column 13"),
        ('{"tracker": "sqlite"', "line 1 column 21"),
        ("", "line 1 column 1"),
        ("\ufeff{}", "line 1 column 1"),
        ('{"tracker": "a", "tracker": "b"}', "the key 'tracker' is there twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"agent": {"claim_timeout": ' + "9" * 5000 + "}}", "cannot be read"),
    ],
)
def test_a_half_written_file_is_refused_with_its_line(
    tmp_path: Path, content: str, said: str
) -> None:
    assert said in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n  "agent": {"id": "a"},\n  "agent": {}\n}', "line 3: the key 'agent' is there twice"),
        (
            '{"backends": {"type": {"type": "gitea",\n"url": "x",\n"ty\\u0070e": 1}}}',
            "line 3: the key 'type' is there twice",
        ),
        ('{"x": [{"id": 1}, {"id": 2}],\n\n"x": 1}', "line 3: the key 'x' is there twice"),
        ('{\n"tracker": "sqlite",\n"trakcer": 1}', "Line 3: trakcer: is unknown"),
        ('{"agent":\n{"id": "x",\n"typ": "a\\"}"}}', "Line 3: agent.typ: is unknown"),
        (
            '{"backends": {\n"a.b": {"type": "gitea",\n "ur": "x"}}}',
            "Line 3: backends.a.b.ur: is unknown",
        ),
        ('{"backends": {\n"work": {}}}', "Line 2: backends.work.type: must be"),
        ('{"leases":\n"memory",\n"journal": "sqlite"}', "Line 1: leases: must be"),
    ],
)
def test_a_wrong_key_is_told_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    """Twice there, unknown or with a wrong value, however deep and however it is written."""
    assert said in refusal(tmp_path, content)


@pytest.mark.parametrize("name", ["me", "none", "ME"])
def test_nobody_is_called_as_queries_speak(tmp_path: Path, name: str) -> None:
    """`assignee:me` and `assignee:none` mean something else."""
    said = refusal(tmp_path, {"agent": {"id": name}})
    assert f"agent.id: cannot be '{name}': in queries" in said


def test_a_file_that_is_no_text_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b'{\n"tracker": "\xff"}')
    with pytest.raises(SettingsError, match="line 2: it is not UTF-8"):
        check_file(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"trakcer": "sqlite"}, "trakcer: is unknown. Did you mean tracker?"),
        ({"leases": "memory"}, "leases: must be file or sqlite"),
        ({"journal": "memory"}, "journal: must be sqlite"),
        ({"agent": {"typ": "x"}}, "agent.typ: is unknown. Did you mean type?"),
        ({"agent": {"identity": "x"}}, "agent.identity: is unknown. Known are id, type"),
        (forge(ur="x"), "backends.work.ur: is unknown. Did you mean url?"),
        (forge(path="x"), "backends.work.path: does not belong to a backend of this type"),
        (forge(type="gitae"), "backends.work.type: must be a known type. Did you mean gitea?"),
        ({"backends": {"work": {}}}, "backends.work.type: must be a known type. Known are "),
        ({"backends": {"sqlite": {"type": "sqlite"}}}, "the name means the built-in local board"),
        ({"backends": {"../x": {"type": "sqlite"}}}, "backends.../x: a name is letters"),
        ({"tracker": 7}, "tracker: must be a text in quotes"),
        ({"tracker": " a"}, "without space around"),
        ({"leases": "a\nb"}, "leases: must be file or sqlite"),
        ({"backends": []}, "backends: must be an object in braces"),
        ({"backends": {"work": "gitea"}}, "backends.work: must be an object in braces"),
        ({"agent": {"claim_timeout": "30m"}}, "claim_timeout: must be a number of seconds"),
        ({"agent": {"claim_timeout": True}}, "claim_timeout: must be a number of seconds"),
        ({"agent": {"claim_timeout": 0}}, "from one second to a year"),
        ('{"agent": {"claim_timeout": NaN}}', "from one second to a year"),
        (forge(url="forge.example"), "backends.work.url: must be a web address"),
        (forge(url="https://[x"), "backends.work.url: must be a web address"),
        (forge(owner=""), "backends.work.owner: must be a text in quotes, and not an empty one"),
        ([], "the whole must be an object in braces"),
    ],
)
def test_what_is_wrong_names_the_key_and_the_nearest_known_one(
    tmp_path: Path, content: Any, said: str
) -> None:
    assert said in refusal(tmp_path, content)


def test_a_persons_file_fixes_no_stores(tmp_path: Path) -> None:
    """Leases belong to one project."""
    assert "leases: is unknown" in refusal(tmp_path, {"leases": "file"}, user=True)


@pytest.mark.parametrize(
    "content",
    [
        forge(token=TOKEN),
        forge(token_source=TOKEN),
        forge(token_source=f"env:{TOKEN}"),
        forge(token_source="env:" + "abcdef0123" * 4),
        forge(owner=TOKEN),
        forge(url=f"https://ada:{TOKEN}@forge.example"),
    ],
)
def test_a_token_in_a_file_is_refused_and_not_repeated(tmp_path: Path, content: Any) -> None:
    said = refusal(tmp_path, content)
    assert TOKEN not in said
    assert "abcdef0123" not in said


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda one: (
            st.lists(one)
            | st.dictionaries(
                st.sampled_from(["tracker", "backends", "agent", "id", "type", "work", "url", ""])
                | st.text(),
                one,
            )
        ),
    )
)
def test_whatever_is_written_is_read_or_refused(content: Any) -> None:
    """No content of a file ends in anything but a checked document or a SettingsError."""
    with suppress(SettingsError):
        assert parse(json.dumps(content).encode(), Path("config.json")) == content


@given(st.binary(max_size=60))
def test_whatever_bytes_are_read_or_refused(content: bytes) -> None:
    """As above, for what is no JSON at all."""
    with suppress(SettingsError):
        assert parse(content, Path("config.json")) == json.loads(content)


def test_a_change_keeps_a_copy_of_what_was(tmp_path: Path) -> None:
    """The copy has the old bytes; two in one second have two names; no change makes none."""
    path = written(tmp_path, '{"tracker":"sqlite"}')
    first = change(path, lambda values: values.update(leases="file"), now=NOW)
    second = change(path, lambda values: values.update(journal="sqlite"), now=NOW)
    nothing = change(path, lambda values: values.update(journal="sqlite"), now=NOW)
    assert first.backup == tmp_path / "config.json.backup-20260304T050607Z"
    assert first.backup.read_text() == '{"tracker":"sqlite"}'
    assert second.backup == tmp_path / "config.json.backup-20260304T050607Z-2"
    assert nothing.backup is None
    assert json.loads(path.read_text()) == {
        "tracker": "sqlite",
        "leases": "file",
        "journal": "sqlite",
    }
    assert not path.with_name("config.json.tmp").exists()


def test_the_last_five_copies_are_kept(tmp_path: Path) -> None:
    """Of any number of changes, also of many in one second; and nobody else's files go."""
    path = written(tmp_path, "{}")
    path.with_name("config.json.edit-20260101T000000.0Z").touch()
    for number in range(13):
        later = NOW + timedelta(days=number == 12)
        change(path, lambda values, n=number: values.update(tracker=f"t{n}"), now=later)
    kept = [f"config.json.backup-20260304T050607Z-{number}" for number in (9, 10, 11, 12)]
    assert {one.name for one in tmp_path.glob("*.*-*")} == {
        *(*kept, "config.json.backup-20260305T050607Z", "config.json.edit-20260101T000000.0Z"),
    }


def test_a_change_to_something_wrong_leaves_everything(tmp_path: Path) -> None:
    path = written(tmp_path, '{"tracker":"sqlite"}')
    with pytest.raises(SettingsError, match="trakcer"):
        change(path, lambda values: values.update(trakcer="x"))
    assert path.read_text() == '{"tracker":"sqlite"}'
    assert {one.name for one in tmp_path.iterdir()} == {"config.json", "config.json.lock"}


def test_a_broken_file_is_not_written_over(tmp_path: Path) -> None:
    path = written(tmp_path, '{"tracker":')
    with pytest.raises(SettingsError, match="line 1 column 12"):
        change(path, lambda values: values.clear())
    assert path.read_text() == '{"tracker":'


def test_what_a_killed_writer_left_is_no_hindrance(tmp_path: Path) -> None:
    path = written(tmp_path, "{}")
    path.with_name("config.json.tmp").write_text('{"half')
    change(path, lambda values: values.update(tracker="sqlite"))
    assert read(path).tracker == "sqlite"


def test_the_copy_and_the_file_keep_who_may_read_them(tmp_path: Path) -> None:
    path = written(tmp_path, "{}")
    path.chmod(0o600)
    saved = change(path, lambda values: values.update(tracker="sqlite"))
    assert saved.backup is not None
    assert [one.stat().st_mode & 0o777 for one in (path, saved.backup)] == [0o600, 0o600]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    """Whoever keeps the file elsewhere finds the change there."""
    (tmp_path / "dotfiles").mkdir()
    real = written(tmp_path / "dotfiles", "{}")
    (tmp_path / "config.json").symlink_to(real)
    change(tmp_path / "config.json", lambda values: values.update(tracker="sqlite"))
    assert (tmp_path / "config.json").is_symlink()
    assert read(real).tracker == "sqlite"


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Eight processes define five backends each; all forty are there."""
    program = (
        "import sys; from pathlib import Path; from framework.config.backends import add_backend\n"
        "for number in range(5):\n"
        "    name = f'w{sys.argv[2]}-{number}'\n"
        "    add_backend(Path(sys.argv[1]), name, 'sqlite', {'path': name}, variables={})\n"
    )
    words = [sys.executable, "-c", program, str(tmp_path)]
    running = [subprocess.Popen([*words, str(one)], cwd=ROOT) for one in range(8)]
    assert [one.wait() for one in running] == [0] * 8
    assert len(read(tmp_path / ".nightshift" / "config.json").backends) == 40


def test_an_edit_is_put_in_place_only_when_it_is_right(tmp_path: Path) -> None:
    """A person's half-finished edit changes nothing; a finished one keeps a copy."""
    path = written(tmp_path, '{"tracker":"sqlite"}')
    was = text_of(path)
    with pytest.raises(SettingsError, match="line 1 column 2"):
        put_text(path, "{", was=was)
    assert path.read_text() == was
    saved = put_text(path, '{"tracker": "local"}', was=was, now=NOW)
    assert saved.backup is not None
    assert saved.backup.read_text() == was
    assert read(path).tracker == "local"


def test_an_edit_does_not_undo_what_somebody_else_changed(tmp_path: Path) -> None:
    path = written(tmp_path, "{}")
    was = text_of(path)
    change(path, lambda values: values.update(tracker="sqlite"))
    with pytest.raises(SettingsError, match="while you edited it"):
        put_text(path, '{"leases": "file"}', was=was)
    assert read(path).tracker == "sqlite"


def test_an_edit_of_a_broken_file_mends_it(tmp_path: Path) -> None:
    path = written(tmp_path, "{")
    put_text(path, '{"tracker": "sqlite"}', was=text_of(path))
    assert read(path).tracker == "sqlite"
    assert text_of(tmp_path / "none.json") == "{}\n"


def test_a_place_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    """The first sentence says what happened, the second what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"cannot be changed: .*Nothing was changed; give"):
        change(tmp_path / "file" / "config.json", lambda values: values.update(tracker="sqlite"))
