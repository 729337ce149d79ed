"""Git remotes of every shape."""

from __future__ import annotations

import dataclasses
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from framework.domain.remote import Platform, Remote, parse_remote

GITHUB = ("github", "https://github.com", "github.com", "owner", "repo")
NAMES = st.text(alphabet=string.ascii_letters + string.digits + "._-", min_size=1, max_size=12)


def read(url: str) -> tuple[str | None, str, str, str, str] | None:
    found = parse_remote(url)
    return None if found is None else dataclasses.astuple(found)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/owner/repo",
        "https://github.com/owner/repo.git",
        "https://github.com/owner/repo/",
        "https://github.com/owner/repo.git/",
        "https://github.com:443/owner/repo",
        "https://www.github.com/owner/repo",
        "http://github.com/owner/repo",
        "HTTPS://GitHub.com/owner/repo",
        "https://github.com./owner/repo",
        "https://github.com//owner//repo",
        "git@github.com:owner/repo.git",
        "git@github.com:owner/repo",
        "git@github.com:/owner/repo.git",
        "github.com:owner/repo",
        "org-1234@github.com:owner/repo.git",
        "[git@ssh.github.com:443]:owner/repo.git",
        "ssh://git@github.com/owner/repo.git",
        "ssh://git@github.com:22/owner/repo",
        "ssh://git@ssh.github.com:443/owner/repo.git",
        "git+ssh://git@github.com/owner/repo",
        "git://github.com/owner/repo.git",
        "  https://github.com/owner/repo.git\n",
    ],
)
def test_every_spelling_of_one_repository_is_the_same(url: str) -> None:
    """P09: scheme, user, port, `.git` and slashes make no difference."""
    assert read(url) == GITHUB


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "git@gitlab.com:group/sub/deep/repo.git",
            ("gitlab", "https://gitlab.com", "gitlab.com", "group/sub/deep", "repo"),
        ),
        (
            "ssh://git@altssh.gitlab.com:443/group/repo",
            ("gitlab", "https://gitlab.com", "gitlab.com", "group", "repo"),
        ),
        (
            "https://gitlab.example.com:8443/group/repo",
            ("gitlab", "https://gitlab.example.com:8443", "gitlab.example.com", "group", "repo"),
        ),
        (
            "https://gitea.example.com/owner/repo.git",
            ("gitea", "https://gitea.example.com", "gitea.example.com", "owner", "repo"),
        ),
        (
            "git@gitea.example.com:owner/repo.git",
            ("gitea", "https://gitea.example.com", "gitea.example.com", "owner", "repo"),
        ),
        (
            "ssh://git@forgejo.example.com:2222/owner/repo.git",
            ("gitea", "https://forgejo.example.com", "forgejo.example.com", "owner", "repo"),
        ),
        (
            "https://codeberg.org/owner/repo.js",
            ("gitea", "https://codeberg.org", "codeberg.org", "owner", "repo.js"),
        ),
        (
            "http://localhost:3000/owner/repo",
            (None, "http://localhost:3000", "localhost", "owner", "repo"),
        ),
        (
            "https://git.example.com/owner/repo",
            (None, "https://git.example.com", "git.example.com", "owner", "repo"),
        ),
        (
            "https://example.com/forge/owner/repo",
            (None, "https://example.com", "example.com", "forge/owner", "repo"),
        ),
        (
            "ssh://git@[2001:DB8::1]:22/o/r",
            (None, "https://[2001:db8::1]", "2001:db8::1", "o", "r"),
        ),
        ("http://[::1]:3000/o/r", (None, "http://[::1]:3000", "::1", "o", "r")),
        ("git@[::1]:o/r.git", (None, "https://[::1]", "::1", "o", "r")),
        ("git@git.sr.ht:~user/repo", (None, "https://git.sr.ht", "git.sr.ht", "~user", "repo")),
        ("work:owner/repo", (None, "https://work", "work", "owner", "repo")),
        ("git@host:o/r.git.git", (None, "https://host", "host", "o", "r.git")),
        ("https://mygithub.com/o/r", (None, "https://mygithub.com", "mygithub.com", "o", "r")),
        (
            "https://github.com.example.org/o/r",
            (None, "https://github.com.example.org", "github.com.example.org", "o", "r"),
        ),
    ],
)
def test_forges_of_ones_own_are_read(url: str, expected: tuple[str | None, str]) -> None:
    """P09: subgroups, ports, addresses and unknown hosts; only a telling name gives a platform."""
    assert read(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "/srv/git/repo.git",
        "./owner/repo",
        "../owner/repo",
        "~/owner/repo",
        "owner/repo",
        "file:///srv/git/repo",
        "FILE://host/owner/repo",
        "C:/owner/repo",
        "C:\\owner\\repo",
        "c:owner/repo",
        "./a:b/c",
        "repo.git",
        "ext::sh -c true/x",
        "ftp://host/owner/repo",
        "codecommit://owner/repo",
        "https://",
        "https:///owner/repo",
        "https://host",
        "host:repo",
        "https://host/repo",
        "https://host/owner/.git",
        "https://host/../repo",
        "https://host/o/..",
        "https://host:0/o/r",
        "https://host:65536/o/r",
        "https://host:x/o/r",
        "https://-x/o/r",
        "https://a..b/o/r",
        "https://[::1/o/r",
        "https://[::1]x/o/r",
        "https://[zz::1]/o/r",
        "https://[1]/o/r",
        "https://host/o w/r",
        "https://host/o/r\nx",
        "https://ho\x00st/o/r",
        "https://github.com/o/r/issues/3",
        "https://gitlab.com/g/r/-/tree",
        "://host/o/r",
        "https://gіthub.com/o/r",
        "-oProxyCommand=x:o/r",
        "git@@host:o/r",
    ],
)
def test_what_names_no_repository_elsewhere_is_nothing(url: str) -> None:
    """P09: local paths, other protocols and malformed addresses are None, not a guess."""
    assert parse_remote(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://user:SECRET@github.com/owner/repo.git",
        "https://SECRET@github.com/owner/repo",
        "https://SECRET:@github.com/owner/repo",
        "https://oauth2:SEC@RET@github.com/owner/repo",
        "https://github.com/owner/repo?private_token=SECRET",
        "https://github.com/owner/repo.git#SECRET",
        "ssh://user:SECRET@github.com/owner/repo",
        "SECRET@github.com:owner/repo",
        "[SECRET@github.com:443]:owner/repo",
    ],
)
def test_credentials_are_never_kept(url: str) -> None:
    """A token in the address is in no field of what is read."""
    assert read(url) == GITHUB
    assert "SEC" not in repr(parse_remote(url)) + str(parse_remote(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pa/SECRET@host/o/r",
        "https://user:12/SECRET@host/o/r",
        "user:SECRET@host:o/r",
        "https://user:1#SECRET@host/o/r",
        "a/b:SECRET@host:o/r",
    ],
)
def test_a_password_with_odd_signs_is_no_address(url: str) -> None:
    """Where a password breaks the address apart, nothing is read rather than a part of it."""
    assert parse_remote(url) is None


SHAPES = [
    "https://{host}/{path}",
    "http://{host}/{path}/",
    "https://{host}/{path}.git",
    "https://user:token@{host}/{path}.git/",
    "ssh://git@{host}:2222/{path}.git",
    "git://{host}/{path}.git",
    "git@{host}:{path}.git",
    "git@{host}:/{path}.git/",
    "[git@{host}:22]:{path}.git",
]


@pytest.mark.parametrize("shape", SHAPES)
@given(
    labels=st.lists(st.text(alphabet="abcxyz019", min_size=2, max_size=9), min_size=1, max_size=3),
    groups=st.lists(NAMES, min_size=1, max_size=3),
    repo=NAMES,
)
def test_every_shape_comes_back(
    shape: str, labels: list[str], groups: list[str], repo: str
) -> None:
    """Whatever host, owner and repository an address is built from are read out of it."""
    host, owner = ".".join(labels), "/".join(groups)
    assume(not {*groups, repo} & {".", "..", "-"} and not repo.endswith(".git"))
    found = parse_remote(shape.format(host=host, path=f"{owner}/{repo}"))
    scheme = "http" if shape.startswith("http:") else "https"
    assert found == Remote(
        platform=None, base_url=f"{scheme}://{host}", host=host, owner=owner, repo=repo
    )


@given(st.text(max_size=60) | st.text(alphabet="git@hub.com:/[]~?#-\\ 0", max_size=40))
def test_any_text_is_a_remote_or_nothing(text: str) -> None:
    """No text raises, and what is read is whole."""
    found = parse_remote(text)
    if found is not None:
        assert all((found.base_url, found.host, found.owner, found.repo))
        assert "@" not in repr(found)
        assert found.platform in (None, *Platform)
