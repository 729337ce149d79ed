"""Cheap frozen dataclasses behave as the standard library's."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from framework.domain.frozen import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Ours:
    a: int
    b: str = "x"
    c: tuple[int, ...] = ()

    @property
    def double(self) -> int:
        return 2 * self.a


@dataclasses.dataclass(frozen=True, kw_only=True)
class Theirs:
    a: int
    b: str = "x"
    c: tuple[int, ...] = ()

    @property
    def double(self) -> int:
        return 2 * self.a


BOTH = pytest.mark.parametrize("kind", [Ours, Theirs])


@BOTH
def test_values_are_compared_hashed_and_shown_by_their_fields(kind: Any) -> None:
    one, same, other = kind(a=1), kind(a=1, b="x", c=()), kind(a=1, c=(2,))
    assert one == same
    assert one != other
    assert hash(one) == hash(same)
    assert len({one, same, other}) == 2
    assert repr(other) == f"{kind.__name__}(a=1, b='x', c=(2,))"
    assert other.double == 2
    assert one != (Theirs if kind is Ours else Ours)(a=1)


@BOTH
def test_wrong_arguments_are_type_errors(kind: Any) -> None:
    """None missing, none unknown, none by position."""
    for arguments in ({}, {"b": "y"}, {"a": 1, "d": 2}, {"a": 1, "b": "y", "c": (), "d": 0}):
        with pytest.raises(TypeError):
            kind(**arguments)
    with pytest.raises(TypeError):
        kind(1)


@BOTH
def test_values_are_frozen(kind: Any) -> None:
    one = kind(a=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.a = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.a
    with pytest.raises(AttributeError):
        one.new = 1
    assert one.a == 1


@BOTH
@pytest.mark.parametrize("change", [replace, dataclasses.replace])
def test_replace_makes_another(kind: Any, change: Any) -> None:
    """With ours and with the standard library's."""
    assert change(kind(a=1, c=(3,)), b="y") == kind(a=1, b="y", c=(3,))
    with pytest.raises(TypeError):
        change(kind(a=1), nonsense=1)


@BOTH
def test_the_standard_library_knows_their_fields(kind: Any) -> None:
    assert dataclasses.is_dataclass(kind)
    assert dataclasses.is_dataclass(kind(a=1))
    assert [one.name for one in dataclasses.fields(kind)] == ["a", "b", "c"]
    assert dataclasses.asdict(kind(a=1, c=(4,))) == {"a": 1, "b": "x", "c": (4,)}


@BOTH
def test_values_survive_pickling_and_match_patterns(kind: Any) -> None:
    one = kind(a=5)
    assert pickle.loads(pickle.dumps(one)) == one
    match one:
        case Ours(a=value) | Theirs(a=value):
            assert value == 5
        case _:
            pytest.fail("no pattern matched")


def test_only_frozen_classes_with_keywords_are_made() -> None:
    """Whoever wants another kind is told, rather than given this one."""
    with pytest.raises(TypeError):
        dataclass(frozen=False, kw_only=True)
