"""What the GitHub tracker asks, in requests: counted from the log of a GitHub on this machine.

50 issues in three slots, each waiting for the one three before it, are planned, claimed, landed
with a proof and closed, with their cards on a Projects board; a session takes 8 seconds of a clock
that only moves, and the tracker is polled before each claim. Bounds: 5 requests an issue, in which
all is but labels and board being made; planning of the 50, a request for every 3 issues; an idle
poll of 300 issues and their cards 3 points; 200 cards in another column 10 requests. Baseline, on
the same GitHub: a client that makes one request for each thing it does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.world import Bounds, headline, row
from framework.domain.issue import Change, Draft, Issue, State
from framework.domain.query import Query
from framework.forge.github import Done, GitHub, Mutation
from framework.rehearsal.forge import once
from framework.rehearsal.github.clock import Clock
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from framework.trackers.github import GitHubTracker

ISSUES, SLOTS, SESSION = 50, 3, 8.0
IDLE, MOVED = 300, 200
EACH, PLANNING, POINTS, MOVES = 5.0, ISSUES / 3, 3, 10
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
ENDLESS = 10**9

CLOSED, BEGUN = Change(state=State.CLOSED), Change(state=State.IN_PROGRESS)
UNCLOSED = Query(states=frozenset(set(State) - {State.CLOSED}))


@contextmanager
def github() -> Iterator[tuple[Double, GitHub]]:
    """A GitHub with a repository, whose clock and limits are the client's own affair."""
    store = Store(Clock(START))
    for limits in (store.limits.primary, store.limits.points):
        limits.update(dict.fromkeys(limits, ENDLESS))
    store.limits.content_minute = store.limits.content_hour = ENDLESS
    token = store.add_token("ghp_bench", "bot", scopes=frozenset({"repo", "project"}))
    store.add_repo("bot", "shop")
    with serve(store) as double:
        clock = double.clock
        api = GitHub(url=double.url, token=token.value, clock=clock.now, sleep=clock.sleep)
        yield double, api


@contextmanager
def tracked() -> Iterator[tuple[Double, GitHubTracker]]:
    with tempfile.TemporaryDirectory(prefix="ns-") as root, github() as (double, api):
        tracker = GitHubTracker(
            url=double.url,
            owner="bot",
            repo="shop",
            token="ghp_bench",
            directory=Path(root),
            store="bench",
            api=api,
            clock=double.clock.now,
            sleep=double.clock.sleep,
        )
        with closing(tracker):
            yield double, tracker


def drafts(count: int) -> list[Draft]:
    return [
        Draft(
            title=f"Issue {number}",
            key=f"{number}",
            depends_on=(f"key:{number - SLOTS}",) if number >= SLOTS else (),
        )
        for number in range(count)
    ]


def spent(double: Double) -> int:
    """Requests that cost something, without those that are made once for a repository."""
    paid = [one for one in double.log if not one.conditional]
    return sum(not once(one.operation) for one in paid)


def land(double: Double, tracker: GitHubTracker, slot: list[Issue]) -> None:
    for one in slot:
        tracker.list(UNCLOSED)
        tracker.update(one.id, BEGUN, actor=f"agent {one.id}")
        tracker.comments(one.id)
    double.clock.forward(SESSION)
    for one in slot:
        tracker.conclude(one.id, CLOSED, "The proof", author="nightshift", key=f"proof:{one.id}")


def worked(bounds: Bounds) -> None:
    with tracked() as (double, tracker):
        made = list(tracker.create_many(drafts(ISSUES)))
        planned = spent(double)
        for at in range(0, ISSUES, SLOTS):
            land(double, tracker, made[at : at + SLOTS])
    check(double)
    told(f"planning of {ISSUES}", planned, PLANNING, bounds)
    told("an issue, planned to closed, with its card", spent(double) / ISSUES, EACH, bounds)
    paid = sum(not one.conditional for one in double.log)
    row("  set-up: who, labels, board", f"{paid - spent(double)}", "once")


def check(double: Double) -> None:
    """All are closed, and all cards are in the column Done."""
    (repo,) = double.store.repos.values()
    (board,) = double.store.projects.values()
    (status,) = [field for field in board["fields"] if field["name"] == "Status"]
    (done,) = [option["id"] for option in status["options"] if option["name"] == "Done"]
    assert {one.state for one in repo.issues.values()} == {"closed"}
    shown = [item["values"][status["id"]]["singleSelectOptionId"] for item in board["items"]]
    assert shown == [done] * ISSUES


def idle(bounds: Bounds) -> None:
    with tracked() as (double, tracker):
        tracker.create_many([Draft(title=f"{number}", key=f"{number}") for number in range(IDLE)])
        for _ in range(3):
            double.clock.forward(30)
            tracker.list()
        double.log.clear()
        double.clock.forward(60)
        tracker.list()
        nothing = double.log.count(status=304)
        told(f"idle poll of {IDLE} issues and cards, points", double.log.points(), POINTS, bounds)
        row("  of which answers that nothing changed", f"{nothing}", "cost nothing")
        double.log.clear()
        for number in range(1, MOVED + 1):
            tracker.update(f"{number}", Change(state=State.BLOCKED))
    told(f"{MOVED} cards in another column", double.log.count("ItemFieldValue"), MOVES, bounds)


def naive() -> float:
    """One request for each thing that is done, as the first version of this program had it."""
    with github() as (double, api), closing(api):
        home = api.get("repos/bot/shop")
        given = {"ownerId": home["owner"]["node_id"], "title": "Board"}
        select = "{ projectV2 { id fields(first: 20) { nodes { ... on ProjectV2SingleSelectField "
        select += "{ id name options { id name } } } } } }"
        board = one(api, "createProjectV2", given, select)["projectV2"]
        (status,) = [field for field in board["fields"]["nodes"] if field.get("name") == "Status"]
        double.log.clear()
        for number in range(ISSUES):
            by_hand(api, board["id"], status, number)
        return len(double.log) / ISSUES


def by_hand(api: GitHub, board: str, status: Any, number: int) -> None:
    made = api.send("POST", "repos/bot/shop/issues", {"title": f"Issue {number}"})
    path = f"repos/bot/shop/issues/{made['number']}"
    given = {"projectId": board, "contentId": made["node_id"]}
    item = one(api, "addProjectV2ItemById", given, "{ item { id } }")["item"]["id"]
    card = {"projectId": board, "itemId": item, "fieldId": status["id"]}
    todo, doing, done = (option["id"] for option in status["options"][:3])
    put(api, card, todo)
    assert api.get(path)["state"] == "open"
    api.send("PATCH", path, {"labels": ["in progress"]})
    put(api, card, doing)
    assert api.get(f"{path}/comments") == []
    api.send("POST", f"{path}/comments", {"body": "The proof"})
    api.send("PATCH", path, {"state": "closed"})
    put(api, card, done)


def put(api: GitHub, card: dict[str, str], option: str) -> None:
    given = {**card, "value": {"singleSelectOptionId": option}}
    one(api, "updateProjectV2ItemFieldValue", given, "{ projectV2Item { id } }")


def one(api: GitHub, name: str, given: dict[str, Any], select: str) -> Any:
    (result,) = api.mutate([Mutation(name=name, input=given, select=select)])
    assert isinstance(result, Done), result
    return result.data


def told(name: str, figure: float, bound: float, bounds: Bounds) -> None:
    met = bounds.told(figure <= bound)
    row(name, f"{figure:g}", f"bound {bound:.3g} {met}")


def main() -> int:
    bounds = Bounds()
    print(headline("Requests to GitHub, 304s not counted"))
    worked(bounds)
    row("  one request for each thing (baseline)", f"{naive():g}", "an issue")
    idle(bounds)
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(main())
