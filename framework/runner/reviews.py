"""Work that passed its checks and waits in a pull request: opened, told, and taken up again."""

from __future__ import annotations

from dataclasses import dataclass

from anyio import to_thread

from ..domain import proof as proofs
from ..domain.errors import MustStop, TrackerUnavailable
from ..domain.identifier import slug
from ..domain.issue import Change, Issue, State
from ..domain.outcome import PullRequested
from ..domain.proposal import Proposed
from ..domain.pull import PullRequest, Standing, feedback, news
from ..effect import effect
from ..pulls.base import Offer
from . import prompt
from .parts import Forge, Parts
from .settle import AUTHOR

_OVER = {
    Standing.MERGED: (
        "\n## The pull request\n\nEarlier work on this was merged in {url}, and is in your clone. "
        "Do only what is missing still; where nothing is, call `blocked` and say so.\n"
    ),
    Standing.CLOSED: (
        "\n## The pull request\n\nEarlier work on this was in {url}, which was closed without "
        "being merged. It is kept as commit {commit}: look at it with `git show {commit}`, and "
        "take over with `git merge {commit}` only what still helps.\n"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an attempt is to know of its issue's pull request: `text` for its first prompt, and
    the reviews in it by their ids. `epoch` is of the attempt that it goes on from, 0 when there
    is none."""

    text: str = ""
    heard: tuple[str, ...] = ()
    epoch: int = 0


async def asked(parts: Parts, issue: Issue) -> Asked:
    """What people and the forge's checks said of the issue's earlier work; nothing where there
    was none, or its pull request is not open any more. Raises TrackerError."""
    forge = parts.forge
    latest = await _latest(forge, issue) if forge else None
    if forge is None or latest is None:
        return Asked()
    pulls = await to_thread.run_sync(forge.pulls.look, [latest.branch])
    pull = pulls.get(latest.branch)
    commit = await forge.proposer.reviewed(issue)
    if pull is None or commit is None:
        return Asked(heard=latest.heard)
    if pull.standing is not Standing.OPEN:
        text = _OVER[pull.standing].format(url=pull.url, commit=commit)
        return Asked(text=text, heard=latest.heard)
    fresh = tuple(one.id for one in news(pull, latest.heard))
    words = feedback(pull, latest.heard)
    return Asked(
        text=_section(pull, commit, words),
        heard=(*latest.heard, *fresh),
        epoch=latest.proof.epoch,
    )


async def put_up(parts: Parts, issue: Issue, proposed: Proposed) -> PullRequested:
    """Open the pull request of what is on its branch, and hand the issue to people. Safe to
    repeat: there is one pull request of a branch, and the comment is keyed by the commit."""
    assert parts.forge is not None
    words = Offer(
        branch=proposed.branch,
        base=proposed.proof.target,
        title=prompt.one_line(issue) or f"Issue {issue.id}",
        body=_body(parts, issue, proposed),
    )
    pull = await to_thread.run_sync(parts.forge.pulls.open, words)
    await to_thread.run_sync(_hand_over, parts, issue, proposed, pull)
    return PullRequested(url=pull.url)


async def unsettled(parts: Parts, issue: Issue) -> PullRequested | None:
    """What was put up before a kill, and is not in review yet: finished now, without a session."""
    if parts.forge is None or issue.state is State.NEEDS_REVIEW:
        return None
    proposed = await parts.forge.proposer.proposed(issue)
    if proposed is None:
        return None
    held = await parts.forge.proposer.offer(proposed)
    if held is not None and held.wait is None:
        raise MustStop(held.why)
    if held is not None:
        raise TrackerUnavailable(held.why)
    return await put_up(parts, issue, proposed)


async def _latest(forge: Forge, issue: Issue) -> Proposed | None:
    every = await forge.proposer.proposals()
    rounds = [number for uid, number in every if uid == slug(issue.uid)]
    return every[slug(issue.uid), max(rounds)] if rounds else None


def _hand_over(parts: Parts, issue: Issue, proposed: Proposed, pull: PullRequest) -> None:
    text = f"Waits in {pull.url}: its checks passed here on `{proposed.proof.commit}`."
    with effect("comment"):
        key = f"proposed:{proposed.proof.commit}"
        parts.tracker.comment(issue.id, text, author=AUTHOR, key=key)
    with effect("state"):
        parts.tracker.update(issue.id, Change(state=State.NEEDS_REVIEW))


def _body(parts: Parts, issue: Issue, proposed: Proposed) -> str:
    """No word in it closes the issue on the forge: that is done with the proof of the landing."""
    proof = proposed.proof
    _, _, said = proofs.render(proof, rehearsed=parts.policy.rehearsed).partition("\n\n")
    head = f"For #{issue.id}. These passed on `{proof.commit}`, before it was pushed here:"
    return f"{head}\n\n{said}"


def _section(pull: PullRequest, commit: str, words: str) -> str:
    said = prompt.data(words, "review") if words else "Nothing was said about it yet."
    return (
        f"\n## The pull request\n\nYour earlier work waits in {pull.url}, as commit {commit}. Take "
        f"it over first, with `git merge {commit}`, and resolve what conflicts so that both sides "
        "keep their meaning: what you commit replaces it, and must contain it. Then answer what "
        f"was said there:\n\n{said}\n"
    )
