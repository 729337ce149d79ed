"""A project with a remote: what lands is pushed, and whatever keeps it from there is told apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from framework.domain.errors import TargetMissing
from framework.domain.merge import Clash, Held, Landing, Merged, Superseded
from framework.workspaces import refs
from tests.integration.hubs import NOBODY, House, commit, git, make_issue
from tests.integration.remotes import ENVIRONMENT, Remote, connected, daemon, push, web

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[House, Remote]:
    return connected(tmp_path)


def at(house: House, ref: str = "main") -> str:
    return git(house.project, "rev-parse", ref)


def held(landing: Landing | None, *words: str, waits: bool) -> Held:
    assert isinstance(landing, Held), landing
    assert (landing.wait is not None) == waits, landing
    for word in words:
        assert word in landing.why
    return landing


async def test_a_landing_is_pushed(pair: tuple[House, Remote]) -> None:
    """Remote, hub and the person's branch end at the same commit; no tag and no other ref goes
    along, and the person's git knows what the remote has."""
    house, remote = pair
    git(house.project, "tag", "-m", "mine", "v1")
    git(house.project, "config", "push.followTags", "true")
    landing = await house.land("1", {"c": "1\n"})
    assert isinstance(landing, Merged)
    assert await house.lander.deliver() is None
    assert {remote.tip, house.hub.tip(), at(house)} == {landing.proof.commit}
    assert remote("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert at(house, "origin/main") == remote.tip
    assert await house.lander.refresh() == ()
    assert await house.lander.held() is None


async def test_commits_of_others_come_in_first(pair: tuple[House, Remote]) -> None:
    """A colleague's push is in the tip before the next session begins, and in the landing."""
    house, remote = pair
    theirs = push(remote.clone(), {"theirs": "1\n"})
    assert await house.lander.refresh() == ()
    assert await house.lander.tip() == theirs
    landing = await house.land("1", {"c": "1\n"})
    assert isinstance(landing, Merged)
    assert landing.proof.base == theirs


async def test_a_push_between_test_and_landing_is_tested_too(pair: tuple[House, Remote]) -> None:
    """A colleague pushes while the checks run: they run again on the merge with that, and both
    are there."""
    house, remote = pair
    clone, script, runs = remote.clone(), house.root / "check.sh", house.root / "runs"
    commit(clone, {"theirs": "1\n"})
    script.write_text(
        f"ls | tr '\\n' ' ' >> {runs}\necho >> {runs}\ngit -C {clone} push -q origin main\n"
    )
    landing = await house.land("1", {"c": "1\n"}, checks=(f"sh {script}",))
    assert isinstance(landing, Merged)
    assert runs.read_text().split("\n") == ["a c ", "a c theirs ", ""]
    assert remote.tip == house.hub.tip() == landing.proof.commit
    assert landing.proof.base == git(clone, "rev-parse", "main")


async def test_a_conflict_with_a_colleague_goes_to_the_author(pair: tuple[House, Remote]) -> None:
    """What the remote has meanwhile conflicts with the work: a clash like any other."""
    house, remote = pair
    issue = make_issue("1")
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"a": "agent's\n"})
        theirs = push(remote.clone(), {"a": "theirs\n"})
        landing = await house.lander.land(workspace, issue, NOBODY)
    assert isinstance(landing, Clash)
    assert (landing.paths, remote.tip) == (("a",), theirs)


async def test_a_remote_that_never_stands_still_is_given_up_for_now(
    pair: tuple[House, Remote],
) -> None:
    """After five tries the turn on the target is given back, and the landing waits."""
    house, remote = pair
    clone, script, runs = remote.clone(), house.root / "check.sh", house.root / "runs"
    move = f"git -C {clone} -c user.name=C -c user.email=c@d commit -q --allow-empty -m more"
    script.write_text(f"echo >> {runs}\n{move} && git -C {clone} push -q origin main\n")
    landing = await house.land("1", {"c": "1\n"}, checks=(f"sh {script}",))
    held(landing, "moved 5 times", waits=True)
    assert runs.read_text() == "\n" * 5
    assert not remote.landings()


async def test_a_refusal_is_for_a_person(pair: tuple[House, Remote]) -> None:
    """A hook of the remote's says no: nothing counts as landed, its words are passed on, and
    when it says yes the same workspace lands."""
    house, remote = pair
    before, issue = remote.tip, make_issue("1")
    remote.hook("pre-receive", "echo 'GH006: Protected branch update failed' >&2\nexit 1")
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"c": "1\n"})
        landing = await house.lander.land(workspace, issue, NOBODY)
        held(landing, "refuses", "pre-receive hook declined", "GH006: Protected", waits=False)
        assert await house.lander.landed(issue) is None
        assert remote.tip == house.hub.tip() == before
        assert not list(house.hub.path.rglob("*.lock"))
        (remote.path / "hooks" / "pre-receive").unlink()
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Merged)
    assert remote.tip == house.hub.tip() != before


async def test_nothing_is_ever_forced(pair: tuple[House, Remote]) -> None:
    """A remote that takes only fast-forwards takes our landings."""
    house, remote = pair
    remote("config", "receive.denyNonFastForwards", "true")
    push(remote.clone(), {"theirs": "1\n"})
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert remote.tip == house.hub.tip()


async def test_a_remote_that_is_checked_out_refuses(tmp_path: Path) -> None:
    """Git's own refusal, with its reason."""
    house, remote = connected(tmp_path)
    remote("config", "core.bare", "false")
    landing = await house.land("1", {"c": "1\n"})
    held(landing, "branch is currently checked out", waits=False)


async def test_a_remote_that_is_gone_is_for_a_person(pair: tuple[House, Remote]) -> None:
    """Sessions can go on, since looking only warns, once; a landing is held."""
    house, remote = pair
    remote.path.rename(house.root / "elsewhere")
    (said,) = await house.lander.refresh()
    assert "does not appear to be a git repository" in said
    assert await house.lander.refresh() == ()
    issue = make_issue("1")
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"c": "1\n"})
        landing = await house.lander.land(workspace, issue, NOBODY)
        held(landing, "git remote set-url", waits=False)
        (house.root / "elsewhere").rename(remote.path)
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Merged)


async def test_a_remote_that_is_down_is_waited_for(pair: tuple[House, Remote]) -> None:
    """Nobody listens: said once, looked at no more for a while, longer from time to time; then
    the same workspace lands."""
    house, remote = pair
    with daemon(house.root) as address:
        git(house.project, "remote", "set-url", "origin", f"{address}/origin.git")
    (said,) = await house.lander.refresh()
    assert "sessions go on" in said
    assert await house.lander.refresh() == ()
    issue = make_issue("1")
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"c": "1\n"})
        waits = [
            held(await house.lander.land(workspace, issue, NOBODY), waits=True).wait
            for _ in range(2)
        ]
        assert [one.total_seconds() for one in waits if one] == [10, 20]
        with daemon(house.root) as address:
            git(house.project, "remote", "set-url", "origin", f"{address}/origin.git")
            assert isinstance(await house.lander.land(workspace, issue, NOBODY), Merged)
    assert remote.tip == house.hub.tip()


async def test_a_server_that_one_may_only_read_is_for_a_person(pair: tuple[House, Remote]) -> None:
    """It is known before anybody works, from a push of nothing."""
    house, _ = pair
    with daemon(house.root, writable=False) as address:
        git(house.project, "remote", "set-url", "origin", f"{address}/origin.git")
        held(await house.lander.held(), waits=False)
        held(await house.land("1", {"c": "1\n"}), waits=False)


@pytest.mark.parametrize(
    ("status", "words", "waits"),
    [
        (401, "credential helper", False),
        (403, "the right to push", False),
        (404, "git remote set-url", False),
        (429, "sessions go on", True),
        (500, "sessions go on", True),
        (503, "sessions go on", True),
    ],
)
async def test_web_servers_are_told_apart(
    pair: tuple[House, Remote], status: int, words: str, waits: bool
) -> None:
    """No right and no such place are for a person, the rest is waited for; no password that
    stands in the address is repeated."""
    house, _ = pair
    with web(status) as address:
        git(house.project, "remote", "set-url", "origin", address.replace("//", "//me:secret@"))
        found = held(await house.lander.held(), words, waits=waits)
    assert "secret" not in found.why


async def test_a_remote_that_was_rewritten_is_for_a_person(pair: tuple[House, Remote]) -> None:
    """What somebody took out of the remote's history is not brought back behind their back; put
    back by them, all goes on."""
    house, remote = pair
    await house.land("1", {"c": "1\n"})
    removed = remote.tip
    remote("update-ref", "refs/heads/main", f"{removed}^")
    (said,) = await house.lander.refresh()
    assert "was rewritten" in said
    held(await house.land("2", {"d": "1\n"}), "was rewritten", waits=False)
    assert remote.tip != removed
    remote("update-ref", "refs/heads/main", removed)
    assert isinstance(await house.land("2", {"d": "1\n"}), Merged)


async def test_a_branch_that_is_gone_is_for_a_person(pair: tuple[House, Remote]) -> None:
    """It existed, so somebody deleted it: it is not made again by us."""
    house, remote = pair
    await house.land("1", {"c": "1\n"})
    remote("update-ref", "-d", "refs/heads/main")
    held(await house.land("2", {"d": "1\n"}), "is gone", waits=False)


async def test_a_persons_commits_go_along(pair: tuple[House, Remote]) -> None:
    """What they committed and did not push is under the landing, and both are pushed."""
    house, remote = pair
    push(remote.clone(), {"theirs": "1\n"})
    mine = commit(house.project, {"mine": "1\n"})
    assert await house.lander.refresh() == ()
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert house.files(remote.tip) == ["a", "c", "mine", "theirs"]
    assert house.hub.is_in(mine, remote.tip)
    assert await house.lander.deliver() is None
    assert at(house) == remote.tip


async def test_a_person_resolves_their_conflict_with_the_remote(pair: tuple[House, Remote]) -> None:
    """Their own commits conflict with the remote's: said once, and solved as it says."""
    house, remote = pair
    push(remote.clone(), {"a": "theirs\n"})
    commit(house.project, {"a": "mine\n"})
    house.lander = house.open_lander(environment=ENVIRONMENT, push=False)
    assert await house.lander.refresh() == ()
    house.lander = house.open_lander(environment=ENVIRONMENT)
    (said,) = await house.lander.refresh()
    assert "conflict in a" in said
    assert await house.lander.refresh() == ()
    held(await house.land("1", {"c": "1\n"}), "git pull --no-rebase", waits=False)
    git(house.project, "pull", "--quiet", "--no-rebase", "-X", "ours")
    assert await house.lander.refresh() == ()
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert house.text(remote.tip, "a") == "mine"


async def test_a_superseded_attempt_does_not_push(pair: tuple[House, Remote]) -> None:
    """A later epoch is recorded while the checks run: the remote is not touched."""
    house, remote = pair
    before = remote.tip
    later, issue = house.hub.store.write("blob", b"9"), make_issue("1")
    raised = f"git --git-dir {house.hub.path} update-ref {refs.epoch('1')} {later}"
    landing = await house.land("1", {"c": "1\n"}, checks=(raised,))
    assert isinstance(landing, Superseded)
    assert remote.tip == before
    assert await house.lander.landed(issue) is None


async def test_two_landers_of_one_hub(pair: tuple[House, Remote]) -> None:
    """Two runners, each with eight issues: all land once, in one line."""
    house, remote = pair
    alone = anyio.Lock()
    landers = [
        house.open_lander(environment=ENVIRONMENT, serialise=lambda: alone) for _ in range(2)
    ]
    ends: list[Landing] = []

    async def work(number: int) -> None:
        issue = make_issue(str(number))
        async with house.workspaces.open(issue, 1) as workspace:
            commit(workspace.directory, {f"f{number}": "x\n"})
            ends.append(await landers[number % 2].land(workspace, issue, NOBODY))

    async with anyio.create_task_group() as group:
        for number in range(8):
            group.start_soon(work, number)
    assert all(isinstance(one, Merged) for one in ends)
    assert len(remote.landings()) == 8
    assert remote.tip == house.hub.tip()


async def test_two_machines_with_one_remote(tmp_path: Path) -> None:
    """Two hubs that know nothing of each other land at once: each issue is on the remote once,
    also one that both worked at, and no landing is lost."""
    first, remote = connected(tmp_path / "one")
    other = tmp_path / "two"
    other.mkdir()
    git(other, "clone", "--quiet", f"file://{remote.path}", "project")
    second = House(other)
    second.lander = second.open_lander(environment=ENVIRONMENT)
    ends: list[Landing] = []

    async def work(house: House, *numbers: str) -> None:
        for number in numbers:
            ends.append(await house.land(number, {f"f{number}": f"{house.root.name}\n"}))

    async with anyio.create_task_group() as group:
        group.start_soon(work, first, "1", "2", "3", "7")
        group.start_soon(work, second, "4", "5", "6", "7")
    assert sum(isinstance(one, Merged) for one in ends) == 7, ends
    assert len(set(remote.landings())) == len(remote.landings()) == 7
    for house in (first, second):
        await house.lander.refresh()
        assert await house.lander.landed(make_issue("7")) is not None


@pytest.mark.parametrize("point", ["push:before", "push:after", "land:before", "land:after"])
async def test_a_kill_around_the_push_lands_once(tmp_path: Path, point: str) -> None:
    """Killed before or after the push, and begun again: one landing, and remote and hub agree."""
    connected(tmp_path)
    command = [sys.executable, "-m", "tests.integration.remotes", str(tmp_path), point]
    killed = await anyio.to_thread.run_sync(
        lambda: subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    house, remote = connected(tmp_path)
    pushed = bool(remote.landings())
    assert pushed == (point not in ("push:before", "land:before"))
    assert await house.lander.refresh() == ()
    assert (await house.lander.landed(make_issue("1")) is not None) == pushed
    again = await house.land("1", {"c": "1\n"})
    assert isinstance(again, Superseded if pushed else Merged)
    assert remote.landings() == ["Land issue 1: Issue 1"]
    assert remote.tip == house.hub.tip()
    assert isinstance(await house.land("2", {"d": "1\n"}), Merged)


async def test_a_kill_is_healed_though_the_remote_was_away(tmp_path: Path) -> None:
    """A restarted run cannot see that the landing was pushed, works again, and lands nothing
    twice; meanwhile commits of the person's came in, and a colleague's."""
    connected(tmp_path)
    command = [sys.executable, "-m", "tests.integration.remotes", str(tmp_path), "push:after"]
    await anyio.to_thread.run_sync(lambda: subprocess.run(command, cwd=ROOT, check=False))
    house, remote = connected(tmp_path)
    push(remote.clone(), {"theirs": "1\n"})
    commit(house.project, {"mine": "1\n"})
    remote.path.rename(tmp_path / "away")
    assert len(await house.lander.refresh()) == 1
    issue = make_issue("1")
    assert await house.lander.landed(issue) is None
    async with house.workspaces.open(issue, 2) as workspace:
        commit(workspace.directory, {"c": "again\n"})
        (tmp_path / "away").rename(remote.path)
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Superseded)
    assert await house.lander.landed(issue) is not None
    assert isinstance(await house.land("2", {"d": "1\n"}), Merged)
    assert house.files(remote.tip) == ["a", "c", "d", "mine", "theirs"]
    assert house.text(remote.tip, "c") == "1"


async def test_hooks_of_the_persons_are_not_run_and_it_is_said(tmp_path: Path) -> None:
    """A hook may be a file that agents change: it stays outside, and people know."""
    house, _ = connected(tmp_path)
    canary, hooks = tmp_path / "canary", house.project / ".husky"
    hooks.mkdir()
    (hooks / "pre-push").write_text(f"#!/bin/sh\ntouch {canary}\nexit 1\n")
    (hooks / "pre-push").chmod(0o755)
    git(house.project, "config", "core.hooksPath", ".husky")
    house.lander = house.open_lander(environment=ENVIRONMENT)
    (said,) = await house.lander.refresh()
    assert ".husky/pre-push is not run" in said
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert not canary.exists()


async def test_who_is_pushed_to(tmp_path: Path) -> None:
    """The upstream; without one, or with another remote for pushes, only if it is wanted; never
    if it is not."""
    house, remote = connected(tmp_path)
    before = remote.tip
    git(house.project, "branch", "--unset-upstream")
    house.lander = house.open_lander(environment=ENVIRONMENT)
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    git(house.project, "branch", "--set-upstream-to", "origin/main")
    git(house.project, "config", "remote.pushDefault", "fork")
    house.lander = house.open_lander(environment=ENVIRONMENT)
    assert isinstance(await house.land("2", {"d": "1\n"}), Merged)
    house.lander = house.open_lander(environment=ENVIRONMENT, push=False)
    assert isinstance(await house.land("3", {"e": "1\n"}), Merged)
    assert remote.tip == before
    house.lander = house.open_lander(environment=ENVIRONMENT, push=True)
    assert isinstance(await house.land("4", {"f": "1\n"}), Merged)
    assert house.files(remote.tip) == ["a", "c", "d", "e", "f"]
    git(house.project, "remote", "remove", "origin")
    with pytest.raises(TargetMissing, match="git remote add origin"):
        house.open_lander(environment=ENVIRONMENT, push=True)


async def test_a_remote_without_the_branch_gets_it(tmp_path: Path) -> None:
    """An empty remote: the first landing makes the branch."""
    house, remote = connected(tmp_path)
    remote("update-ref", "-d", "refs/heads/main")
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert remote.tip == house.hub.tip()


async def test_a_dead_fetch_is_in_nobodys_way(pair: tuple[House, Remote]) -> None:
    """A lock that a killed git left on our ref in the person's repository is removed when old,
    and until then the landing waits."""
    house, remote = pair
    push(remote.clone(), {"theirs": "1\n"})
    lock = house.project / ".git" / f"{refs.looked_up('main')}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    held(await house.land("1", {"c": "1\n"}), "lock", waits=True)
    os.utime(lock, (0, 0))
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)


async def test_the_persons_own_git_speaks_with_the_remote(tmp_path: Path) -> None:
    """Addresses, and so credentials and proxies, are as their global configuration says."""
    house, remote = connected(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "file://{tmp_path}/"]\n\tinsteadOf = forge:\n')
    git(house.project, "remote", "set-url", "origin", "forge:origin.git")
    environment = {"PATH": ENVIRONMENT["PATH"], "HOME": str(home), "GIT_DIR": "/nowhere"}
    house.lander = house.open_lander(environment=environment)
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert remote.tip == house.hub.tip()


async def test_ssh_asks_nobody_and_has_a_limit(tmp_path: Path) -> None:
    """Their own ssh command is used, told to ask nothing, and stopped when it hangs."""
    house, _ = connected(tmp_path)
    said, ssh = tmp_path / "said", tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" >> {said}\nexec sleep 1000\n')
    ssh.chmod(0o755)
    git(house.project, "config", "core.sshCommand", f"{ssh} -4")
    git(house.project, "config", "ssh.variant", "ssh")
    git(house.project, "remote", "set-url", "origin", "ssh://forge/origin.git")
    house.lander = house.open_lander(environment=ENVIRONMENT, push_seconds=1.0)
    found = held(await house.lander.held(), "longer than 1 s", waits=True)
    assert "main of origin" in found.why
    assert said.read_text().startswith("-4 -oBatchMode=yes -oConnectTimeout=10 ")
