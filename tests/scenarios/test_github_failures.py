"""What a person sees when something is wrong with GitHub: one clear sentence and the way out.

The entry script and the `issue` command, as processes, on the clone of a repository at the double.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from framework import box
from framework.domain.errors import TrackerUnavailable
from framework.forge.github import GitHub
from framework.rehearsal.github import schema
from framework.rehearsal.github.records import Protection, Repo, Token
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from framework.trackers.github.words import CATALOGUE
from tests.theatre import ROOT

SECRET = "ghp_" + "s3cret" * 6
RUN = (str(ROOT / "parallel_agent.py"), "--project-dir", ".", "--tracker", "github", "--plan-only")
ISSUE = ("-c", "from framework.cli.issue import main; raise SystemExit(main())")
SENTENCE = 420
"""Characters that still are one sentence and a way out."""


@dataclass(kw_only=True)
class Shop:
    """A person's project, whose origin is the repository ada/shop at the double."""

    root: Path
    double: Double
    repo: Repo
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def store(self) -> Store:
        return self.double.store

    @property
    def token(self) -> Token:
        return self.store.tokens[SECRET]

    def configure(self, **fields: str) -> None:
        backend = {"type": "github", "url": self.double.url, "owner": "ada", "repo": "shop"}
        backend |= {"token_source": "env:GITHUB_TOKEN", "board": "off"} | fields
        (self.project / ".nightshift").mkdir(exist_ok=True)
        values = {"tracker": "github", "backends": {"github": backend}}
        (self.project / ".nightshift" / "config.json").write_text(json.dumps(values))

    def told(self, *words: str) -> tuple[int, str]:
        """The exit status and all that was printed; never the token, never a traceback."""
        ran = subprocess.run(
            (sys.executable, *words),
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = ran.stdout + ran.stderr
        assert SECRET not in said
        assert "Traceback" not in said
        return ran.returncode, said

    def issue(self, *words: str) -> tuple[int, str]:
        return self.told(*ISSUE, *words)


def git(place: Path, *words: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(("git", "-C", str(place), *who, *words), check=True, capture_output=True)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    project, bare = tmp_path / "project", tmp_path / "shop.git"
    project.mkdir()
    (project / "app_spec.txt").write_text("Build it.\n")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "--all")
    git(project, "commit", "-qm", "The specification")
    git(project, "remote", "add", "origin", str(bare))
    git(project, "push", "-qu", "origin", "main")
    store = Store()
    store.add_token(SECRET, "ada")
    repo = store.add_repo("ada", "shop", path=bare)
    for label, colour in CATALOGUE.items():  # else each write of one takes a second
        store.add_label(repo, label, colour)
    with serve(store, schema_at=schema.place(os.environ)) as double:
        found = Shop(root=tmp_path, double=double, repo=repo)
        found.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "PYTHONPATH": str(ROOT),
            "CLAUDE_CODE_OAUTH_TOKEN": "scripted",
            "GITHUB_TOKEN": SECRET,
        }
        found.configure()
        yield found


def token(**fields: Any) -> Callable[[Shop], None]:
    return lambda shop: [setattr(shop.token, *one) for one in fields.items()] and None


def repository(**fields: Any) -> Callable[[Shop], None]:
    return lambda shop: [setattr(shop.repo, *one) for one in fields.items()] and None


def configured(**fields: str) -> Callable[[Shop], None]:
    return lambda shop: shop.configure(**fields)


def given(value: str) -> Callable[[Shop], None]:
    return lambda shop: shop.environment.update(GITHUB_TOKEN=value)


def all_of(*several: Callable[[Shop], None]) -> Callable[[Shop], None]:
    return lambda shop: [one(shop) for one in several] and None


def below(shop: Shop) -> None:
    shop.configure(url=f"{shop.double.url}/ada/shop")


def stranger(shop: Shop) -> None:
    shop.store.add_user("eve")
    shop.token.login = "eve"


FINE = token(scopes=None, permissions={"metadata": "read", "issues": "read", "contents": "read"})
ELSEWHERE = token(scopes=None, repositories=frozenset({"ada/other"}))
WRONG: dict[str, tuple[Callable[[Shop], None], int, str, str]] = {
    "expired": (token(state="expired"), 2, "does not accept the token", "settings/tokens"),
    "revoked": (token(state="revoked"), 2, "does not accept the token", "GITHUB_TOKEN"),
    "empty": (given(""), 2, "GITHUB_TOKEN is not set", "Export it"),
    "two lines": (given(f"{SECRET[:9]}\n{SECRET[9:]}"), 2, "is no token", "one line"),
    "no scope": (token(scopes=frozenset()), 2, "has not the scope public_repo", "gh auth refresh"),
    "private, public scope": (
        all_of(repository(private=True), token(scopes=frozenset({"public_repo"}))),
        2,
        "does not find the repository ada/shop",
        "needs the scope repo",
    ),
    "fine-grained, read only": (FINE, 2, "issues=write", "settings/personal-access-tokens"),
    "fine-grained, another repository": (
        all_of(repository(private=True), ELSEWHERE),
        2,
        "does not find the repository ada/shop",
        "Check the name",
    ),
    "another account": (stranger, 2, "eve may not write to ada/shop", "Write role"),
    "another account, private": (
        all_of(stranger, repository(private=True)),
        2,
        "the token of eve may not see it",
        "Check the name",
    ),
    "single sign-on": (
        token(sso="https://github.com/orgs/acme/sso?authorization_request=A1"),
        2,
        "single sign-on",
        "Open https://github.com/orgs/acme/sso?authorization_request=A1",
    ),
    "archived": (repository(archived=True), 2, "ada/shop is archived", "Unarchive it"),
    "no issues": (repository(has_issues=False), 2, "are switched off", "under Features"),
    "typo in repo": (configured(repo="shpo"), 2, "the repository ada/shpo", "Check the name"),
    "typo in owner": (configured(owner="adda"), 2, "the repository adda/shop", "Check the name"),
    "address of the repository": (below, 2, "more than the address", "the server alone"),
    "in the clear": (configured(url="http://git.example"), 2, "no address", "https://"),
    "no network": (configured(url="http://127.0.0.1:9"), 1, "did not answer", "Check the network"),
    "no such host": (configured(url="https://nightshift.invalid"), 1, "", "Check the network"),
}


@pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")
@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_run_says_at_once_what_is_wrong_and_the_way_out(shop: Shop, case: str) -> None:
    """Before anything is made or paid for, in one sentence and one way out."""
    arrange, code, what, way = WRONG[case]
    arrange(shop)
    ended, said = shop.told(*RUN)
    assert ended == code, said
    assert what in said
    assert way in said
    assert len(said) < SENTENCE
    assert not shop.repo.issues
    assert not (shop.project / "plan.yaml").exists()


@pytest.mark.parametrize("case", ["expired", "no issues", "typo in repo", "no network"])
def test_a_command_says_the_same(shop: Shop, case: str) -> None:
    """With the status of a tracker that refused, and for programs as JSON."""
    arrange, _, _, way = WRONG[case]
    arrange(shop)
    code, said = shop.issue("create", "One")
    assert code == 4
    assert way in said
    code, said = shop.issue("list", "--json")
    assert code == 4
    error = json.loads(said)
    assert way in error["next"]
    assert error["what"]


def test_nobody_waits_for_a_network_that_is_not_there() -> None:
    """The first request of a process is not tried again where nobody answers at all; once there
    was an answer, a read waits for the network to come back."""
    waits: list[float] = []
    store = Store()
    store.add_token(SECRET, "ada")
    with serve(store) as double:
        api = GitHub(url=double.url, token=SECRET, sleep=waits.append)
        assert api.login == "ada"
    with pytest.raises(TrackerUnavailable):
        api.get("user/repos")
    assert waits
    api.close()
    waits.clear()
    api = GitHub(url=double.url, token=SECRET, sleep=waits.append)
    with pytest.raises(TrackerUnavailable, match="Check the network"):
        api.get("user")
    assert not waits
    api.close()


PLANNED = """\
id: 24f94d5a
summary: One file.
issues:
- key: a
  title: Write a
  description: The file a.txt.
  category: functional
  priority: medium
  depends_on: []
  criteria: [It is there]
  checks: [test -f a.txt]
  paths: [a.txt]
"""


@pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")
def test_what_does_not_stop_the_work_is_said_once(shop: Shop) -> None:
    """A repository of another name and owner, and a protected branch: the run goes on."""
    (shop.project / "plan.yaml").write_text(PLANNED)
    shop.store.add_user("acme", "Organization")
    shop.repo.owner, shop.repo.name, shop.repo.former = "acme", "store", {"ada/shop"}
    shop.repo.permissions["ada"] = "write"
    shop.repo.protection["main"] = Protection(approvals=1)
    code, said = shop.told(*RUN)
    assert "is called acme/store now; its old name still works" in said
    assert "main is protected on GitHub" in said
    assert "--land pr" in said
    assert code == 0
    code, said = shop.issue("create", "One")
    assert (code, said) == (0, "#1\n")


def test_an_archived_repository_can_still_be_read(shop: Shop) -> None:
    """Only what would change something is refused."""
    shop.issue("create", "One")
    shop.repo.archived = True
    code, said = shop.issue("list")
    assert code == 0
    assert "One" in said
    code, said = shop.issue("comment", "1", "hello")
    assert code == 4
    assert "Unarchive it" in said
