"""What a query gives of issues that are all at hand: matching, sorting, cutting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from typing import Any

from ..domain.issue import Issue
from ..domain.query import Moment, Order, Query, Sort, moment, words
from ._query import order, phrases

_K1, _B = 1.2, 0.75
"""The customary constants of bm25."""


def matching(issues: Sequence[Issue], query: Query) -> list[Issue]:
    """Those of `issues`, given in order of creation, that match, sorted; not yet cut."""
    found = [issue for issue in issues if query.matches(issue)]
    for sort in reversed(order(query)):
        found = _sorted(found, _key(sort, query, issues), sort)
    return found


def cut(found: Sequence[Issue], query: Query) -> tuple[Issue, ...]:
    end = None if query.limit is None else query.offset + query.limit
    return tuple(found[query.offset : end])


def _sorted(found: list[Issue], key: Callable[[Issue], Any], sort: Sort) -> list[Issue]:
    """Stable; what has no value comes last, whichever way."""
    valued = [issue for issue in found if key(issue) is not None]
    valued.sort(key=key, reverse=sort.descending)
    return valued + [issue for issue in found if key(issue) is None]


def _key(sort: Sort, query: Query, issues: Sequence[Issue]) -> Callable[[Issue], Any]:
    match sort.by:
        case Order.NUMBER:
            return lambda issue: int(issue.id)
        case Order.CREATED | Order.UPDATED | Order.CLOSED:
            which = Moment(sort.by.value)
            return lambda issue: moment(which, issue)
        case Order.PRIORITY:
            return lambda issue: issue.priority.rank
        case Order.TITLE:
            return lambda issue: issue.title
        case Order.RELEVANCE:
            scores = relevance(issues, phrases(query))
            return lambda issue: scores[issue.id]


def relevance(issues: Sequence[Issue], wanted: Sequence[list[str]]) -> dict[str, float]:
    """The bm25 score of each issue's title and body, negated: the lowest is the best match."""
    texts = {issue.id: [words(issue.title), words(issue.body)] for issue in issues}
    lengths = {id: sum(map(len, text)) for id, text in texts.items()}
    average = sum(lengths.values()) / len(issues) if issues else 0.0
    scores = dict.fromkeys(texts, 0.0)
    for phrase in wanted:
        hits = {id: count for id, text in texts.items() if (count := _count(text, phrase))}
        rarity = log((len(issues) - len(hits) + 0.5) / (len(hits) + 0.5))
        for id, count in hits.items():
            length = 1 - _B + _B * lengths[id] / average
            scores[id] -= max(rarity, 1e-6) * (count * (_K1 + 1) / (count + _K1 * length))
    return scores


def _count(texts: Sequence[list[str]], phrase: list[str]) -> int:
    size = len(phrase)
    return sum(
        text[at : at + size] == phrase for text in texts for at in range(len(text) - size + 1)
    )
