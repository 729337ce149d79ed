"""Every GraphQL text that the product sends fits the schema that GitHub publishes."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from graphql import (
    OverlappingFieldsCanBeMergedRule,
    assert_input_object_type,
    assert_object_type,
    parse,
    specified_rules,
    validate,
)

from framework.rehearsal.github.schema import COMMAND, installed, load, place

PLACE = place(os.environ)
ROOT = Path(__file__).parents[2]
RULES = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
pytestmark = pytest.mark.skipif(
    not installed(PLACE), reason=f"GitHub's schema is not here: make github-schema, or {COMMAND}"
)

_ROOMS = {"forge", "trackers", "pulls", "webhooks"}
"""Of the product that ask a forge; the rehearsal only answers."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files() -> list[Path]:
    """The product's files that ask a forge something in GraphQL."""
    asking = re.compile(r"\.query\(|\bMutation\(|_QUERY\b|_MUTATION\b")
    every = {one: one.read_text() for one in sorted((ROOT / "framework").rglob("*.py"))}
    return [
        one for one, text in every.items() if _ROOMS.intersection(one.parts) and asking.search(text)
    ]


def module_of(file: Path) -> ModuleType:
    return importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def calls(tree: ast.Module, name: str) -> Iterator[tuple[ast.Call, Function | None]]:
    """Every call of something with this name, and the function that it stands in."""
    for function in [*(one for one in ast.walk(tree) if isinstance(one, Function)), None]:
        for node in ast.walk(function) if function else ():
            if isinstance(node, ast.Call) and _name(node.func) == name:
                yield node, function


def _name(node: ast.expr) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


def texts(node: ast.expr, function: Function | None, module: ModuleType) -> list[str]:
    """What a text argument can be: evaluated, or each string that its name is given there."""
    try:
        return [str(eval(compile(ast.Expression(node), "text", "eval"), dict(vars(module))))]
    except NameError:
        pass
    assigned = [one for one in ast.walk(function or ast.Module([], [])) if _sets(one, _name(node))]
    found = [text for one in assigned for text in constants(one)]
    assert found, f"{module.__name__}:{node.lineno}: keep GraphQL texts as constants"
    return found


def constants(tree: ast.AST) -> list[str]:
    nodes = (one for one in ast.walk(tree) if isinstance(one, ast.Constant))
    return [one.value for one in nodes if isinstance(one.value, str)]


def _sets(node: ast.AST, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in _targets(node))


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets=targets):
            nodes = targets
        case ast.AnnAssign(target=target):
            nodes = [target]
        case _:
            nodes = []
    return [each for one in nodes for each in (one.elts if isinstance(one, ast.Tuple) else [one])]


def keys(given: ast.expr, function: Function | None, where: str) -> tuple[set[str], set[str], bool]:
    """Of an input, which names it always has, which it may have, and whether something is spread
    in it of which the names are not seen: written in place, or in a variable of the function."""
    if isinstance(given, ast.Dict):
        names = {one.value for one in given.keys if isinstance(one, ast.Constant)}
        return names, names, None in given.keys
    every = list(ast.walk(function)) if function and isinstance(given, ast.Name) else []
    name = _name(given)
    written = [found for one in every if _sets(one, name) for found in _dicts(one)]
    assert written, f"{where}: write the input out, here or in a variable of the function"
    assert len(written) == 1, f"{where}: write the input out once"
    always, _, is_spread = keys(written[0], None, where)
    return always, always | {key for one in every for key in _added(one, name)}, is_spread


def _dicts(assigned: ast.AST) -> list[ast.Dict]:
    value = getattr(assigned, "value", None)
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return [one for one in values if isinstance(one, ast.Dict)]


def _added(node: ast.AST, name: str) -> Iterator[str]:
    """What `name["key"] = ...` puts into it."""
    for one in _targets(node):
        match one:
            case ast.Subscript(value=ast.Name(id=id), slice=ast.Constant(value=str() as key)):
                if id == name:
                    yield key


def wrong(text: str) -> list[str]:
    return [one.message for one in validate(load(at=PLACE), parse(text), RULES)]


def queries() -> dict[str, str]:
    """By where they stand: constants, and what functions named `..._query` make of a number."""
    found: dict[str, str] = {}
    for file in files():
        module = module_of(file)
        for name, value in vars(module).items():
            if name.endswith(("_QUERY", "_MUTATION")) and isinstance(value, str):
                found[name] = value
            if name.endswith("_query") and inspect.isfunction(value):
                found |= {f"{name}({count})": value(count) for count in (1, 2, 25)}
    return found


def test_there_are_texts_to_check() -> None:
    """The search finds texts: otherwise the other tests would prove nothing."""
    assert len(queries()) >= 5


def test_queries_fit_the_schema() -> None:
    """Every query text validates against GitHub's schema."""
    assert {name: errors for name, text in queries().items() if (errors := wrong(text))} == {}


def test_every_query_is_a_known_text() -> None:
    """What is passed to `.query(...)` is one of the texts that the test above has checked, or a
    literal that is checked here."""
    for file in files():
        for call, function in calls(ast.parse(file.read_text()), "query"):
            match call.args[:1]:
                case []:
                    pass
                case [ast.Constant(value=str() as text)]:
                    assert wrong(text) == [], f"{file}:{call.lineno}"
                case [text]:
                    names = {_name(text), _name(getattr(text, "func", text))}
                    names |= _given(names, function)
                    assert any(one.endswith(("_QUERY", "_query")) for one in names), (
                        f"{file}:{call.lineno}: {ast.unparse(text)} is not checked"
                    )


def _given(names: set[str], function: Function | None) -> set[str]:
    """The names that stand in what these variables of the function are given."""
    every = ast.walk(function) if function else ()
    assigned = [one for one in every if any(_sets(one, name) for name in names)]
    nodes = (node for one in assigned for node in ast.walk(one))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def mutations() -> Iterator[tuple[str, str, str, ast.expr, Function | None]]:
    """Where, name, selection and input of every Mutation(...) in the product, and the function
    around it. A name that is no literal may be any mutation whose name stands in that file."""
    known = set(assert_object_type(load(at=PLACE).mutation_type).fields)
    for file in files():
        module, tree = module_of(file), ast.parse(file.read_text())
        for call, function in calls(tree, "Mutation"):
            given = {one.arg: one.value for one in call.keywords}
            literal = isinstance(given["name"], ast.Constant)
            names = constants(given["name"]) if literal else known & set(constants(tree))
            where = f"{file.relative_to(ROOT)}:{call.lineno}"
            assert names, f"{where}: no mutation is named here"
            for select in texts(given["select"], function, module):
                if select.lstrip().startswith("{"):
                    yield from ((where, one, select, given["input"], function) for one in names)


def test_mutations_fit_the_schema() -> None:
    """Every mutation exists, and what it selects fits its payload."""
    found = list(mutations())
    assert found
    for where, name, select, *_ in found:
        assert name in assert_object_type(load(at=PLACE).mutation_type).fields, where
        kind = f"{name[:1].upper()}{name[1:]}Input!"
        text = f"mutation($i: {kind}) {{ {name}(input: $i) {select} }}"
        assert wrong(text) == [], where


def test_inputs_of_mutations_fit_the_schema() -> None:
    """Every input is written out where it can be read here, its names are those of the schema, and
    none that the schema requires is missing."""
    schema = load(at=PLACE)
    for where, name, _, given, function in mutations():
        field = assert_object_type(schema.mutation_type).fields[name]
        kind: Any = field.args["input"].type
        inputs = assert_input_object_type(kind.of_type).fields
        always, possible, is_spread = keys(given, function, where)
        assert possible <= set(inputs), f"{where}: {name}"
        required = {key for key, one in inputs.items() if str(one.type).endswith("!")}
        assert required <= always or is_spread, f"{where}: {name}"
