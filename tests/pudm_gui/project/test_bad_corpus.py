from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.model import ImageFilter, ImageRow
from pudm_gui.project.project import Project
from pudm_gui.project.roots import add_root
from pudm_gui.project.scan import ScanResult, scan
from tests import bad_corpus
from tests.bad_corpus import BadCorpus
from training.images import load

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # pytest undoes the filter of training.images


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadCorpus]:
    corpus = bad_corpus.build(tmp_path_factory.mktemp("bad") / "corpus")
    yield corpus
    (corpus.folder / corpus.locked).chmod(0o700)


@pytest.fixture(scope="module")
def scanned(corpus: BadCorpus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, ScanResult]]:
    with Project.create(tmp_path_factory.mktemp("store") / "bad.pudm") as project:
        add_root(project, corpus.folder)
        yield project, scan(project)


def rows(project: Project, filter_: ImageFilter = ImageFilter()) -> dict[str, ImageRow]:  # noqa: B008
    return {row.path: row for row in image_rows(project, image_ids(project, filter_))}


def test_every_image_is_listed_once_under_its_name(scanned: tuple[Project, ScanResult], corpus: BadCorpus) -> None:
    names = set(rows(scanned[0])) - {f"{corpus.locked}/secret.png"}
    assert names == {*corpus.good, *corpus.bad}


def test_bad_files_have_their_reason_and_good_ones_none(scanned: tuple[Project, ScanResult], corpus: BadCorpus) -> None:
    found = rows(scanned[0])
    assert {name: found[name].problem for name in corpus.good if found[name].problem} == {}
    reasons = {name: found[name].problem for name in corpus.bad}
    assert [name for name, words in corpus.bad.items() if words not in (reasons[name] or "")] == []
    unreadable = rows(scanned[0], ImageFilter("unreadable"))
    assert set(unreadable) >= set(corpus.bad) and not set(unreadable) & set(corpus.good)
    for reason in reasons.values():
        assert reason and reason.endswith(".") and "Errno" not in reason and "Error" not in reason


def test_good_files_show_the_right_picture_the_right_way_up(
    scanned: tuple[Project, ScanResult], corpus: BadCorpus
) -> None:
    found = rows(scanned[0])
    for name, expected in corpus.good.items():
        seen = load(corpus.folder / name)
        assert seen.mode in ("L", "RGB")
        assert (found[name].width, found[name].height) == seen.size == expected.size, name
        difference = np.abs(np.asarray(seen.convert("RGB"), dtype=int) - np.asarray(expected.convert("RGB"), dtype=int))
        assert difference.mean() < 6, f"{name!r} differs by {difference.mean()}"


def test_a_bad_corpus_does_not_hold_up_the_scan(scanned: tuple[Project, ScanResult]) -> None:
    assert scanned[1].seconds < 10
    started = time.monotonic()
    again = scan(scanned[0])
    assert (again.added, again.changed, again.inspected) == (0, 0, 0)
    assert time.monotonic() - started < 2


def test_names_of_any_bytes_are_kept_and_found(scanned: tuple[Project, ScanResult], corpus: BadCorpus) -> None:
    project = scanned[0]
    for name in corpus.good:
        if name.startswith("names/"):
            [row] = [row for path, row in rows(project, ImageFilter(text=name)).items() if path == name]
            assert row.file.is_file()
    assert all("names/percent" in path for path in rows(project, ImageFilter(text="%_\\")))
    assert len(rows(project, ImageFilter(text="%_\\"))) == 1
    assert rows(project, ImageFilter(text="ÜNÏ")).keys() == rows(project, ImageFilter(text="ünï")).keys() != set()


# Root without capabilities is stopped by permissions like anyone else, yet still reads its own private folders.
STOPPED_BY_PERMISSIONS = (
    "import ctypes, os, struct\n"
    "if os.geteuid() == 0:\n"
    "    version_3, none = struct.pack('Ii', 0x20080522, 0), struct.pack('6I', *[0] * 6)\n"
    "    assert ctypes.CDLL(None, use_errno=True).capset(version_3, none) == 0, os.strerror(ctypes.get_errno())\n"
)
needs_permissions = pytest.mark.skipif(
    not hasattr(os, "geteuid") or (os.geteuid() == 0 and sys.platform != "linux"),
    reason="Needs a user whom permissions stop.",
)


@needs_permissions
def test_unreadable_folder_is_told_and_the_scan_goes_on(corpus: BadCorpus) -> None:
    script = STOPPED_BY_PERMISSIONS + (
        "import sys, tempfile; from pathlib import Path\n"
        "from pudm_gui.project.project import Project; from pudm_gui.project.roots import add_root\n"
        "from pudm_gui.project.scan import scan\n"
        "with tempfile.TemporaryDirectory() as place, Project.create(Path(place) / 'a.pudm') as project:\n"
        "    add_root(project, Path(sys.argv[1]))\n"
        "    result = scan(project)\n"
        "    print(result.found); print('\\n'.join(result.problems))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, corpus.folder], capture_output=True, text=True, check=False, cwd=Path.cwd()
    )
    assert done.returncode == 0, done.stderr
    found, *problems = done.stdout.splitlines()
    assert int(found) == len(corpus.good) + len(corpus.bad)
    assert len(problems) == 1
    assert f"{corpus.folder / corpus.locked} could not be listed (Permission denied)" in problems[0]


@needs_permissions
def test_folders_that_may_not_be_entered_stop_neither_scan_nor_project() -> None:
    """A folder whose names can be listed and no more, and an image folder on a disk that is another user's."""
    script = STOPPED_BY_PERMISSIONS + (
        "import tempfile; from pathlib import Path\n"
        "from pudm_gui.project.images import image_ids, image_rows; from pudm_gui.project.project import Project\n"
        "from pudm_gui.project.roots import add_root, roots; from pudm_gui.project.scan import scan\n"
        "with tempfile.TemporaryDirectory() as place, Project.create(Path(place) / 'a.pudm') as project:\n"
        "    images = Path(place, 'images'); listed = images / 'listed'; disk = Path(place, 'disk')\n"
        "    listed.mkdir(parents=True); (listed / 'a.png').write_bytes(b'x'); (disk / 'photos').mkdir(parents=True)\n"
        "    add_root(project, images); add_root(project, disk / 'photos')\n"
        "    listed.chmod(0o444); disk.chmod(0)\n"
        "    result = scan(project)\n"
        "    print([root.available for root in roots(project)], result.inspected)\n"
        "    print(image_rows(project, image_ids(project))[0].problem)\n"
        "    listed.chmod(0o700); disk.chmod(0o700)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[True, False] 1", "The file may not be read by this user."]
