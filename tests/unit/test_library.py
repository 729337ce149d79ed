"""Which specification a project means: never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework import library
from framework.domain.errors import SpecError


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "prompts"


def put(shelf: Path, *names: str) -> None:
    for name in names:
        (shelf / name).mkdir(parents=True)
        (shelf / name / "app_spec.txt").write_text(f"Build {name}.")


def test_the_only_spec_serves_a_new_directory(shelf: Path, tmp_path: Path) -> None:
    put(shelf, "todo")
    directory, spec = library.resolve(tmp_path / "new", None, folder=shelf)
    assert (directory, spec) == (tmp_path / "new", shelf / "todo" / "app_spec.txt")


def test_without_a_directory_it_is_generations_by_name(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, "todo", "shop")
    monkeypatch.chdir(tmp_path)
    directory, spec = library.resolve(None, "shop", folder=shelf)
    assert directory == tmp_path / "generations" / "shop"
    assert spec == shelf / "shop" / "app_spec.txt"


def test_several_specs_are_asked_for_by_name(shelf: Path, tmp_path: Path) -> None:
    put(shelf, "todo", "shop")
    with pytest.raises(SpecError, match=r"--project-name with one of: shop, todo"):
        library.resolve(tmp_path / "new", None, folder=shelf)
    assert library.resolve(tmp_path / "todo", None, folder=shelf)[1] is not None


def test_a_typo_is_refused_with_the_nearest_name(shelf: Path, tmp_path: Path) -> None:
    put(shelf, "todo", "shop")
    with pytest.raises(SpecError, match="Did you mean todo"):
        library.resolve(tmp_path / "x", "tood", folder=shelf)


def test_a_directory_with_other_files_never_gets_a_foreign_spec(
    shelf: Path, tmp_path: Path
) -> None:
    put(shelf, "todo")
    project = tmp_path / "mine"
    project.mkdir()
    (project / "main.py").touch()
    with pytest.raises(SpecError, match=r"has no app_spec\.txt"):
        library.resolve(project, None, folder=shelf)


def test_what_the_project_has_goes_before_the_library(shelf: Path, tmp_path: Path) -> None:
    put(shelf, "todo")
    project = tmp_path / "todo"
    project.mkdir()
    (project / "app_spec.txt").write_text("mine")
    assert library.resolve(project, None, folder=shelf) == (project, None)
    library.place(shelf / "todo" / "app_spec.txt", project)
    library.place(shelf / "todo" / "app_spec.txt", tmp_path / "new")
    assert (tmp_path / "new" / "app_spec.txt").read_text() == "Build todo."
    with pytest.raises(SpecError, match="cannot be made"):
        library.place(None, project / "app_spec.txt" / "below")
    assert (project / "app_spec.txt").read_text() == "mine"


def test_a_file_is_no_project(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpecError, match="takes a directory"):
        library.resolve(tmp_path / "file", None, folder=shelf)
