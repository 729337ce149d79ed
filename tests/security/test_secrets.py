"""What the host keeps to itself is readable from inside a box in none of many ways."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pytest

from framework.box import Bubblewrap, Cell, Unboxed, is_available, programs
from tests.integration.hubs import NO_BOX, commit, git

pytestmark = pytest.mark.skipif(not is_available(), reason=NO_BOX)
MARK = "canary-4be1"
LAUNCH = Path(str(resources.files("framework.agents") / "launch"))
PYTHON = os.path.realpath(sys.executable)

# Each is a shell command; $HOST, $HUB and $OUTER are directories of the host's, $PARENT is the
# process that started the box.
WAYS = {
    "its own environment": "env; set; export -p",
    "environments in procfs": "cat /proc/*/environ /proc/*/task/*/environ",
    "command lines in procfs": "cat /proc/*/cmdline /proc/*/comm /proc/*/stat",
    "the starter's environment": "cat /proc/$PARENT/environ /proc/1/environ /proc/self/environ",
    "memory of every process": f"""for maps in /proc/[0-9]*/maps; do {PYTHON} -c '
import sys
pid = sys.argv[1].split("/")[2]
mem = open(f"/proc/{{pid}}/mem", "rb", 0)
for row in open(sys.argv[1]):
    area, rights = row.split()[:2]
    start, end = (int(x, 16) for x in area.split("-"))
    if rights[0] == "r" and end - start < 1 << 28:
        try:
            mem.seek(start)
            text = mem.read(end - start)
        except (OSError, ValueError, OverflowError):
            continue
        word = bytes([99, 97, 110, 97, 114, 121]) + b"-4be1"
        at = text.find(word)
        if at >= 0:
            print(text[at : at + 40])
' $maps; done""",
    "the whole file system": "grep -rsh canary-4be /home /etc /tmp /run /var /srv /opt /mnt"
    " /root /usr/local $HOST",
    "names of the file system": "find / -xdev -name '*canary*' -o -name .env -exec cat {} +",
    "the project's .env": "cat $HOST/project/.env $HOST/project/./.env ../project/.env"
    " ../../project/.env",
    "a link to it": "ln -s $HOST/project/.env link; cat link; cp -L link copy; cat copy",
    "a hard link to it": "ln $HOST/project/.env hard && cat hard",
    "another clone": "cat $HOST/state/other/clone/secret; ls -R $HOST/state; cat ../../other/*/*",
    "its own alternates": "echo $HOST/project/.git/objects >> .git/objects/info/alternates;"
    " git cat-file --batch-all-objects --batch; git log --all -p",
    "a foreign repository": "git -C $HOST/project log -p; git clone -q file://$HOST/project x;"
    " git --git-dir $HOST/project/.git show HEAD:secret; cat x/secret",
    "git's configuration": "git config --list --show-origin --show-scope;"
    " git config --global --list; git config --file $OUTER/.gitconfig --list",
    "credential helpers": "printf 'protocol=https\\nhost=example.org\\n\\n' |"
    " GIT_TERMINAL_PROMPT=0 git credential fill; cat ~/.git-credentials $OUTER/.git-credentials",
    "netrc and tool tokens": "cat ~/.netrc $OUTER/.netrc $OUTER/.npmrc $OUTER/.config/gh/hosts.yml",
    "ssh keys": "cat ~/.ssh/* $OUTER/.ssh/*; ssh-add -L; ls $OUTER/.ssh",
    "shell history": "cat ~/.bash_history $OUTER/.bash_history; history; fc -l",
    "core dumps": "cat $HOST/project/core /var/lib/systemd/coredump/* /var/crash/* /cores/*",
    "the host's memory": "head -c 4096 /proc/kcore /dev/mem; dmesg; cat /proc/kmsg /dev/kmsg",
    "open files": "ls -l /proc/*/fd; for file in /proc/*/fd/[3-9] /proc/*/fd/1?;"
    " do timeout 1 cat $file; done",
    "the token's pipe": "cat <&9; cat /dev/fd/9 /proc/*/fd/9",
    "what bubblewrap was told": "cat /proc/1/cmdline /proc/1/environ /proc/1/root/../../etc/shadow",
    "the root of another process": "cat /proc/*/root$HOST/project/.env /proc/*/cwd/../project/.env",
    "shared memory": "cat /dev/shm/*; ipcs -a",
    "the keyring": "keyctl show; cat /proc/keys /proc/key-users",
    "logs and journals": "cat $HOST/project/.nightshift/journal.db /var/log/*; journalctl",
}


@dataclass(frozen=True)
class Host:
    """A machine full of secrets, with one clone for the box in the middle of them."""

    root: Path

    @property
    def clone(self) -> Path:
        return self.root / "state" / "mine" / "clone"

    @property
    def hub(self) -> Path:
        return self.root / "project" / ".nightshift" / "hub.git"

    def cell(self) -> Cell:
        names = {"HOST": self.root, "HUB": self.hub, "OUTER": self.root / "outer"}
        return Cell(
            directory=self.clone,
            writable=(self.clone,),
            readable=(self.hub,),
            environment={
                **{name: str(path) for name, path in names.items()},
                "PARENT": str(os.getpid()),
            },
        )


SECRETS = {
    **{f"outer/{name}": "" for name in (".netrc", ".npmrc", ".bash_history", ".ssh/id_ed25519")},
    "outer/.git-credentials": "https://x:{mark}@example.org\n",
    "outer/.gitconfig": "[user]\n\tname = {mark}\n[credential]\n\thelper = store\n",
    "outer/.config/gh/hosts.yml": "",
    "project/.env": "ANTHROPIC_API_KEY={mark}\nGITEA_TOKEN={mark}\n",
    "project/core": "",
    "project/.nightshift/journal.db": "",
    "state/other/clone/secret": "",
    "state/mine/launch": "",
}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    for number, (name, text) in enumerate(SECRETS.items()):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((text or "{mark}\n").format(mark=f"{MARK}-{number}"))
    git(tmp_path / "project", "init", "--quiet", "-b", "main")
    commit(tmp_path / "project", {"secret": f"{MARK}-committed\n"})
    one = Host(tmp_path)
    git(tmp_path, "init", "--quiet", "--bare", str(one.hub))
    git(tmp_path, "clone", "--quiet", "--shared", str(one.hub), str(one.clone))
    for name in ("GITHUB_TOKEN", "GITEA_TOKEN", "ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"{MARK}-{name}")
    monkeypatch.setenv("HOME", str(tmp_path / "outer"))
    shared = Path(f"/dev/shm/{MARK}-{os.getpid()}")
    shared.write_text(f"{MARK}-shared")
    descriptor = os.open(tmp_path / "project" / ".env", os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    yield one
    os.close(descriptor)
    shared.unlink()


def said(box: Bubblewrap | Unboxed, host: Host, way: str) -> str:
    """What the way brought to light, tried as the agent's program would be started: with the
    token on descriptor 9, which that program has read."""
    script = f"head -c 100 <&9 >/dev/null; {WAYS[way]}"
    words = box.wrap(["/bin/bash", "-c", script], host.cell())
    file = host.root / "state" / "mine" / "launch"
    file.write_bytes(b"".join(word.encode() + b"\0" for word in words))
    ran = subprocess.run(
        [LAUNCH],
        env={**os.environ, "NIGHTSHIFT_LAUNCH": str(file), "NIGHTSHIFT_TOKEN": f"{MARK}-token"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return ran.stdout.decode(errors="replace")


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_is_readable(host: Host, way: str) -> None:
    """0 canaries: of the environment, of files, of other clones, of the token's pipe."""
    box = Bubblewrap(host.root / "accounts", programs(os.environ["PATH"]))
    text = said(box, host, way)
    found = [row for row in text.splitlines() if f"{MARK}-" in row and "print(" not in row]
    assert not found


def test_without_a_box_the_ways_lead_somewhere(host: Host) -> None:
    """They are good ways: unboxed, at least half of them bring a canary to light."""
    box = Unboxed(programs(os.environ["PATH"]))
    quick = [way for way in WAYS if way not in SLOW]
    leading = [way for way in quick if f"{MARK}-" in said(box, host, way)]
    assert len(leading) >= 8, leading


SLOW = frozenset(
    {
        *("memory of every process", "the whole file system", "names of the file system"),
        *("the host's memory", "open files", "logs and journals", "core dumps", "the keyring"),
        *("the token's pipe", "shared memory", "environments in procfs"),
    }
)
"""Not tried on the bare machine: they would read all of it, or wait."""
