"""A directory has one lease store: another kind's is refused, with what config.json must say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from framework.attach import open_leases
from framework.domain.errors import SettingsError
from framework.leases.highwater import MARK
from framework.leases.record import mark_gone
from tests.contracts.lease_stores import TTL

KINDS = ("file", "sqlite")


def configure(project: Path, kind: str) -> None:
    """As a person does it, in the file that is there or in a new one."""
    config = project / ".nightshift" / "config.json"
    config.parent.mkdir(exist_ok=True)
    values = json.loads(config.read_text()) if config.exists() else {}
    config.write_text(json.dumps({**values, "leases": kind}))


def begin(project: Path, kind: str) -> None:
    """A project whose first claim was made in a store of the kind that its person chose."""
    configure(project, kind)
    store = open_leases(project, create=True)
    assert store.acquire("1", "a", TTL)
    store.close()


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize(("first", "second"), [KINDS, KINDS[::-1]])
def test_a_store_of_another_kind_is_refused(
    tmp_path: Path, first: str, second: str, create: bool
) -> None:
    """For reading too, and nothing is made; with the first one's kind all goes on."""
    begin(tmp_path, first)
    configure(tmp_path, second)
    before = sorted((tmp_path / ".nightshift").rglob("*"))
    with pytest.raises(SettingsError, match=f'Let it say "leases": "{first}"'):
        open_leases(tmp_path, create=create)
    assert sorted((tmp_path / ".nightshift").rglob("*")) == before
    configure(tmp_path, first)
    store = open_leases(tmp_path, create=create)
    assert [lease.key for lease in store.held()] == ["1"]
    store.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_store_of_another_tracker_is_refused_alike(tmp_path: Path, kind: str) -> None:
    """Each tracker has a directory of its own, and each is looked at."""
    configure(tmp_path, kind)
    open_leases(tmp_path, "gitea", create=True).close()
    configure(tmp_path, next(one for one in KINDS if one != kind))
    with pytest.raises(SettingsError, match="leases-gitea"):
        open_leases(tmp_path, "gitea")


def test_two_stores_that_are_there_already_are_told(tmp_path: Path) -> None:
    """Neither can be used until a person has said which one counts."""
    begin(tmp_path, "file")
    (tmp_path / ".nightshift" / "leases" / "leases.db").touch()
    for kind in KINDS:
        configure(tmp_path, kind)
        with pytest.raises(SettingsError, match="holds two stores of claims"):
            open_leases(tmp_path)


def test_a_mark_that_a_person_wrote_is_no_store(tmp_path: Path) -> None:
    """It is how a lost store of either kind begins again."""
    begin(tmp_path, "sqlite")
    directory = tmp_path / ".nightshift" / "leases"
    for one in directory.iterdir():
        one.unlink()
    store = open_leases(tmp_path)
    assert store.unreadable() == [mark_gone(str(directory / MARK))]
    (directory / MARK).write_text("1000000")
    assert store.unreadable() == []
    lease = store.acquire("1", "b", TTL)
    assert lease is not None
    assert lease.epoch > 1_000_000
    store.close()


def test_local_and_sqlite_are_one_board_with_one_store(tmp_path: Path) -> None:
    """Whatever the built-in board is called, its claims are seen."""
    begin(tmp_path, "file")
    for name in ("local", "sqlite"):
        assert [lease.key for lease in open_leases(tmp_path, name).held()] == ["1"]
