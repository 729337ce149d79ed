"""What the host writes and reads in the hub without git is what git would write and read."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain.errors import GitFailed
from framework.domain.filechange import FileChange
from framework.workspaces import content, refs
from framework.workspaces.hub import Hub
from framework.workspaces.objects import Objects, commit, identify
from framework.workspaces.project import Project
from tests.integration import hubs
from tests.integration.hubs import House, git

START = {"a": "one\n", "sub/b": "two\n", "sub/deep/c": "three\n"}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return House(tmp_path, start=START).hub


def packed(hub: Hub) -> Hub:
    """The same hub after a person has cleared up in it: all in one pack."""
    hub.git.run("gc", "--quiet", "--prune=now")
    return Hub(project=hub.path.parent.parent, path=hub.path, target="main")


@pytest.mark.parametrize("kind", ["blob", "tree", "commit", "tag"])
def test_git_reads_what_is_written(hub: Hub, kind: str) -> None:
    """Same name, same content, sound in git's eyes, and nothing half-made beside it."""
    tip = hub.tip()
    data = {
        "blob": b"\0\xff" * 5000,
        "tree": b"100644 x\0" + bytes.fromhex(hub.store.write("blob", b"x")),
        "commit": commit(hub.tree(tip), [tip], "Grüße\n"),
        "tag": f"object {tip}\ntype commit\ntag t\ntagger x <x@y> 1 +0000\n\nx\n".encode(),
    }[kind]
    name = hub.store.write(kind, data)
    assert hub.store.write(kind, data) == name == identify(kind, data)
    assert hub.git.raw("cat-file", kind, name, input="") == data
    assert hub.store.read(name) == (kind, data)
    assert hub.store.measure(name) == (kind, len(data))
    assert hub.git.run("fsck", "--strict", "--no-dangling") == ""
    assert not list(hub.objects.rglob("tmp_obj_*"))


def test_many_write_the_same_object(hub: Hub) -> None:
    """Threads that write one object at once leave that one object."""
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: hub.store.write("blob", b"same" * 1000), range(64)))
    assert [hub.git.run("cat-file", "-s", name) for name in names] == ["4000"]


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """In words, and with what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(GitFailed, match="Make room"):
        Objects(tmp_path / "file").write("blob", b"x")


def test_a_damaged_object_is_left_to_git(hub: Hub) -> None:
    """An object cut short, as after a power failure, is not read as something else."""
    name = hub.store.write("blob", b"x" * 1000)
    path = hub.objects / name[:2] / name[2:]
    for rest in (b"", b"garbage", path.read_bytes()[:-4]):
        path.chmod(0o644)
        path.write_bytes(rest)
        assert hub.store.read(name) is None


@pytest.mark.parametrize("prepare", [lambda hub: hub, packed], ids=["loose", "packed"])
def test_files_are_found_wherever_they_lie(hub: Hub, prepare: Callable[[Hub], Hub]) -> None:
    """In files of their own or in a pack, and absent ones are absent."""
    hub = prepare(hub)
    tip = hub.tip()
    asked = ("a", "sub/deep/c", "sub", "none", "a/none", "sub/none", "")
    found = [hub.file(tip, path) for path in asked]
    assert found == [b"one\n", b"three\n", None, None, None, None, None]
    assert hub.tree(tip) == hub.git.run("rev-parse", f"{tip}^{{tree}}")
    assert (hub.kind(tip), hub.kind("1" * 40)) == ("commit", None)


FILES = st.dictionaries(
    st.lists(st.sampled_from(["a", "a.b", "a0", "B", "é"]), min_size=1, max_size=3).map("/".join),
    st.tuples(st.sampled_from(["1\n", "22\n"]), st.sampled_from(["100644", "100755", "120000"])),
    max_size=6,
)


def _tree(hub: Hub, files: dict[str, tuple[str, str]]) -> str:
    """A tree of those files; where one is in another's way, the first in order stays."""
    rows: dict[str, str] = {}
    for path, (text, mode) in sorted(files.items()):
        if not any(path.startswith(f"{other}/") for other in rows):
            rows[path] = f"{mode} {hub.store.write('blob', text.encode())}\t{path}\0"
    index = {"GIT_INDEX_FILE": str(hub.path / "scratch-index")}
    hub.git.run("read-tree", "--empty", env=index)
    hub.git.run("update-index", "-z", "--index-info", input="".join(rows.values()), env=index)
    return hub.git.run("write-tree", env=index)


def _changes(hub: Hub, tip: str, tree: str) -> tuple[FileChange, ...]:
    return content.described(hub, content.differing(hub, tip, tree))


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(old=FILES, new=FILES)
def test_differences_are_those_that_git_finds(
    hub: Hub, old: dict[str, tuple[str, str]], new: dict[str, tuple[str, str]]
) -> None:
    """The same paths in the same order with the same modes, sizes and links."""
    tip = hub.commit(_tree(hub, old), message="x\n")
    tree = _tree(hub, new)
    rows = content._asked(hub, tip, tree)
    found = _changes(hub, tip, tree)
    assert [one.path for one in found] == [row.path for row in rows]
    assert [(one.old_mode, one.new_mode) for one in found] == [
        tuple(side.mode if side else "000000" for side in (row.old, row.new)) for row in rows
    ]
    for one in found:
        text = (
            hub.git.run("cat-file", "blob", f"{tree}:{one.path}") if one.new_mode[0] == "1" else ""
        )
        assert one.size == (len(text) + 1 if text else 0)
        assert (one.link is not None) == (one.new_mode == "120000")


def test_differences_in_packs_are_found_too(hub: Hub) -> None:
    """With everything in a pack, git is asked, and the answer is the same."""
    tip, tree = hub.tip(), _tree(hub, {"a": ("1\n", "120000"), "sub/b": ("22\n", "100755")})
    hub.git.run("update-ref", "refs/kept", hub.commit(tree, message="x\n"))
    before = _changes(hub, tip, tree)
    assert len(before) == 3
    assert _changes(packed(hub), tip, tree) == before


def test_a_ref_is_set_as_git_sets_it(hub: Hub) -> None:
    """New, changed and packed ones; git sees the value, and no lock is left."""
    one, two = hub.store.write("blob", b"1"), hub.store.write("blob", b"2")
    assert hub.point("refs/x/y", one, None)
    assert hub.point("refs/x/y", two, one)
    hub.git.run("pack-refs", "--all", "--prune")
    assert hub.ref("refs/x/y") == two
    assert hub.point("refs/x/y", one, two)
    assert hub.git.run("rev-parse", "refs/x/y") == one
    assert not list(hub.path.rglob("*.lock"))


def test_a_ref_that_is_not_as_expected_stays(hub: Hub) -> None:
    """Another value, a lock, or a ref in the way: nothing changes, and a foreign lock stays."""
    one, two = hub.store.write("blob", b"1"), hub.store.write("blob", b"2")
    assert hub.point("refs/x/y", one, None)
    assert not hub.point("refs/x/y", two, None)
    assert not hub.point("refs/x/y", two, two)
    assert not hub.point("refs/x/y/z", two, None)
    assert not hub.point("refs/x", two, None)
    lock = hub.path / "refs/x/y.lock"
    lock.touch()
    assert not hub.point("refs/x/y", two, one)
    assert lock.exists()
    assert hub.ref("refs/x/y") == one


def test_of_many_who_move_a_ref_one_does(hub: Hub) -> None:
    """Set by threads at once, each from the same old value, it moves once."""
    values = [hub.store.write("blob", str(number).encode()) for number in range(32)]
    with ThreadPoolExecutor(8) as pool:
        moved = list(pool.map(lambda new: hub.point("refs/x", new, None), values))
    assert [new for new, done in zip(values, moved, strict=True) if done] == [hub.ref("refs/x")]


def test_a_persons_branch_is_read_wherever_it_is(tmp_path: Path) -> None:
    """Loose, packed, unborn, in a linked worktree, or a name for another branch."""
    directory = tmp_path / "p"
    directory.mkdir()
    git(directory, "init", "--quiet", "-b", "main")
    project, name = Project(directory), refs.target("main")
    assert project.commit(name) is None
    first = hubs.commit(directory, {"a": "1\n"})
    assert project.commit(name) == first
    git(directory, "worktree", "add", "--quiet", str(tmp_path / "w"), "-b", "side")
    second = hubs.commit(tmp_path / "w", {"a": "2\n"})
    assert Project(tmp_path / "w").commit(refs.target("side")) == second
    git(directory, "pack-refs", "--all")
    assert project.commit(name) == first
    assert project.commit(refs.target("none")) is None
    git(directory, "symbolic-ref", refs.target("alias"), refs.target("side"))
    assert project.commit(refs.target("alias")) == second
