"""The table of rules: each is enforced where it says, and the gates look into files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.agents import guard
from framework.domain.constitution import RULES, judge
from framework.domain.filechange import FileChange
from framework.domain.hollow import is_hollow
from framework.domain.hollow_make import hollow_targets
from framework.domain.placement import LARGEST

PROMPTS = Path(__file__).parents[2] / "prompts"
PAGE = PROMPTS.parent / "docs" / "proof.md"
WHO = ("prompt", "guard", "gate", "check", "box", "hub")
FILE, NONE = "100644", "000000"
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
TEST = "import unittest\n\n\nclass A(unittest.TestCase):\n    def test_a(self):\n        pass\n"
OURS = ("ours.py",)


def changed(path: str, before: str = "x", after: str = "y", **more: object) -> FileChange:
    fields = {"old_mode": FILE, "new_mode": FILE, "before": before, "after": after, **more}
    return FileChange(path=path, **fields)


def added(path: str, after: str = "", **more: object) -> FileChange:
    return changed(path, "", after, old_mode=NONE, **more)


def reasons(change: FileChange, *expected: str, claimed: tuple[str, ...] = ()) -> tuple[str, ...]:
    return judge([change], expected=expected, claimed=frozenset(claimed))


BROKEN = {
    "protected paths": (changed(".github/workflows/ci.yml"), OURS),
    "files that tools obey": (added("app/.vscode/tasks.json"), OURS),
    "safe names": (added("a\\b"), OURS),
    "no submodules": (added("lib", new_mode="160000"), OURS),
    "links stay inside": (added("a", new_mode="120000", link="/etc/passwd"), OURS),
    "size limit": (added("a", size=LARGEST + 1), OURS),
    "more than a lock file": (changed("uv.lock"), OURS),
    "deciding files": (changed("Makefile"), OURS),
    "deciding settings": (changed("pyproject.toml", "", "[tool.pytest]\na = 1\n"), OURS),
    "tests that can fail": (added("Makefile", "test:\n\ttrue\n"), ("Makefile",)),
    "tests of others": (changed("tests/test_a.py", TEST, TEST + "#"), OURS),
    "tests in common": (changed("tests/test_a.py", TEST, ""), ("tests/",)),
    "no secrets": (added("a.py", f"T = '{TOKEN}'"), OURS),
    "no files for secrets": (added(".env"), OURS),
    "nothing invisible": (added("a.py", "x = 1  # \u202e"), OURS),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_is_enforced_where_it_says(rule) -> None:
    """Its gate refuses what breaks it and nothing of the rest, with something to do; its words
    stand in the prompt; the guard refuses its command; and at least one of all does it."""
    assert rule.gate or rule.check or rule.box or rule.hub
    if rule.gate:
        change, expected = BROKEN[rule.name]
        (reason,) = judge([change], expected=expected, claimed=frozenset({"tests/test_a.py"}))
        assert ": " in reason
    if rule.guard:
        here = guard.GuardRules(root="/clone", issue="1", branch="agent/1-e1")
        assert guard.judge("Bash", {"command": rule.guard}, here)
    if rule.prompt:
        assert rule.prompt in (PROMPTS / "coding.md").read_text()


def test_every_gate_has_its_example_and_every_rule_a_name_of_its_own() -> None:
    assert {rule.name for rule in RULES if rule.gate} == BROKEN.keys()
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_page_tells_every_rule_and_who_enforces_it() -> None:
    """docs/proof.md has one row for each, in the order of the table."""
    rows = [
        f"| {rule.name} | {rule.says} | {', '.join(who)} |"
        for rule in RULES
        if (who := [one for one in WHO if getattr(rule, one)])
    ]
    assert "\n".join(rows) in PAGE.read_text()


HOLLOW = ["true", ":", "exit 0", "", "echo ok", "echo a && true", "pytest || true", "pytest; true"]
REAL = [
    *("pytest", "echo a && pytest", "test -f a", "false", "exit 1", "npm run unit", "a || b"),
    *("echo $(pytest)", "echo a | grep a", "truest", "make -C sub test", "python3 -m unittest"),
    'echo "Error: no test specified" && exit 1',
]


@pytest.mark.parametrize(("commands", "hollow"), [(HOLLOW, True), (REAL, False)])
def test_commands_that_cannot_fail_are_known(commands: list[str], hollow: bool) -> None:
    """Honest commands are never taken for hollow ones."""
    assert [one for one in commands if is_hollow(one) is not hollow] == []


@pytest.mark.parametrize(
    ("makefile", "hollow"),
    [
        *(("test:\n\ttrue\n", True), ("test:\n\t@true\n", True), ("test:\n\t-pytest\n", True)),
        *(("test: ; true\n", True), ("test:\n", True), ("test: a\na:\n\techo hi\n", True)),
        *(("all test:\n\t:\n", True), ("test: test\n\ttrue\n", True)),
        *(("test:\n\tpytest\n", False), ("test: a\na:\n\tpytest\n", False)),
        *(
            ("test: ; pytest\n", False),
            ("test: a.out\n\t./a.out\n", False),
            ("a:\n\ttrue\n", False),
        ),
        *(("X := test\n", False), ("test:\n\techo \\\n\t  && pytest\n", False)),
        ("test:\n\techo start\n\tpytest\n\techo end\n", False),
    ],
)
def test_targets_that_cannot_fail_are_known(makefile: str, hollow: bool) -> None:
    """Also behind other targets; a target whose commands are real is none."""
    assert bool(hollow_targets(makefile)) is hollow


def test_who_may_write_the_tests_may_not_hollow_them() -> None:
    """Even an issue that names the file; what the target had before is not its fault."""
    true = "test:\n\ttrue\n"
    assert "make it run the tests" in reasons(changed("Makefile", "", true), "Makefile")[0]
    assert reasons(changed("Makefile", true, true + "# x\n"), "Makefile") == ()
    assert reasons(added("Makefile", "test:\n\tpytest\n"), "Makefile") == ()
    hollow = json.dumps({"scripts": {"test": "exit 0"}})
    assert "the script `test`" in reasons(added("package.json", hollow), "package.json")[0]


def package(**fields: object) -> str:
    return json.dumps({"name": "a", **fields})


DECIDING = {
    "package.json": [
        package(scripts={"test": "jest"}),
        package(scripts={"test": "jest", "pretest": "rm -r tests"}),
        package(scripts={"test": "jest", "posttest": "a"}),
        package(scripts={"test": "jest --passWithNoTests"}),
        package(scripts={"test": "jest"}, jest={"testMatch": []}),
        package(scripts={"test": "jest"}, vitest={"include": []}),
        "{",
    ],
    "pyproject.toml": [
        "[tool.pytest.ini_options]\naddopts = '-q'\n",
        "[tool.pytest.ini_options]\naddopts = '--ignore=tests'\n",
        "[tool.pytest.ini_options]\naddopts = '-q'\n[tool.coverage.report]\nfail_under = 1\n",
        "[tool.tox]\nx = 1\n",
        "= 1",
    ],
    "Cargo.toml": ["[lib]\ntest = true\n", "[lib]\ntest = false\n"],
}
PAIRS = [(path, texts[0], after) for path, texts in DECIDING.items() for after in texts[1:]]


@pytest.mark.parametrize(("path", "before", "after"), PAIRS)
def test_settings_of_tests_are_for_issues_that_name_the_file(
    path: str, before: str, after: str
) -> None:
    """Changed or taken away, whether or not the issue names other paths."""
    for texts in ((before, after), (after, before)):
        assert "revert that part" in reasons(changed(path, *texts))[0]
        assert "revert that part" in reasons(changed(path, *texts), *OURS)[0]
        assert reasons(changed(path, *texts), path) == ()


def test_the_rest_of_such_files_is_free() -> None:
    """Dependencies and names change all the time; the first settings may be made by whoever is
    not told which files to touch."""
    scripts = {"test": "jest", "build": "tsc"}
    before, after = package(scripts=scripts), package(scripts=scripts, dependencies={"b": "1"})
    assert reasons(changed("package.json", before, after), *OURS) == ()
    text = "[project]\nname = 'a'\n"
    assert reasons(changed("pyproject.toml", text, text + "version = '2'\n"), *OURS) == ()
    assert reasons(changed("package.json", package(), before)) == ()
    assert reasons(changed("package.json", package(), before), *OURS)
    assert reasons(changed("sub/package.json", before, package()), *OURS) == ()


JS = "it('a', () => {})\nit('b', () => {})\n"
GO = "func TestA(t *testing.T) {\n}\n"
WEAKER = [
    ("tests/test_a.py", TEST, "", "holds no test"),
    ("tests/test_a.py", TEST, "import unittest\n", "holds no test"),
    ("tests/test_a.py", TEST, TEST.replace("class", "@unittest.skip('x')\nclass"), "skips"),
    ("tests/test_a.py", TEST, TEST.replace("    def", "    @pytest.mark.skip\n    def"), "skips"),
    ("tests/test_a.py", TEST, TEST.replace("    def", "    @pytest.mark.xfail\n    def"), "skips"),
    ("tests/test_a.py", TEST, TEST.replace("pass", "pytest.skip('x')"), "skips"),
    ("tests/test_a.py", TEST, TEST.replace("pass", "self.skipTest('x')"), "skips"),
    ("tests/test_a.py", TEST, TEST + "__test__ = False\n", "skips"),
    ("a.test.js", JS, JS.replace("it('a'", "it.skip('a'"), "skips"),
    ("a.test.js", JS, JS.replace("it('a'", "xit('a'"), "skips"),
    ("a.test.ts", JS, f"describe.skip('x', () => {{ {JS} }})", "skips"),
    ("a_test.go", GO, GO.replace("{\n", "{\n\tt.Skip()\n"), "skips"),
]


@pytest.mark.parametrize(("path", "before", "after", "how"), WEAKER)
def test_a_test_in_common_is_not_weakened(path: str, before: str, after: str, how: str) -> None:
    """Neither by who names its directory nor by who names it too; who owns it alone may."""
    directory = path.rpartition("/")[0] or "*"
    for named in (path, directory):
        (reason,) = reasons(changed(path, before, after), named, claimed=(path,))
        assert how in reason
        assert "put its tests back" in reason
        assert reasons(changed(path, before, after), named) == ()


def test_only_who_names_a_common_test_takes_tests_out() -> None:
    """A directory names too much for that."""
    path, gone = "a.test.js", changed("a.test.js", JS, "it('a', () => {})\n")
    assert "1 test less" in reasons(gone, "*", claimed=(path,))[0]
    assert reasons(gone, path, claimed=(path,)) == ()
    deleted = changed(path, JS, "", new_mode=NONE)
    assert "is deleted" in reasons(deleted, "*", claimed=(path,))[0]
    assert reasons(deleted, path, claimed=(path,)) == ()


def test_more_tests_and_other_tests_are_welcome_in_common_files() -> None:
    path = "tests/test_a.py"
    assert reasons(changed(path, TEST, TEST + TEST), path, claimed=(path,)) == ()
    skipped = TEST.replace("pass", "self.skipTest('x')")
    assert reasons(changed(path, skipped, skipped + TEST), path, claimed=(path,)) == ()


PARTS = {
    "private key": ("-----BEGIN RSA ", "PRIVATE KEY-----\n", "MIIEpAIBAAKCAQEA" * 3),
    "GitHub": (TOKEN,),
    "GitLab": ("glpat-", "a1B2c3D4e5" * 2),
    "Anthropic": ("sk-ant-", "oat01-a1B2c3D4e5F6g7H8"),
    "OpenAI": ("sk-proj-", "a1B2c3D4e5" * 4),
    "Amazon": ("AKIA", "A1B2C3D4E5F6G7H8"),
    "Google": ("AIza", "a1B2c3D4e5F6g7H" * 2, "xyz42"),
    "Slack": ("xoxb-", "1029384756-a1B2c3D4e5"),
    "Stripe": ("sk_live_", "a1B2c3D4e5" * 2),
    "npm": ("npm_", "a1B2c3D4e5F6" * 3),
    "PyPI": ("pypi-", "a1B2c3D4e5" * 8),
}
SECRETS = {kind: "".join(parts) for kind, parts in PARTS.items()}


@pytest.mark.parametrize("kind", SECRETS)
def test_secrets_are_known_by_their_shape(kind: str) -> None:
    """In any file, also among other text; the reason never repeats the secret."""
    secret = SECRETS[kind]
    (reason,) = reasons(added("a/b.txt", f"x = '{secret}'\n"), "a/b.txt")
    assert kind in reason
    assert secret not in reason
    assert reasons(changed("a/b.txt", secret, f"{secret}\nmore\n"), "a/b.txt") == ()
    assert reasons(changed("a/b.txt", secret, "", new_mode=NONE), "a/b.txt") == ()


@pytest.mark.parametrize(
    "text", ["AKIAIOSFODNN7EXAMPLE", "ghp_" + "x" * 36, "sk-ant-...", "sk-circle-fade-dot", "npm_x"]
)
def test_what_only_looks_like_a_secret_is_free(text: str) -> None:
    """Examples of manuals, placeholders, names."""
    assert reasons(added("a.txt", text), "a.txt") == ()


@pytest.mark.parametrize("path", [".env", "sub/.env.local", "id_rsa", ".netrc", ".pypirc"])
def test_files_for_secrets_stay_out(path: str) -> None:
    """Even if the issue names them; an example of one is free."""
    assert ".env.example" in reasons(added(path), path)[0]
    assert reasons(changed(path), path) == ()
    assert reasons(added(".env.example"), *OURS) == ()


def test_a_lock_file_beside_work_is_work() -> None:
    """Only alone, and unasked, it is none."""
    lock, work = changed("package-lock.json"), changed("ours.py")
    assert judge([lock, work], expected=OURS, claimed=frozenset()) == ()
    assert reasons(lock, "package-lock.json") == ()
    assert "commit the work" in reasons(lock, *OURS)[0]


@given(st.text(), st.text(), st.sampled_from([*DECIDING, "Makefile", "tests/test_a.py", "a"]))
def test_any_text_gets_an_answer(before: str, after: str, path: str) -> None:
    """Whatever stands in a file, the rules do not fail."""
    for expected in ((), OURS, (path,), ("tests/",)):
        found = reasons(changed(path, before, after), *expected, claimed=("tests/test_a.py",))
        assert all(isinstance(reason, str) for reason in found)


LONG = ["\n", " ", "a ", "a:\n", "\t", "; ", "test ", "it ", "skip", "def ", "-----BEGIN A ", "sk-"]
LONG += ["sk-ant-", "xoxb-", "exit 0;", "def load_tests()"]


@pytest.mark.parametrize("path", ["Makefile", "package.json", "pyproject.toml", "tests/test_a.py"])
@pytest.mark.parametrize("piece", LONG, ids=repr)
def test_no_text_keeps_the_rules_busy(path: str, piece: str) -> None:
    """A quarter of a megabyte of what an agent repeats is read in one go; it would take hours
    otherwise."""
    text = "a" + piece * (250_000 // len(piece)) + "b"
    assert isinstance(reasons(changed(path, "", text), path, claimed=(path,)), tuple)


def test_no_depth_is_too_deep() -> None:
    """Targets that need each other in a long line, and objects inside objects."""
    line = "".join(f"t{number}: t{number + 1}\n" for number in range(20_000))
    assert reasons(added("Makefile", f"test: t0\n{line}t20000:\n\ttrue\n"), "Makefile")
    deep = '{"jest": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert reasons(changed("package.json", package(), deep), *OURS)
    assert reasons(changed("pyproject.toml", "", "tool.pytest.a = " + "[" * 100_000), *OURS)
