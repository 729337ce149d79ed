"""Frozen dataclasses that cost nothing to define.

`dataclasses` writes six functions for each class as text and compiles them, 0.5 ms a class, and
imports `inspect` for it, 6 ms: together a third of what a command like `issue claim` may take.
Here the same methods are written once, for all classes. To a type checker this *is* the standard
library's `dataclass`, and `dataclasses.replace`, `fields` and `is_dataclass` take its classes.

Promised: what `@dataclass(frozen=True, kw_only=True)` promises, for plain annotations and plain
defaults. Not there: `field()`, `InitVar`, `__post_init__`, inheritance between such classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
else:

    def dataclass(*, frozen: bool, kw_only: bool) -> Any:
        """As of the standard library, with the two arguments that all values have here."""
        if not (frozen and kw_only):
            raise TypeError("these dataclasses are frozen and take keywords only")
        return _made

    def replace(one: Any, **changes: Any) -> Any:
        return type(one)(**{**vars(one), **changes})

    def _made(cls: type) -> type:
        names = tuple(cls.__annotations__)
        cls.__match_args__ = ()
        cls._defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
        cls._names = names
        cls._known = frozenset(names)
        cls.__dataclass_fields__ = _Fields()
        for method in (__init__, __repr__, __eq__, __hash__, __setattr__, __delattr__):
            if method.__name__ not in cls.__dict__:
                setattr(cls, method.__name__, method)
        return cls

    class _Fields:
        """`__dataclass_fields__`, made by the standard library for those who ask for it."""

        def __get__(self, one: Any, cls: type) -> dict[str, Any]:
            import dataclasses

            body = {"__annotations__": cls.__annotations__, **cls._defaults}
            standard = dataclasses.dataclass(frozen=True, kw_only=True)(
                type(cls.__name__, (), {**body, "__module__": cls.__module__})
            )
            cls.__dataclass_fields__ = standard.__dataclass_fields__
            return cls.__dataclass_fields__

    def __init__(self: Any, **values: Any) -> None:
        cls, fields = type(self), self.__dict__
        fields.update(cls._defaults)
        fields.update(values)
        if fields.keys() != cls._known:
            raise TypeError(_mistake(cls, values))

    def _mistake(cls: Any, values: dict[str, Any]) -> str:
        unknown = [name for name in values if name not in cls._names]
        needed = [name for name in cls._names if name not in cls._defaults]
        missing = [name for name in needed if name not in values]
        told = [f"unexpected keyword argument {name!r}" for name in unknown]
        told += [f"missing keyword argument {name!r}" for name in missing]
        return f"{cls.__name__}(): {', '.join(told)}"

    def __repr__(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names)
        return f"{type(self).__qualname__}({shown})"

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._names)

    def __hash__(self: Any) -> int:
        return hash(tuple(getattr(self, name) for name in self._names))

    def __setattr__(self: Any, name: str, value: Any) -> NoReturn:
        raise _refusal(f"cannot assign to field {name!r}")

    def __delattr__(self: Any, name: str) -> NoReturn:
        raise _refusal(f"cannot delete field {name!r}")

    def _refusal(text: str) -> Exception:
        from dataclasses import FrozenInstanceError

        return FrozenInstanceError(text)
