"""The issues a specification asks for, before they exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .brief import MANUAL, Brief, is_manual, render
from .errors import PlanError
from .graph import find_cycle, topological
from .issue import META_KEY as META_KEY
from .issue import META_LABEL, Category, Draft, Priority

META_TITLE = "[META] Progress"
_TITLE_LETTERS = 120

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["summary", "issues"],
    "additionalProperties": False,
    "properties": {
        "summary": {"type": "string", "description": "What is being built, in a sentence or two"},
        "issues": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": [
                    "key",
                    "title",
                    "description",
                    "criteria",
                    "checks",
                    "category",
                    "priority",
                    "depends_on",
                    "paths",
                ],
                "properties": {
                    "key": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"},
                    "title": {"type": "string", "minLength": 1, "maxLength": _TITLE_LETTERS},
                    "description": {"type": "string"},
                    "criteria": {"type": "array", "items": {"type": "string"}},
                    "checks": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "Shell commands that exit 0 when it is done, "
                        "or `manual: reason`",
                    },
                    "category": {"enum": [one.value for one in Category]},
                    "priority": {"enum": [one.value for one in Priority]},
                    "depends_on": {"type": "array", "items": {"type": "string"}},
                    "paths": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
"""JSON Schema of a plan as a planning session hands it in, and of `plan.yaml` less its `id`."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One issue of a plan. `depends_on` holds keys of the same plan."""

    key: str
    title: str
    brief: Brief
    category: Category
    priority: Priority
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a specification asks for. `id` makes the creation of its issues idempotent."""

    id: str
    summary: str
    issues: tuple[Planned, ...]

    def key_of(self, planned: Planned) -> str:
        """The idempotency key under which the tracker knows this issue."""
        return f"{self.id}/{planned.key}"

    @property
    def meta_key(self) -> str:
        return f"{self.id}/{META_KEY}"

    def in_order(self) -> tuple[Planned, ...]:
        """Every issue after the ones it depends on, else in the order of the plan."""
        known = {one.key: one for one in self.issues}
        dependants: dict[str, list[str]] = {key: [] for key in known}
        for one in self.issues:
            for key in one.depends_on:
                dependants[key].append(one.key)
        return tuple(known[key] for key in topological(dependants))


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How many issues a plan may have."""

    least: int = 1
    most: int = 50


def lint(raw: object, bounds: Bounds) -> tuple[str, ...]:
    """Everything that is wrong with a handed-in plan, for its author; empty if it is sound."""
    if not isinstance(raw, Mapping):
        return ("A plan is an object with `summary` and `issues`.",)
    issues = raw.get("issues")
    if not isinstance(issues, list) or not issues:
        return ("`issues` must be a list with at least one issue.",)
    if not all(isinstance(one, Mapping) for one in issues):
        return ("Every entry of `issues` must be an object.",)
    return (
        *_count_problems(len(issues), bounds),
        *_key_problems(issues),
        *(problem for one in issues for problem in _issue_problems(one)),
        *_dependency_problems(issues),
    )


def build(raw: Mapping[str, Any], plan_id: str) -> Plan:
    """The plan, from data that `lint` finds sound. Raises PlanError for other data."""
    try:
        issues = tuple(_planned(one) for one in raw["issues"])
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(f"The plan has a wrong shape: {error!r}") from error
    return Plan(id=plan_id, summary=str(raw.get("summary", "")).strip(), issues=issues)


def dump(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, in the shape that `lint` and `build` read."""
    return {
        "id": plan.id,
        "summary": plan.summary,
        "issues": [
            {
                "key": one.key,
                "title": one.title,
                "category": one.category.value,
                "priority": one.priority.value,
                "depends_on": list(one.depends_on),
                "description": one.brief.description,
                "criteria": list(one.brief.criteria),
                "checks": list(one.brief.checks),
                "paths": list(one.brief.paths),
            }
            for one in plan.issues
        ],
    }


def draft(plan: Plan, planned: Planned, ids: Mapping[str, str]) -> Draft:
    """The issue to create; `ids` gives the tracker's ids of the keys that exist by now.

    A dependency that a person deleted has no id and is dropped.
    """
    return Draft(
        title=planned.title,
        body=render(planned.brief),
        priority=planned.priority,
        labels=frozenset({planned.category.value}),
        depends_on=tuple(ids[key] for key in planned.depends_on if key in ids),
        key=plan.key_of(planned),
    )


def meta_draft(plan: Plan) -> Draft:
    return Draft(
        title=META_TITLE,
        body=f"{plan.summary}\n",
        priority=Priority.LOW,
        labels=frozenset({META_LABEL}),
        key=plan.meta_key,
    )


def _planned(raw: Mapping[str, Any]) -> Planned:
    return Planned(
        key=raw["key"],
        title=" ".join(raw["title"].split()),
        brief=Brief(
            description=raw["description"].strip(),
            criteria=tuple(" ".join(one.split()) for one in raw["criteria"]),
            checks=tuple(check.strip() for check in raw["checks"]),
            paths=tuple(path.strip() for path in raw["paths"]),
        ),
        category=Category(raw["category"]),
        priority=Priority(raw["priority"]),
        depends_on=tuple(raw["depends_on"]),
    )


def _count_problems(count: int, bounds: Bounds) -> Iterable[str]:
    if count < bounds.least:
        yield f"The plan has {count} issues; at least {bounds.least} are wanted: split them."
    if count > bounds.most:
        yield f"The plan has {count} issues; at most {bounds.most} are wanted: join some."


def _key_problems(issues: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for key, count in Counter(str(one.get("key")) for one in issues).items():
        if count > 1:
            yield f"The key `{key}` is used {count} times; keys must be unique."
        if key == META_KEY:
            yield f"The key `{META_KEY}` is taken by the progress issue; choose another."
    for title, count in Counter(str(one.get("title")).strip() for one in issues).items():
        if count > 1:
            yield f"The title «{title}» is used {count} times; titles must tell issues apart."


def _issue_problems(one: Mapping[str, Any]) -> Iterable[str]:
    where = f"Issue `{one.get('key', '?')}`"
    if not _is_key(one.get("key")):
        yield f"{where}: `key` must be 1 to 40 lower-case letters, digits and dashes."
    known = SCHEMA["properties"]["issues"]["items"]["properties"]
    for field in one.keys() - known.keys():
        yield f"{where}: `{field}` is not a field of an issue; there are {', '.join(known)}."
    if len(str(one.get("title", ""))) > _TITLE_LETTERS:
        yield f"{where}: `title` has more than {_TITLE_LETTERS} letters."
    for field in ("title", "description"):
        if not isinstance(value := one.get(field), str) or not value.strip():
            yield f"{where}: `{field}` is missing or empty."
    for field in ("criteria", "checks", "paths"):
        if not _is_list_of_text(one.get(field)):
            yield f"{where}: `{field}` must be a list with at least one text."
    for check in one.get("checks") or ():
        if isinstance(check, str) and is_manual(check) and not check[len(MANUAL) :].strip():
            yield f"{where}: a manual check must say why: `manual: reason`."
        if isinstance(check, str) and len(check.strip().splitlines()) > 1:
            yield f"{where}: a check is one line; join commands with `&&`."
    for field, kind in (("category", Category), ("priority", Priority)):
        values = [member.value for member in kind]
        if one.get(field) not in values:
            yield f"{where}: `{field}` must be one of {', '.join(values)}."


def _dependency_problems(issues: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    edges: dict[str, tuple[str, ...]] = {}
    for one in issues:
        needs = one.get("depends_on")
        if not isinstance(needs, list) or not all(isinstance(key, str) for key in needs):
            yield f"Issue `{one.get('key')}`: `depends_on` must be a list of keys."
        else:
            edges[str(one.get("key"))] = tuple(needs)
    for key, needs in edges.items():
        for unknown in (need for need in needs if need not in edges):
            yield f"Issue `{key}` depends on `{unknown}`, which is not in the plan."
    if cycle := find_cycle(edges):
        yield "These issues wait for each other: " + " -> ".join(f"`{key}`" for key in cycle) + "."


def _is_key(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= 40
        and value[0] != "-"
        and all(
            char.isascii() and (char.islower() or char.isdigit() or char == "-") for char in value
        )
    )


def _is_list_of_text(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(entry, str) and entry.strip() for entry in value)
    )
