"""Saved views are kept with the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from pudm_gui.project.project import Project
from pudm_gui.project.views import SavedView, delete_view, list_views, rename_view, save_view
from training.errors import UserError


def test_views_are_kept_by_name_renamed_and_deleted(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.pudm") as project:
        save_view(project, "  b  view ", "label:sensitive")
        save_view(project, "A", "tag:x")
        save_view(project, "A", "tag:\udcff")  # in place of the first
    with Project.open(tmp_path / "a.pudm") as project:
        assert list_views(project) == [SavedView("A", "tag:\udcff"), SavedView("b view", "label:sensitive")]
        assert rename_view(project, "A", "c") == SavedView("c", "tag:\udcff")
        rename_view(project, "c", "C")
        with pytest.raises(UserError, match="already a view called C"):
            rename_view(project, "b view", "C")
        with pytest.raises(KeyError):
            rename_view(project, "A", "d")
        delete_view(project, "b view")
        delete_view(project, "b view")
        assert [view.name for view in list_views(project)] == ["C"]


def test_a_view_needs_a_name_and_a_project_that_may_be_changed(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.pudm") as project:
        with pytest.raises(UserError, match="needs a name"):
            save_view(project, "  ", "")
        save_view(project, "one", "")
        with Project.open(project.path, read_only=True) as other:
            assert list_views(other) == [SavedView("one", "")]
            for change in (lambda: save_view(other, "two", ""), lambda: delete_view(other, "one")):
                with pytest.raises(UserError, match="read-only"):
                    change()
