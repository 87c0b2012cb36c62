from __future__ import annotations

import builtins
import io
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pudm_gui.project.facets import facets
from pudm_gui.project.images import counts, image_ids, image_rows
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Counts, Ids, ImageFilter, ImageRow, Label
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root, repoint
from pudm_gui.project.scan import ScanProgress, scan
from tests.pudm_gui.project.conftest import make_unreadable, write_image


def rows(project: Project, filter_: ImageFilter = ImageFilter()) -> dict[str, ImageRow]:  # noqa: B008
    return {row.path: row for row in image_rows(project, image_ids(project, filter_))}


def touch_later(path: Path) -> None:
    """Move the time of `path` on, whatever the granularity of the file system."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 2_000_000_000))


def test_scan_finds_images_recursively_by_suffix(make_project: Callable[..., Project], tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    for name in ("a.png", "deep/er/b.PNG", "c.JPeG", ".hidden.png", ".cache/d.png", "other.pudm/runs/e.png"):
        write_image(folder / name, seed=len(name))
    (folder / "notes.txt").write_text("no image")
    project = make_project(folder)
    found = rows(project)
    assert set(found) == {"a.png", "deep/er/b.PNG", "c.JPeG"}
    row = found["deep/er/b.PNG"]
    assert (row.width, row.height, row.format, row.problem) == (8, 8, "PNG", None)
    assert row.file == folder / "deep/er/b.PNG" and row.size == row.file.stat().st_size
    assert row.modified == pytest.approx(row.file.stat().st_mtime)
    assert len(row.sha256) == 64


def test_second_scan_looks_only_into_what_changed(project: Project, pictures: Path) -> None:
    result = scan(project)
    assert (result.found, result.added, result.changed, result.inspected) == (10, 0, 0, 0)
    before = rows(project)["img3.png"].sha256
    write_image(pictures / "img3.png", seed=99)
    touch_later(pictures / "img3.png")
    write_image(pictures / "sub/new.png", seed=100)
    result = scan(project)
    assert (result.found, result.added, result.changed, result.inspected) == (11, 1, 1, 2)
    assert rows(project)["img3.png"].sha256 != before


def test_vanished_image_stays_with_label_and_reason_and_comes_back(project: Project, pictures: Path, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    (pictures / "img1.png").rename(pictures / "img1.away")
    assert scan(project).missing == 1
    row = rows(project)["img1.png"]
    assert (row.problem, row.label) == ("The file is no longer there.", Label.SENSITIVE)
    assert counts(project).unreadable == 1
    assert scan(project).missing == 0, "told once"
    (pictures / "img1.away").rename(pictures / "img1.png")
    result = scan(project)
    row = rows(project)["img1.png"]
    assert (row.problem, row.label, result.inspected) == (None, Label.SENSITIVE, 0)


def test_moved_image_keeps_id_and_label(project: Project, pictures: Path, ids: Ids) -> None:
    set_label(project, ids[:2], Label.SENSITIVE)
    (pictures / "kept").mkdir()
    (pictures / "img1.png").rename(pictures / "kept/another name.png")
    result = scan(project)
    assert (result.moved, result.added, result.missing, result.inspected) == (1, 0, 0, 0)
    found = rows(project)
    assert "img1.png" not in found and len(found) == 10
    row = found["kept/another name.png"]
    assert (row.id, row.label, row.problem) == (ids[0], Label.SENSITIVE, None)


def test_cancelled_while_a_moved_image_is_read_it_keeps_its_label(project: Project, pictures: Path, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    (pictures / "img1.png").rename(pictures / "moved.png")
    asked = iter([False, False, False])  # in the walk, after it, before the file; then while its content is read
    assert scan(project, cancelled=lambda: next(asked, True)).added == 0
    assert scan(project).moved == 1
    assert rows(project)["moved.png"].label == Label.SENSITIVE


def test_image_moved_to_another_root_keeps_its_label(
    project: Project, pictures: Path, ids: Ids, tmp_path: Path
) -> None:
    set_label(project, ids[:1], Label.NORMAL)
    other = tmp_path / "other"
    other.mkdir()
    root = add_root(project, other)
    (pictures / "img1.png").rename(other / "img1.png")
    assert scan(project).moved == 1
    [row] = [row for row in rows(project).values() if row.root_id == root.id]
    assert (row.id, row.label, row.file) == (ids[0], Label.NORMAL, other / "img1.png")


def test_copy_of_an_image_is_an_image_of_its_own(project: Project, pictures: Path, ids: Ids) -> None:
    set_label(project, ids[:1], Label.SENSITIVE)
    shutil.copy(pictures / "img1.png", pictures / "copy.png")
    result = scan(project)
    assert (result.moved, result.added) == (0, 1)
    assert rows(project)["copy.png"].label == Label.UNLABELED


def test_swapped_copies_go_to_their_own_names(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """Of two gone images with one content, the file goes to the one of the same name."""
    folder = tmp_path / "twins"
    write_image(folder / "one/a.png", seed=1)
    write_image(folder / "one/b.png", seed=1)
    project = make_project(folder)
    before = {path: row.id for path, row in rows(project).items()}
    (folder / "one").rename(folder / "two")
    assert scan(project).moved == 2
    after = {path: row.id for path, row in rows(project).items()}
    assert after == {"two/a.png": before["one/a.png"], "two/b.png": before["one/b.png"]}


def test_file_of_the_same_size_but_other_content_is_not_taken_for_a_moved_one(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    folder = tmp_path / "corpus"
    for name, content in (("a.bmp", b"BMone"), ("b.bmp", b"BMtwo")):
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    project = make_project(folder)
    (folder / "a.bmp").unlink()
    (folder / "c.bmp").write_bytes(b"BMnew")
    result = scan(project)
    assert (result.moved, result.added, result.missing) == (0, 1, 1)


def test_folder_that_cannot_be_listed_is_told_and_its_images_stay(
    make_project: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "corpus"
    for name in ("a.png", "locked/b.png", "locked/in/c.png", "lockedtoo/d.png", "z/e.png"):
        write_image(folder / name, seed=len(name))
    project = make_project(folder)
    (folder / "z/e.png").unlink()
    listing = os.scandir

    def scandir(path: str) -> object:
        if Path(path) == folder / "locked":
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = scan(project)
    assert len(result.problems) == 1
    assert str(folder / "locked") in result.problems[0] and "could not be listed" in result.problems[0]
    assert [path for path, row in rows(project).items() if row.problem] == ["z/e.png"]


def test_progress_tells_both_phases_and_ends_complete(make_project: Callable[..., Project], pictures: Path) -> None:
    project = make_project()
    add_root(project, pictures)
    told: list[ScanProgress] = []
    scan(project, progress=told.append)
    assert told[-1] == ScanProgress("inspect", 10, 10)


def test_cancelled_scan_goes_on_next_time(make_project: Callable[..., Project], tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    for number in range(600):
        (folder / f"{number % 3}").mkdir(parents=True, exist_ok=True)
        (folder / f"{number % 3}" / f"{number}.png").write_bytes(b"not yet a picture %d" % number)
    project = make_project()
    add_root(project, folder)
    asked = iter([False, False, True])  # the folder itself has no images; the first one in it; the second
    result = scan(project, cancelled=lambda: next(asked, True))
    assert result.cancelled and result.inspected == 0 and result.added == 200
    result = scan(project)
    assert not result.cancelled and counts(project).total == counts(project).unreadable == 600


def test_images_appear_before_they_are_inspected(make_project: Callable[..., Project], pictures: Path) -> None:
    project = make_project()
    add_root(project, pictures)
    seen: list[int] = []
    result = scan(project, progress=lambda _: None, cancelled=lambda: bool(seen.append(counts(project).total)))
    assert result.inspected == 10
    assert seen[1] == 10


def test_labels_are_saved_while_a_scan_runs(
    make_project: Callable[..., Project], pictures: Path, tmp_path: Path
) -> None:
    """A label never waits for the scan for long, and neither loses anything of the other's."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4000):
        (folder / f"{number}.png").write_bytes(b"no picture %d" % number)
    project = make_project(pictures)
    add_root(project, folder)
    ids = image_ids(project)
    worker = threading.Thread(target=scan, args=(project,))
    waits = []
    worker.start()
    for turn in range(10_000):
        started = time.monotonic()
        set_label(project, ids[turn % 10 : turn % 10 + 1], Label(1 + turn // 10 % 2))
        waits.append(time.monotonic() - started)
        if not worker.is_alive():
            break
    worker.join()
    assert len(waits) > 20
    assert counts(project).total == 4010
    assert sorted(waits)[len(waits) // 2] < 0.1


def test_problem_found_later_is_kept_until_the_file_changes(project: Project, pictures: Path, ids: Ids) -> None:
    make_unreadable(project, ids[0])
    scan(project)
    assert rows(project)["img1.png"].problem == "The file is damaged."
    assert image_ids(project, ImageFilter("unreadable")).tolist() == [ids[0]]
    write_image(pictures / "img1.png", seed=1000)
    touch_later(pictures / "img1.png")
    scan(project)
    assert rows(project)["img1.png"].problem is None


def test_real_photos(make_project: Callable[..., Project], test_data: Path) -> None:
    project = make_project(test_data / "photos")
    totals = counts(project)
    assert totals.total > 700 and totals.unreadable == 0
    assert all(row.width and row.height and row.sha256 for row in rows(project).values())
    portraits = [row for path, row in rows(project).items() if "exif-samples/orientation/portrait" in path]
    assert len(portraits) == 8 and all(row.height > row.width for row in portraits)


def test_content_that_changed_under_a_label_is_told_until_a_label_is_given_again(
    project: Project, pictures: Path, ids: Ids
) -> None:
    set_label(project, ids[:3], Label.SENSITIVE)
    for name in ("img1.png", "img4.png"):  # labeled, and not
        write_image(pictures / name, seed=500)
        touch_later(pictures / name)
    touch_later(pictures / "img2.png")  # another time, the same content
    assert scan(project).changed == 3
    assert list(rows(project, ImageFilter(changed=True))) == ["img1.png"]
    assert scan(project).changed == 0
    touch_later(pictures / "img1.png")
    scan(project)
    assert list(rows(project, ImageFilter(changed=True))) == ["img1.png"]
    set_label(project, ids[:1], Label.SENSITIVE)
    assert not rows(project, ImageFilter(changed=True))
    touch_later(pictures / "img1.png")
    scan(project)
    assert not rows(project, ImageFilter(changed=True))


def test_content_that_changed_is_known_also_where_the_scan_was_cut_off(
    project: Project, pictures: Path, ids: Ids
) -> None:
    set_label(project, ids[:1], Label.NORMAL)
    write_image(pictures / "img1.png", seed=501)
    touch_later(pictures / "img1.png")
    finding = [True]

    def watch(progress: ScanProgress) -> None:
        finding[0] = progress.phase == "find"

    assert scan(project, progress=watch, cancelled=lambda: not finding[0]).inspected == 0
    assert not rows(project, ImageFilter(changed=True)), "nobody knows yet"
    touch_later(pictures / "img1.png")
    scan(project)
    assert list(rows(project, ImageFilter(changed=True))) == ["img1.png"]


def test_scan_of_an_unchanged_tree_opens_no_file(
    project: Project, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pictures / "img3.png").rename(pictures / "img3.away")
    scan(project)  # also where an image is gone
    opened: list[str] = []
    really = builtins.open

    def watched(file: object, *args: object, **kwargs: object) -> object:
        opened.append(str(file))
        return really(file, *args, **kwargs)  # type: ignore[call-overload]

    for module in (builtins, io):
        monkeypatch.setattr(module, "open", watched)
    result = scan(project)
    assert (result.found, opened) == (9, [])
    touch_later(pictures / "img1.png")
    scan(project)
    assert set(opened) == {str(pictures / "img1.png")}


def test_folder_that_vanished_comes_back_with_its_labels(project: Project, pictures: Path, ids: Ids) -> None:
    """As a disk that is taken out: its folder is gone, or it is there and empty."""
    set_label(project, ids[:4], Label.SENSITIVE)
    away = pictures.with_name("away")
    pictures.rename(away)
    result = scan(project)
    assert "cannot be reached" in result.problems[0] and result.missing == 0
    pictures.mkdir()
    assert scan(project).missing == 10
    pictures.rmdir()
    away.rename(pictures)
    result = scan(project)
    assert (result.added, result.changed, result.moved, result.inspected) == (0, 0, 0, 0)
    assert counts(project) == Counts(total=10, unlabeled=6, sensitive=4, normal=0, unreadable=0)


def test_root_that_moved_is_pointed_to_in_one_step(project: Project, pictures: Path, ids: Ids) -> None:
    set_label(project, ids[:4], Label.SENSITIVE)
    elsewhere = pictures.with_name("elsewhere")
    pictures.rename(elsewhere)
    repoint(project, 1, elsewhere)
    result = scan(project)
    assert (result.found, result.added, result.missing, result.inspected) == (10, 0, 0, 0)
    assert rows(project)["img1.png"].file == elsewhere / "img1.png"
    assert counts(project).sensitive == 4


def test_renamed_folder_is_found_again_by_content(make_project: Callable[..., Project], tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    for number in range(12):
        write_image(folder / f"old name/in/{number}.png", seed=number)
    write_image(folder / "other/1.png", seed=100)
    project = make_project(folder)
    before = {path.rpartition("/")[2]: row.id for path, row in rows(project).items() if path.startswith("old")}
    set_label(project, image_ids(project, ImageFilter(folder="old name")), Label.SENSITIVE)
    (folder / "old name").rename(folder / "new name")
    result = scan(project)
    assert (result.moved, result.added, result.missing, result.inspected) == (12, 0, 0, 0)
    after = rows(project, ImageFilter("sensitive", folder="new name"))
    assert {path.rpartition("/")[2]: row.id for path, row in after.items()} == before
    assert facets(project).folders == ("new name", "new name/in", "other")
    assert scan(project).moved == 0


def test_folder_is_compared_again_where_a_scan_was_cut_off_in_it(project: Project, pictures: Path, ids: Ids) -> None:
    """What a scan has taken in before it is stopped does not make the folder pass for known."""
    (pictures / "img1.png").rename(pictures / "img1.away")
    calls = iter([False])  # the folder is compared, but what is missing in it is not marked
    scan(project, cancelled=lambda: next(calls, True))
    assert rows(project)["img1.png"].problem is None
    assert scan(project).missing == 1
    (pictures / "img1.away").rename(pictures / "img1.png")
    calls = iter([False])
    scan(project, cancelled=lambda: next(calls, True))
    (pictures / "img1.png").rename(pictures / "img1.away")  # the folder is as it was
    assert scan(project).found == 9
    assert rows(project)["img1.png"].problem == "The file is no longer there."


def test_changes_are_found_in_every_part_of_a_large_folder(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(1100):
        (folder / f"{number}.png").write_bytes(b"no picture %d" % number)
    (folder / "Ünï \udce9.png").write_bytes(b"none either")
    project = make_project(folder)
    for number in range(0, 1100, 100):
        (folder / f"{number}.png").unlink()
        (folder / f"{number + 1}.png").write_bytes(b"another content")
    (folder / "new.png").write_bytes(b"new, and of a size of its own")
    result = scan(project)
    assert (result.found, result.added, result.changed, result.missing) == (1091, 1, 11, 11)
    assert scan(project).changed == 0
