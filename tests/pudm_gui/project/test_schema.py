from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from pudm_gui.project import schema
from pudm_gui.project.connection import connect
from pudm_gui.project.images import counts, image_ids, image_rows
from pudm_gui.project.labels import undo
from pudm_gui.project.model import ImageFilter, Label
from pudm_gui.project.project import DATABASE, Project
from tests.pudm_gui.project.conftest import project_of_format
from training.errors import UserError


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A project folder with a database of the first format."""
    return project_of_format(1, tmp_path / "old.pudm")


def layout(db: sqlite3.Connection) -> dict[str, object]:
    """Tables with their columns and keys, indexes and triggers, without the wording of the SQL that made them."""
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    tables = {
        name: (
            sorted(db.execute(f"PRAGMA table_xinfo({name})").fetchall(), key=lambda column: column[1]),
            sorted(db.execute(f"PRAGMA foreign_key_list({name})").fetchall()),
            sorted(
                (index[1:], db.execute(f"PRAGMA index_xinfo({index[1]})").fetchall())
                for index in db.execute(f"PRAGMA index_list({name})")
            ),
        )
        for name in names
    }
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
    return {"tables": tables, "triggers": triggers, "version": schema.version(db)}


def test_migrated_project_equals_a_fresh_one(old: Path, tmp_path: Path) -> None:
    with Project.create(tmp_path / "new.pudm") as new, Project.open(old) as migrated:
        assert layout(migrated.db) == layout(new.db)
        assert schema.version(new.db) == schema.VERSION == 4
        assert migrated.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert migrated.db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_migration_keeps_labels_and_gives_images_their_order(old: Path) -> None:
    with Project.open(old) as project:
        assert [row.path for row in image_rows(project, image_ids(project))] == [
            "caf\udce9.png",
            "img2.png",
            "img10.png",
            "ÜBER.png",
        ]
        assert image_ids(project, ImageFilter(text="über")).tolist() == [3]
        [labeled] = image_rows(project, image_ids(project, ImageFilter("sensitive")))
        assert (labeled.id, labeled.label, labeled.tags) == (2, Label.SENSITIVE, ("face",))
        undo(project)
        assert counts(project).sensitive == 0


def test_migration_leaves_a_backup_of_the_old_file(old: Path) -> None:
    Project.open(old).close()
    backup = old / "project-format-1.backup"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(connect(backup)) as db:
        assert schema.version(db) == 1
        assert db.execute("SELECT count(*) FROM images").fetchone() == (4,)


def test_failed_migration_leaves_the_old_file_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(db: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, fail))
        patch.setattr(schema, "VERSION", 3)
        with pytest.raises(RuntimeError):
            Project.open(old)
    with closing(connect(old / DATABASE)) as db:
        assert schema.version(db) == 1
        assert "sort_key" not in [row[1] for row in db.execute("PRAGMA table_info(images)")]
    Project.open(old).close()


def test_old_project_read_only_says_what_to_do(old: Path) -> None:
    with pytest.raises(UserError, match="older version"):
        Project.open(old, read_only=True)


@pytest.mark.parametrize("read_only", [False, True])
def test_project_from_a_newer_version_is_refused(project: Project, read_only: bool) -> None:
    project.db.execute("PRAGMA user_version = 99")
    project.close()
    with pytest.raises(UserError, match="newer version") as caught:
        Project.open(project.path, read_only=read_only)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100], ids=["empty", "text"])
def test_what_is_no_project_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "odd.pudm"
    folder.mkdir()
    (folder / DATABASE).write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(UserError, match=r"not a project|no project file"):
            Project.open(folder, read_only=read_only)
    (folder / DATABASE).unlink()
    with pytest.raises(UserError, match="not a project"):
        Project.open(folder)


def test_another_program_s_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "other.pudm"
    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute("CREATE TABLE mine (x)")
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(UserError, match="not a project"):
        Project.open(folder)
    assert (folder / DATABASE).read_bytes() == before
