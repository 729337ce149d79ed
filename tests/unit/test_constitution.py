"""The built-in content rules, one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.constitution import judge
from framework.domain.filechange import FileChange
from framework.domain.placement import LARGEST

NONE = "000000"
FILE = "100644"


def added(path: str, **changes: object) -> FileChange:
    return FileChange(**{"path": path, "old_mode": NONE, "new_mode": FILE, **changes})


def changed(path: str) -> FileChange:
    return FileChange(path=path, old_mode=FILE, new_mode=FILE)


def deleted(path: str) -> FileChange:
    return FileChange(path=path, old_mode=FILE, new_mode=NONE)


def reasons(change: FileChange, *expected: str, claimed: tuple[str, ...] = ()) -> tuple[str, ...]:
    return judge([change], expected=expected, claimed=frozenset(claimed))


@pytest.mark.parametrize(
    "path",
    [
        *(".github/workflows/ci.yml", ".gitea/workflows/x", ".gitlab-ci.yml", ".husky/pre-commit"),
        *(".claude/settings.json", "sub/.claude/commands/x.md", "CLAUDE.md", "sub/claude.md"),
        *(".mcp.json", ".nightshift/config.json", ".gitmodules", ".gitattributes"),
        *("src/.gitattributes", "WORKFLOW.md", "constitution.yaml", "app_spec.txt", "plan.yaml"),
        ".GitHub/Workflows/ci.yml",
    ],
)
def test_protected_paths_stay_as_they_are(path: str) -> None:
    """Adding, changing and deleting are refused, even if the issue names the path."""
    for change in (added(path), changed(path), deleted(path)):
        (reason,) = reasons(change, path)
        assert "protected" in reason
        assert "ask a person" in reason


@pytest.mark.parametrize(
    "path",
    ["src/app.py", ".github/README.md", "docs/workflow.md", "claude.py", ".gitignore", "a b/ü.txt"],
)
def test_ordinary_paths_are_free(path: str) -> None:
    """Names that only look like protected ones are not."""
    assert reasons(added(path)) == reasons(changed(path)) == reasons(deleted(path)) == ()


@pytest.mark.parametrize(
    "path",
    [
        *("a/../b", "./a", "a//b", ".git/config", "sub/.GIT/hooks/x", "git~1", "GIT~2/config"),
        *(".git ", ".git.", ".git::$INDEX_ALLOCATION", "a\\b", "line\nbreak", "a\x7fb", "\udcff"),
        ".g\u200cit/config",
    ],
)
def test_unsafe_names_are_refused(path: str) -> None:
    """Names that mean something else, or nothing, on another file system; shown harmlessly."""
    (reason,) = reasons(added(path))
    assert "choose another" in reason
    assert reason.isprintable()
    assert reason.isascii()


def test_submodules_are_refused() -> None:
    """A commit of another repository is no content."""
    (reason,) = reasons(added("lib", new_mode="160000"))
    assert "commit its files instead" in reason


@pytest.mark.parametrize(
    ("path", "link", "leaves"),
    [
        *(("a", "b", False), ("d/a", "../b", False), ("d/a", "e/../../b", False)),
        *(("a", "../b", True), ("d/a", "../../b", True), ("a", "/etc/passwd", True)),
        *(("a", "C:\\x", True), ("d/a", "..\\..\\b", True), ("a", "b\0", True), ("a", None, True)),
    ],
)
def test_links_stay_inside(path: str, link: str | None, leaves: bool) -> None:
    """A link may point to anything in the project, and to nothing else."""
    assert bool(reasons(added(path, new_mode="120000", link=link))) is leaves


def test_large_files_are_refused() -> None:
    """Five megabytes are the most; deleting a large file is fine."""
    assert reasons(added("x", size=LARGEST)) == ()
    (reason,) = reasons(added("x", size=LARGEST + 1))
    assert "5.0 MB" in reason
    assert reasons(deleted("x")) == ()


TESTS = [
    "tests/helper.txt",
    "test_a.py",
    "src/a_test.go",
    "a.test.ts",
    "a.spec.js",
    "x/__tests__/a",
]


@pytest.mark.parametrize(
    "path",
    ["Makefile", "sub/makefile", "pytest.ini", "setup.cfg", "conftest.py", "jest.config.js"],
)
def test_what_decides_the_checks_is_for_issues_that_name_it(path: str) -> None:
    """Changed it is refused, made it is refused to an issue that names other paths."""
    for change in (changed(path), deleted(path)):
        assert any("decides what the checks do" in reason for reason in reasons(change))
        assert any("decides" in reason for reason in reasons(change, "src/"))
        assert reasons(change, path) == ()
    assert reasons(added(path), "src/")
    assert reasons(added(path)) == ()


@pytest.mark.parametrize("path", ["unittest/__main__.py", "pytest.py", "sitecustomize.py"])
def test_what_a_check_imports_is_not_replaced(path: str) -> None:
    assert reasons(added(path))
    assert reasons(added(f"src/{path}")) == ()


@pytest.mark.parametrize("path", TESTS)
def test_new_tests_are_welcome(path: str) -> None:
    """Adding a test needs no permission."""
    assert reasons(added(path), "src/a.py", claimed=(path,)) == ()


@pytest.mark.parametrize("path", TESTS)
def test_tests_of_others_are_left_alone(path: str) -> None:
    """A test is changed by whoever names it, or by anybody when nobody says anything."""
    assert reasons(changed(path)) == ()
    assert reasons(changed(path), path, claimed=(path,)) == ()
    for refused in (
        reasons(changed(path), "src/a.py"),
        reasons(changed(path), claimed=(path,)),
        reasons(deleted(path)),
        reasons(deleted(path), "src/a.py"),
    ):
        assert len(refused) == 1
        assert "put it back" in refused[0]
    assert reasons(deleted(path), path) == ()


@pytest.mark.parametrize(
    "named", ["tests/a/test_x.py", "tests", "tests/", "tests/a/", "tests/*.py"]
)
def test_issues_name_files_directories_and_patterns(named: str) -> None:
    """Any of them makes the test the issue's own."""
    assert reasons(changed("tests/a/test_x.py"), named) == ()


def test_a_siblings_directory_claims_no_test() -> None:
    """Only a sibling that names the file itself, or a pattern, keeps others from it."""
    assert reasons(changed("tests/test_x.py"), claimed=("tests/",)) == ()
    assert len(reasons(changed("tests/test_x.py"), claimed=("tests/test_*",))) == 1


@given(st.text(min_size=1), st.sampled_from([NONE, FILE, "120000", "160000"]), st.text())
def test_any_change_gets_an_answer_that_can_be_shown(path: str, mode: str, link: str) -> None:
    """No path makes the rules fail or puts unprintable text into a reason."""
    change = FileChange(path=path, old_mode=FILE, new_mode=mode, size=1, link=link)
    assert all(reason.isprintable() for reason in reasons(change, "x", claimed=("y",)))
