"""Strict reading of a scenario file: every complaint names the file and the place in it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..domain.errors import SettingsError
from ..domain.nearest import nearest


@dataclass(frozen=True, kw_only=True)
class Node:
    """A value of the file, and where it stands, such as `sessions[2].turns[0].write`."""

    value: Any
    file: str
    place: str = ""

    def wrong(self, why: str) -> SettingsError:
        where = f"{self.file}: {self.place}" if self.place else self.file
        return SettingsError(f"{where}: {why}")

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong(f"must be text, not {self.value!r} (quote it if it is meant as text)")
        return self.value

    def number(self) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.wrong(f"must be a number, not {self.value!r}")
        if self.value < 0:
            raise self.wrong(f"must not be negative, but is {self.value}")
        return float(self.value)

    def whole(self) -> int:
        number = self.number()
        if not number.is_integer():
            raise self.wrong(f"must be a whole number, not {self.value!r}")
        return int(number)

    def yes(self) -> None:
        if self.value is not True:
            raise self.wrong(f"can only be true, not {self.value!r}")

    def items(self) -> list[Node]:
        if not isinstance(self.value, list):
            raise self.wrong(f"must be a list, not {self.value!r}")
        return [
            Node(value=value, file=self.file, place=f"{self.place}[{index}]")
            for index, value in enumerate(self.value)
        ]

    def texts(self) -> list[str]:
        return [one.text() for one in self.items()]

    def entries(self) -> dict[str, Node]:
        """The values of a mapping whose keys are free, such as paths."""
        if not isinstance(self.value, dict):
            raise self.wrong(f"must be a mapping, not {self.value!r}")
        before = f"{self.place}." if self.place else ""
        return {
            str(key): Node(value=value, file=self.file, place=f"{before}{key}")
            for key, value in self.value.items()
        }

    def fields(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Node]:
        """The values of a mapping whose keys are fixed."""
        entries, names = self.entries(), list(known)
        for key in entries:
            if key not in names:
                raise self.wrong(f"unknown key {key!r}{nearest(key, names)}")
        for key in required:
            if key not in entries:
                raise self.wrong(f"needs the key {key!r}")
        return entries


class _Loader(yaml.SafeLoader):
    """Plain YAML that refuses to say the same key twice, where PyYAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            problem = f"the key {twice!r} stands here twice"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep=deep)


def parse(path: Path) -> Node:
    """The file as a node. Raises SettingsError if it cannot be read as YAML."""
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    except OSError as problem:
        raise SettingsError(f"{path}: cannot be read: {problem.strerror}") from problem
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{path}: is not YAML: {problem}") from problem
    return Node(value=value, file=str(path))
