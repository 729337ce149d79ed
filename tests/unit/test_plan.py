"""The plan's lint, its file, and its order."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from framework.domain import plan
from framework.domain.brief import parse
from framework.domain.errors import PlanError, SpecError
from framework.domain.issue import Priority
from framework.runner.planner import bounds_for, load_plan, read_spec, save_plan

BOUNDS = plan.Bounds(least=1, most=5)


def raw(*keys: str, **depends: list[str]) -> dict[str, Any]:
    return {
        "summary": "A thing.",
        "issues": [
            {
                "key": key,
                "title": f"Title of {key}",
                "description": "Build it.",
                "criteria": ["It is there"],
                "checks": ["make test", "manual: look at it"],
                "category": "functional",
                "priority": "high",
                "depends_on": depends.get(key, []),
                "paths": [f"{key}.py"],
            }
            for key in keys
        ],
    }


def test_a_sound_plan_has_no_problems() -> None:
    assert plan.lint(raw("a", "b", b=["a"]), BOUNDS) == ()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("colour", "red", "`colour` is not a field"),
        ("title", "x" * 121, "more than 120 letters"),
        ("key", "Upper", "`key` must be"),
        ("key", "", "`key` must be"),
        ("key", "meta", "taken by the progress issue"),
        ("title", "  ", "`title` is missing"),
        ("description", None, "`description` is missing"),
        ("criteria", [], "`criteria` must be a list"),
        ("checks", [], "`checks` must be a list"),
        ("checks", ["manual:"], "must say why"),
        ("checks", ["set -e\nmake test"], "a check is one line"),
        ("checks", "make test", "`checks` must be a list"),
        ("paths", [""], "`paths` must be a list"),
        ("category", "fun", "must be one of functional, style, infrastructure"),
        ("priority", "p1", "must be one of urgent, high, medium, low"),
        ("depends_on", "a", "`depends_on` must be a list"),
        ("depends_on", ["nobody"], "not in the plan"),
        ("depends_on", ["a"], "wait for each other: `a` -> `a`"),
    ],
)
def test_each_fault_is_named(field: str, value: object, said: str) -> None:
    """The author is told which issue and which field, in words it can act on."""
    broken = raw("a", "b")
    broken["issues"][0][field] = value
    assert any(said in problem for problem in plan.lint(broken, BOUNDS))


@pytest.mark.parametrize("missing", list(raw("a")["issues"][0]))
def test_a_missing_field_is_a_problem_not_a_crash(missing: str) -> None:
    broken = raw("a")
    del broken["issues"][0][missing]
    assert plan.lint(broken, BOUNDS)


@pytest.mark.parametrize("junk", [None, 3, [], {}, {"issues": {}}, {"issues": [1]}, "x"])
def test_junk_is_a_problem_not_a_crash(junk: object) -> None:
    assert plan.lint(junk, BOUNDS)


def test_keys_and_titles_must_be_unique_and_cycles_are_shown() -> None:
    twice = raw("a", "a", "b", "c", b=["c"], c=["b"])
    said = "\n".join(plan.lint(twice, BOUNDS))
    assert "`a` is used 2 times" in said
    assert "«Title of a» is used 2 times" in said
    assert "`b` -> `c` -> `b`" in said


def test_the_number_of_issues_is_bounded() -> None:
    assert "at most 5" in plan.lint(raw(*"abcdef"), BOUNDS)[0]
    assert "at least 3" in plan.lint(raw("a"), plan.Bounds(least=3, most=9))[0]


def test_a_full_specification_wants_25_to_50_issues_and_a_small_one_fewer() -> None:
    assert bounds_for("x" * 20_000) == plan.Bounds(least=25, most=50)
    assert bounds_for("x" * 900).least == 1


def test_the_file_gives_back_the_plan_and_may_be_edited(tmp_path: Path) -> None:
    """What a person changes in plan.yaml is what is read."""
    made = plan.build(raw("a", "b", b=["a"]), "p1")
    save_plan(made, tmp_path / "plan.yaml")
    assert load_plan(tmp_path / "plan.yaml") == made
    text = (tmp_path / "plan.yaml").read_text()
    (tmp_path / "plan.yaml").write_text(text.replace("priority: high", "priority: low"))
    assert {one.priority for one in load_plan(tmp_path / "plan.yaml").issues} == {Priority.LOW}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "not a sound plan"),
        (yaml.safe_dump(raw("a")), "`id` must be a text"),
        (yaml.safe_dump({"id": "x", **raw("a", a=["q"])}), "`q`, which is not in the plan"),
    ],
)
def test_a_broken_plan_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(PlanError, match=said):
        load_plan(tmp_path / "plan.yaml")


def test_issues_are_created_after_what_they_depend_on() -> None:
    made = plan.build(raw("a", "b", "c", a=["c"], c=["b"]), "p1")
    assert [one.key for one in made.in_order()] == ["b", "c", "a"]


def test_a_draft_carries_the_brief_the_key_and_only_known_dependencies() -> None:
    made = plan.build(raw("a", "b", b=["a"]), "p1")
    draft = plan.draft(made, made.issues[1], {})
    assert draft.depends_on == ()
    assert draft.key == "p1/b"
    assert draft.labels == {"functional"}
    assert parse(draft.body) == made.issues[1].brief
    assert plan.draft(made, made.issues[1], {"a": "7"}).depends_on == ("7",)


def test_the_schema_names_exactly_the_fields_that_lint_knows() -> None:
    fields = plan.SCHEMA["properties"]["issues"]["items"]
    assert set(fields["properties"]) == set(raw("a")["issues"][0]) == set(fields["required"])


def test_lint_does_not_change_what_it_reads() -> None:
    before = raw("a")
    after = copy.deepcopy(before)
    plan.lint(after, BOUNDS)
    assert after == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"  \n\t", "is empty"),
        (b"\xff\xfe\x00bad", "not UTF-8"),
        (b"PK\x00\x03", "binary"),
        (b"x" * 1_000_000, "at most 400,000"),
    ],
)
def test_a_spec_nobody_could_plan_from_is_refused_clearly(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "app_spec.txt").write_bytes(content)
    with pytest.raises(SpecError, match=said):
        read_spec(tmp_path / "app_spec.txt")


def test_a_missing_spec_and_a_directory_are_refused_clearly(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="No such file"):
        read_spec(tmp_path / "nothing")
    with pytest.raises(SpecError, match="Is a directory"):
        read_spec(tmp_path)
