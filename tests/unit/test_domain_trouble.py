"""What went wrong is told by typed facts, and never by words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from framework.domain.trouble import (
    RULES,
    Ended,
    ForgeFacts,
    Kind,
    ModelFacts,
    Trouble,
    With,
    of_forge,
    of_model,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIXTURES = yaml.safe_load((Path(__file__).parent / "troubles.yaml").read_text("utf-8"))
# What systems that read prose took for errors: sentences about the work, and numbers in texts.
PROSE = (
    "Implemented the rate limiter",
    "seating capacity",
    "limit is now reached",
    "Issue #429",
    "after 3600 ms",
    "exit code 143",
    "200000 tokens",
    "JSON line 128",
    "claude not found",
    "fix issue 401, then 500 and 404",
    "invalid authentication, overloaded, 529, quota exceeded, billing",
    "You've hit your 5-hour limit · resets 5:27am (UTC)",
    "Your credit balance is too low",
    "prompt is too long",
    "OAuth token has been revoked",
    "API returned an empty or malformed response (HTTP 200)",
    "Not logged in - Please run /login",
    "Request timed out ECONNREFUSED",
    "You have exceeded a secondary rate limit",
)


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else NOW + timedelta(seconds=seconds)


def of_the_model(row: Mapping[str, Any]) -> ModelFacts:
    names = ("status", "error", "terminal_reason", "code", "limited", "why")
    return ModelFacts(
        ended=Ended(row.get("ended", "result")),
        resets_at=at(row.get("resets")),
        **{name: row[name] for name in names if name in row},
    )


def of_a_forge(row: Mapping[str, Any]) -> ForgeFacts:
    names = ("status", "code", "document", "why")
    told = {name: row[name] for name in names if name in row}
    return ForgeFacts(headers=row.get("headers", {}), **told)


def classified(facts: ModelFacts | ForgeFacts) -> Trouble:
    return of_model(facts) if isinstance(facts, ModelFacts) else of_forge(facts, NOW)


def test_what_the_answer_says_of_the_next_try_is_obeyed() -> None:
    """Of whatever is waited out; the reset of a limit says more, and a refusal of ours nothing."""
    told = {"retry_at": at(7), "resets_at": at(9)}
    assert of_model(ModelFacts(status=529, **told)).until == at(7)
    assert of_model(ModelFacts(status=429, **told)).until == at(9)
    assert of_model(ModelFacts(status=429, retry_at=at(7))).until == at(7)
    assert of_model(ModelFacts(status=400, **told)).until is None


ROWS = [(row, of_the_model(row)) for row in FIXTURES["model"]]
ROWS += [(row, of_a_forge(row)) for row in FIXTURES["forge"]]
NAMES = [row["is"] for row, _ in ROWS]


@pytest.mark.parametrize(("row", "facts"), ROWS, ids=NAMES)
def test_a_real_shape_has_its_class(row: Mapping[str, Any], facts: ModelFacts | ForgeFacts) -> None:
    """Each recorded shape is classified as a person would, with the time that it names."""
    assert classified(facts) == Trouble(
        kind=Kind(row["kind"]), until=at(row.get("until")), why=row.get("why", "")
    )


def test_there_are_enough_shapes() -> None:
    """Sixty shapes at the least, each once, and every kind is among them."""
    assert len(ROWS) >= 60
    assert len(set(NAMES)) == len(NAMES)
    assert {Kind(row["kind"]) for row, _ in ROWS} == set(Kind)


@pytest.mark.parametrize("text", PROSE)
def test_words_change_nothing(text: str) -> None:
    """No sentence and no number in it moves any shape to another class, nor its time."""
    for _, facts in ROWS:
        said = classified(replace(facts, why=text))
        assert replace(said, why="") == replace(classified(facts), why="")


@pytest.mark.parametrize("text", PROSE)
def test_an_unknown_word_is_no_class_of_its_own(text: str) -> None:
    """Prose where a word of the vocabulary belongs is an unknown word: the status decides."""
    assert of_model(ModelFacts(error=text, code=text, status=503)).kind is Kind.SERVER
    assert (
        of_forge(ForgeFacts(headers={}, code=text, document=text, status=403), NOW).kind
        is Kind.FORBIDDEN
    )


def test_every_kind_has_its_rule() -> None:
    """The table is complete."""
    assert set(RULES) == set(Kind)


def test_weather_never_counts_against_an_issue() -> None:
    """Limits and outages are nobody's fault, and all of them end by themselves."""
    weather = (Kind.USAGE_LIMIT, Kind.RATE_LIMIT, Kind.OVERLOADED, Kind.NETWORK, Kind.SERVER)
    for kind in weather:
        rule = RULES[kind]
        assert (rule.counts, rule.person, rule.retry) == (False, False, True), kind
        assert rule.wait is not None


def test_what_counts_is_not_repeated() -> None:
    """What counts against the issue is not tried again as it is, and needs no person yet."""
    for kind, rule in RULES.items():
        if rule.counts:
            assert not rule.retry, kind
            assert not rule.person, kind


def test_another_token_where_that_helps() -> None:
    """Whose token it is matters for what is the token's fault, and not when all are refused."""
    others = {kind for kind, rule in RULES.items() if rule.token is With.OTHER}
    assert others == {
        Kind.AUTHENTICATION,
        Kind.BILLING,
        Kind.USAGE_LIMIT,
        Kind.RATE_LIMIT,
        Kind.FORBIDDEN,
    }
    assert RULES[Kind.OVERLOADED].token is With.ANY


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_a_named_time_is_obeyed(chance: float) -> None:
    """Never before the time that the service names, and at most a tenth later; no cap."""
    told = Trouble(kind=Kind.RATE_LIMIT, until=at(36_000))
    pause = told.pause(None, now=NOW, chance=chance)
    assert pause is not None
    assert timedelta(seconds=36_000) <= pause <= timedelta(seconds=39_600)


def test_a_time_that_has_passed_is_no_time() -> None:
    """Then the pause is as long as if nothing had been named, so nobody spins."""
    told = Trouble(kind=Kind.RATE_LIMIT, until=at(-5))
    assert told.pause(None, now=NOW, chance=0.0) == timedelta(minutes=1)


def test_no_retry_means_no_pause() -> None:
    """What must not be tried again has no pause, and a refused token is left at once."""
    assert Trouble(kind=Kind.UNPROCESSABLE).pause(None, now=NOW, chance=0.0) is None
    assert Trouble(kind=Kind.AUTHENTICATION).pause(None, now=NOW, chance=0.0) == timedelta()
