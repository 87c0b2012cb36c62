from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pudm_gui.project.exchange.importing import import_labels
from pudm_gui.project.images import counts, image_ids, image_rows
from pudm_gui.project.labels import redo, set_label, undo
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project, ProjectBusyError
from pudm_gui.project.roots import add_root, repoint, roots
from pudm_gui.project.scan import scan
from tests.pudm_gui.project.conftest import set_tags, write_image
from training.errors import UserError

HOLDER = """
import sys, time
from pathlib import Path
from pudm_gui.project.project import Project
project = Project.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def test_second_open_for_writing_is_refused(project: Project) -> None:
    with pytest.raises(ProjectBusyError, match="already open"):
        Project.open(project.path)
    project.close()
    Project.open(project.path).close()


def test_read_only_sees_labels_as_they_come(project: Project, ids: Ids) -> None:
    with Project.open(project.path, read_only=True) as second:
        assert second.read_only and not project.read_only
        set_label(project, ids[:4], Label.SENSITIVE)
        assert counts(second).sensitive == 4


def test_read_only_refuses_every_write(project: Project, ids: Ids, tmp_path: Path) -> None:
    set_label(project, ids[:2], Label.SENSITIVE)
    undo(project)
    table = tmp_path / "labels.csv"
    table.write_text("path,label\nimg1.png,normal\n")
    other = tmp_path / "other"
    write_image(other / "a.png")
    with Project.open(project.path, read_only=True) as second:
        for write in (
            lambda: set_label(second, ids, Label.NORMAL),
            lambda: undo(second),
            lambda: redo(second),
            lambda: set_tags(second, int(ids[0]), ["x"]),
            lambda: add_root(second, other),
            lambda: import_labels(second, table),
        ):
            with pytest.raises(UserError, match="read-only"):
                write()


def test_read_only_scan_is_refused(project: Project, pictures: Path) -> None:
    write_image(pictures / "new.png", seed=50)
    with Project.open(project.path, read_only=True) as second, pytest.raises(UserError, match="read-only"):
        scan(second)


NOBODY = """
import os, sys
from pathlib import Path
from pudm_gui.project.images import counts
from pudm_gui.project.project import Project
from training.errors import UserError
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
with Project.open(Path(sys.argv[1]), read_only=True) as project:
    print(counts(project).sensitive)
try:
    Project.open(Path(sys.argv[1]))
except UserError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes.")
def test_project_on_a_read_only_disk_opens_read_only(project: Project, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    path = project.path
    project.close()
    private = [folder for folder in path.parents if folder.stat().st_mode & 0o077 == 0]  # else nobody gets this far
    modes = {folder: folder.stat().st_mode for folder in (path, *private)}
    (path / "project.sqlite").chmod(0o444)
    try:
        for folder in modes:
            folder.chmod(0o555)
        done = subprocess.run([sys.executable, "-c", NOBODY, path], capture_output=True, text=True, check=False)
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)
    assert done.returncode == 0, done.stderr
    count, sentence = done.stdout.splitlines()
    assert count == "1"
    assert "may not be written" in sentence


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="This system has no SIGKILL.")
def test_lock_ends_with_a_killed_process(project: Project) -> None:
    project.close()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(project.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(ProjectBusyError):
            Project.open(project.path)
        holder.kill()
        holder.wait()
    Project.open(project.path).close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes.")
def test_files_are_private_to_the_user(project: Project, ids: Ids) -> None:
    set_label(project, ids, Label.SENSITIVE)
    assert stat.S_IMODE(project.path.stat().st_mode) == 0o700
    for path in project.path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_create_refuses_what_is_there_and_odd_names(tmp_path: Path, project: Project) -> None:
    with pytest.raises(UserError, match="already exists"):
        Project.create(project.path)
    with pytest.raises(UserError, match=r"\.pudm"):
        Project.create(tmp_path / "name")
    (tmp_path / "file.pudm").touch()
    with pytest.raises(UserError, match="already exists"):
        Project.create(tmp_path / "file.pudm")
    (tmp_path / "empty.pudm").mkdir()
    Project.create(tmp_path / "empty.pudm").close()
    with pytest.raises(UserError, match="cannot be created"):
        Project.create(tmp_path / "file.pudm" / "inside.pudm")


def test_every_thread_may_use_the_store(project: Project, ids: Ids) -> None:
    seen: list[int] = []

    def work() -> None:
        set_label(project, ids[:1], Label.NORMAL)
        seen.append(len(image_ids(project)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [10] * 8
    assert counts(project).normal == 1


def test_closing_twice_and_using_after_close(project: Project, ids: Ids) -> None:
    project.close()
    project.close()
    for use in (project.connect, lambda: image_ids(project), lambda: set_label(project, ids, Label.NORMAL)):
        with pytest.raises(UserError, match="closed"):
            use()


def test_closing_under_the_queries_of_other_threads_is_safe(project: Project, ids: Ids) -> None:
    started, ended = threading.Barrier(5), []

    def work() -> None:
        image_ids(project)
        started.wait()
        try:
            while True:
                image_rows(project, ids)
                set_label(project, ids[:1], Label(1 + len(ended) % 2))
        except UserError as error:
            ended.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    project.close()
    for thread in threads:
        thread.join()
    assert len(ended) == 4 and all("closed" in sentence for sentence in ended)
    Project.open(project.path).close()


def test_roots_may_not_overlap(project: Project, pictures: Path, tmp_path: Path) -> None:
    assert add_root(project, pictures).id == roots(project)[0].id
    (pictures / "inner").mkdir()
    with pytest.raises(UserError, match="lies inside"):
        add_root(project, pictures / "inner")
    with pytest.raises(UserError, match="contains"):
        add_root(project, tmp_path)
    link = tmp_path / "link"
    link.symlink_to(pictures, target_is_directory=True)
    assert add_root(project, link).path == pictures
    with pytest.raises(UserError, match="not a folder"):
        add_root(project, pictures / "img1.png")


def test_moved_corpus_is_repointed_in_one_step(project: Project, ids: Ids, pictures: Path, tmp_path: Path) -> None:
    set_label(project, ids[:3], Label.SENSITIVE)
    moved = pictures.rename(tmp_path / "elsewhere")
    [root] = roots(project)
    assert not root.available
    result = scan(project)
    assert "cannot be reached" in result.problems[0] and result.missing == 0
    with pytest.raises(UserError, match="not a folder"):
        repoint(project, root.id, tmp_path / "nowhere")
    repoint(project, root.id, moved)
    result = scan(project)
    assert (result.problems, result.added, result.missing, result.inspected) == ([], 0, 0, 0)
    assert counts(project).sensitive == 3
