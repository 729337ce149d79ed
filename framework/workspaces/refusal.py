"""What git says when a remote could not be asked, or does not take a push.

Facts where git gives any: the flags of `push --porcelain`, which no translation and no version
changes. For a connection that came to nothing it has one exit code for everything and says the
rest in words, in a fixed language; here are those that mean that waiting is of no use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LETTERS = 400
_STATUS = re.compile(r"^([ +\-*=!])\t[^\t]*:([^\t:]+)\t(?:\[([^\]]*)\])?(?: ?\((.*)\))?", re.M)
_RACE = re.compile(r"lock|failed to update ref|old value|already exists|transaction")
_SECRET = re.compile(r"(\w://)[^/\s@]+@")
_NOISE = re.compile(r"^(hint: .*|error: failed to push some refs.*|To .*|Done)$")

_BY_HAND = (
    "so that git answers without asking: set up a credential helper or an ssh key, and try "
    "`git ls-remote` and `git push` by hand once"
)
_PERSON = {
    r"Authentication failed|could not read (Username|Password)|terminal prompts disabled"
    r"|Permission denied|returned error: 401|Invalid username or": f"log in {_BY_HAND}",
    r"returned error: 403|not allowed to|denied to|Write access to repository not granted": (
        "give yourself the right to push there, or log in as somebody who has it"
    ),
    r"Host key verification failed": "connect once by hand with ssh, and confirm the host's key",
    r"SSL certificate|certificate verif": "make git trust the server's certificate",
    r"does not appear to be a git repository|[Rr]epository .*not found|returned error: 404"
    r"|[Rr]epository .*does not exist|could not be found|dubious ownership|service not enabled"
    r"|access denied or repository not exported": (
        "correct the address with `git remote set-url`, or put the repository back"
    ),
    r"Unable to find remote helper|transport '.*' not allowed|protocol .* is not supported": (
        "correct the address with `git remote set-url`"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Status:
    """What became of the one ref of a push. `refusal` says who refused it, and is "" when it was
    taken: "rejected" by our own git, "remote rejected", or "remote failure" for a remote that
    did not say; `reason` is the word for it."""

    refusal: str
    reason: str

    @property
    def raced(self) -> bool:
        """Whether somebody else was at the same ref: before us, or just then."""
        return self.refusal == "rejected" or bool(_RACE.search(self.reason))


def status(porcelain: str, ref: str) -> Status | None:
    """Read `push --porcelain`; None when it did not come to the ref."""
    for flag, name, summary, reason in _STATUS.findall(porcelain):
        if name == ref:
            return Status(refusal=summary if flag == "!" else "", reason=reason)
    return None


def remedy(said: str) -> str | None:
    """What a person has to do about a connection that came to nothing; None when it is enough
    to wait. What is unknown is waited for: people are told what git said."""
    found = (advice for words, advice in _PERSON.items() if re.search(words, said))
    return next(found, None)


def words(said: str) -> str:
    """What git or the remote said: one line, in plain letters, without passwords in addresses."""
    lines = (line.removeprefix("remote: ").strip() for line in said.splitlines())
    text = "; ".join(line for line in lines if line and not _NOISE.match(line))
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return _SECRET.sub(r"\1", plain)[:_LETTERS]
