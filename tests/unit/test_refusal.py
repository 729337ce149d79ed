"""What git says of a remote is read as what to do about it."""

from __future__ import annotations

import pytest

from framework.workspaces.refusal import Status, remedy, status, words

REF = "refs/heads/main"
NEW = "30a5f66007e111039658ca76c9e52e497a1facc4"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f" \t{NEW}:{REF}\t85a1..30a5", Status(refusal="", reason="")),
        (f"*\t{NEW}:{REF}\t[new branch]", Status(refusal="", reason="")),
        (f"=\t{NEW}:{REF}\t[up to date]", Status(refusal="", reason="")),
        (
            f"!\t{NEW}:{REF}\t[rejected] (stale info)",
            Status(refusal="rejected", reason="stale info"),
        ),
        (
            f"!\t{NEW}:{REF}\t[rejected] (fetch first)",
            Status(refusal="rejected", reason="fetch first"),
        ),
        (
            f"!\t{NEW}:{REF}\t[remote rejected] (pre-receive hook declined)",
            Status(refusal="remote rejected", reason="pre-receive hook declined"),
        ),
        (
            f"!\t{NEW}:{REF}\t[remote failure] (remote failed to report status)",
            Status(refusal="remote failure", reason="remote failed to report status"),
        ),
    ],
)
def test_the_flags_of_a_push_are_read(line: str, expected: Status) -> None:
    """Real lines of `git push --porcelain`, between its others."""
    assert status(f"To file:///x.git\n{line}\nDone\n", REF) == expected


@pytest.mark.parametrize("text", ["", "To x\nDone\n", f"*\t{NEW}:refs/heads/other\t[new branch]\n"])
def test_a_push_that_did_not_come_to_the_ref(text: str) -> None:
    """Then there is no status, and the connection is to blame."""
    assert status(text, REF) is None


@pytest.mark.parametrize(
    ("reason", "raced"),
    [
        ("stale info", True),
        ("cannot lock ref 'refs/heads/main': is at 1 but expected 2", True),
        ("failed to update ref", True),
        ("incorrect old value provided", True),
        ("pre-receive hook declined", False),
        ("protected branch hook declined", False),
        ("branch is currently checked out", False),
    ],
)
def test_a_race_is_no_refusal(reason: str, raced: bool) -> None:
    """Servers that lose a race to another push say so in words of their own."""
    refusal = "rejected" if reason == "stale info" else "remote rejected"
    assert Status(refusal=refusal, reason=reason).raced == raced


_NO_ACCESS = (
    "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access "
    "rights\nand the repository exists."
)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("fatal: Authentication failed for 'https://h/r.git/'", "log in"),
        (
            "fatal: could not read Username for 'https://h': terminal prompts disabled",
            "credential helper",
        ),
        (f"git@h: Permission denied (publickey).\n{_NO_ACCESS}", "ssh key"),
        (f"Host key verification failed.\n{_NO_ACCESS}", "host's key"),
        (
            "remote: Permission to a/b.git denied to c.\nfatal: unable to access 'https://h/': "
            "The requested URL returned error: 403",
            "the right to push",
        ),
        (f"ERROR: Repository not found.\n{_NO_ACCESS}", "set-url"),
        (f"fatal: '/x.git' does not appear to be a git repository\n{_NO_ACCESS}", "set-url"),
        (
            "remote: Repository not found.\nfatal: repository 'https://h/r.git/' not found",
            "set-url",
        ),
        ("fatal: remote error: access denied or repository not exported: /x.git", "set-url"),
        (
            "fatal: unable to access 'https://h/': server certificate verification failed. "
            "CAfile: none CRLfile: none",
            "certificate",
        ),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", None),
        ("fatal: unable to look up h (port 9418) (Name or service not known)", None),
        (
            "ssh: Could not resolve hostname h: Temporary failure in name resolution\n"
            + _NO_ACCESS,
            None,
        ),
        ("ssh: connect to host h port 22: Connection timed out\n" + _NO_ACCESS, None),
        ("ssh: connect to host h port 22: Connection refused\n" + _NO_ACCESS, None),
        ("kex_exchange_identification: Connection closed by remote host\n" + _NO_ACCESS, None),
        (
            "fatal: unable to access 'https://h/': Failed to connect to h port 443 after 3 ms: "
            "Couldn't connect to server",
            None,
        ),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 503", None),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 429", None),
        ("error: RPC failed; curl 56 GnuTLS recv error (-9)\nfatal: early EOF", None),
        ("`git push ...` took longer than 180 s and was stopped", None),
        ("something that no git has said yet", None),
    ],
)
def test_what_a_person_must_mend_is_told_from_what_passes(said: str, advice: str | None) -> None:
    """Real texts; what is unknown is waited for."""
    found = remedy(said)
    assert (found is None) == (advice is None), found
    assert advice is None or advice in (found or "")


def test_words_are_one_plain_line() -> None:
    """The remote's own words, without git's advice, escapes, or passwords in addresses."""
    said = (
        "remote: \x1b[31mno way\nremote: \nTo https://me:pw@h/r.git\nhint: try harder\n"
        "error: failed to push some refs to 'x'\nfatal: at https://me:pw@h/r.git"
    )
    assert words(said) == " [31mno way; fatal: at https://h/r.git"
    assert len(words("x" * 5000)) == 400
