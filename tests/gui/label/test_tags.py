"""Tags: which kind of sensitive image this is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pudm_gui.label.page import LabelPage
from pudm_gui.label.tags.editor import TagChip
from pudm_gui.project.history import history
from pudm_gui.project.images import image_ids, image_rows, labels_for
from pudm_gui.project.kinds import tag_as_sensitive
from pudm_gui.project.labels import set_label, undo
from pudm_gui.project.model import ImageFilter, Label
from pudm_gui.project.project import Project
from pudm_gui.project.tags import tag_images
from pudm_gui.session import Session
from tests.gui.label.driver import CTRL, SHIFT, Driver


@pytest.fixture
def tagged(page_of: Callable[..., Driver], digits: Path) -> Driver:
    """Six sensitive digits, three normal; the first two have the tag "face", the first "hands" as well."""
    page = page_of(digits, sensitive=6, normal=3)
    project = page.page.session.project
    ids = image_ids(project, ImageFilter())
    tag_images(project, ids[:1], added=["hands"])
    page.page.session.labels_changed.emit(tag_images(project, ids[:2], added=["face"]))
    page.settle()
    return page


def tags(page: Driver, *places: int) -> list[tuple[str, ...]]:
    ids = page.page.model.ids[list(places)]
    return [row.tags for row in image_rows(page.page.session.project, ids)]


def chips(page: LabelPage) -> list[str]:
    return [chip.text() for chip in page.close_up.tag_editor._chips]


def chip(page: LabelPage, tag: str) -> TagChip:
    return next(chip for chip in page.close_up.tag_editor._chips if chip.tag == tag)


def test_a_tag_marks_unlabeled_images_sensitive_in_the_same_action(session: Session) -> None:
    project = session.project
    ids = image_ids(project, ImageFilter())
    set_label(project, ids[:1], Label.SENSITIVE)
    set_label(project, ids[3:5], Label.NORMAL)
    change, normal = tag_as_sensitive(project, ids[:5], added=[" face "])
    assert change is not None and change.count == 3 and normal == 2
    assert labels_for(project, ids[:5]).tolist() == [1, 1, 1, 2, 2]
    assert [row.tags for row in image_rows(project, ids[:5])] == [("face",)] * 3 + [(), ()]
    assert history(project)[0].tags == ("+face",) and history(project)[0].label == Label.SENSITIVE
    undo(project)
    assert labels_for(project, ids[:5]).tolist() == [1, 0, 0, 2, 2]
    assert all(row.tags == () for row in image_rows(project, ids[:5]))


def test_taking_a_tag_off_changes_no_label(session: Session) -> None:
    project = session.project
    ids = image_ids(project, ImageFilter())
    tag_as_sensitive(project, ids[:2], added=["face"])
    set_label(project, ids[:1], Label.NORMAL)
    tag_as_sensitive(project, ids[:2], removed=["face"])
    assert labels_for(project, ids[:2]).tolist() == [Label.NORMAL, Label.SENSITIVE]
    assert all(row.tags == () for row in image_rows(project, ids[:2]))
    assert tag_as_sensitive(project, ids[:1], added=["face"]) == (None, 1)


def test_tags_of_one_image_are_typed_and_taken_off_by_a_click(tagged: Driver) -> None:
    page = tagged.page
    tagged.click(0)
    tagged.settle()
    assert chips(page) == ["face", "hands"]
    tagged.key(Qt.Key.Key_T)
    assert page.close_up.tags.hasFocus()
    QTest.keyClicks(page.close_up.tags, " two  words, odd,face")
    QTest.keyClick(page.close_up.tags, Qt.Key.Key_Return)
    tagged.settle()
    assert tags(tagged, 0) == [("face", "hands", "odd", "two words")] and tagged.view.hasFocus()
    chip(page, "hands").click()
    tagged.settle()
    assert chips(page) == ["face", "odd", "two words"]
    tagged.key(Qt.Key.Key_Z, CTRL)
    tagged.settle()
    assert "hands" in chips(page)


def test_a_selection_shows_mixed_tags_and_is_tagged_as_one(tagged: Driver) -> None:
    page = tagged.page
    tagged.click(0)
    tagged.click(4, SHIFT)
    tagged.settle()
    assert page.close_up.tag_editor.title.text() == "Tags of 5 images"
    assert chips(page) == ["face  2", "hands  1"]
    chip(page, "face").click()
    tagged.settle()
    assert tags(tagged, *range(6)) == [("face", "hands"), *[("face",)] * 4, ()]
    assert chips(page) == ["face", "hands  1"]
    assert history(page.session.project)[0].count == 3
    chip(page, "face").click()
    tagged.settle()
    assert tags(tagged, 0, 1) == [("hands",), ()]


def test_number_keys_put_tags_on_and_take_them_off(tagged: Driver) -> None:
    page = tagged.page
    assert page.tags.numbered == ["face", "hands"]
    tagged.click(2)
    tagged.key(Qt.Key.Key_2)
    tagged.key(Qt.Key.Key_1)
    tagged.settle()
    assert tags(tagged, 2) == [("face", "hands")]
    tagged.key(Qt.Key.Key_2)
    tagged.settle()
    assert tags(tagged, 2) == [("face",)]
    tagged.click(20)  # not labeled yet
    tagged.key(Qt.Key.Key_1)
    tagged.settle()
    assert tags(tagged, 20) == [("face",)] and tagged.label_of(20) == Label.SENSITIVE
    assert page.hints.note.full_text == "1 image tagged face, and marked sensitive"
    tagged.click(7)  # marked normal
    tagged.key(Qt.Key.Key_T)
    assert "this one is marked normal" in page.hints.note.full_text and not page.close_up.tags.hasFocus()
    tagged.key(Qt.Key.Key_1)
    tagged.settle()
    assert tags(tagged, 7) == [()] and tagged.label_of(7) == Label.NORMAL
    assert "marked normal" in page.hints.note.full_text
    tagged.key(Qt.Key.Key_9)
    assert "No tag has the number 9" in page.hints.note.full_text


def test_numbers_tag_the_image_that_fills_the_page_and_type_in_fields(tagged: Driver) -> None:
    page = tagged.page
    tagged.double_click(3)
    tagged.key(Qt.Key.Key_1)
    tagged.settle()
    assert tags(tagged, 3) == [("face",)]
    tagged.key(Qt.Key.Key_Escape)
    page.bar.search.setFocus()
    QTest.keyClicks(page.bar.search, "1-")
    assert page.bar.search.text() == "1-" and tags(tagged, 3) == [("face",)]


def test_a_number_keeps_its_tag_while_the_window_is_open_and_when_pinned_for_good(
    tagged: Driver, open_page: Callable[[Session], Driver]
) -> None:
    page = tagged.page
    tagged.click(2)
    tagged.click(5, SHIFT)
    tagged.key(Qt.Key.Key_2)  # "hands" is used more than "face" now
    page.close_up.tags.setFocus()
    QTest.keyClicks(page.close_up.tags, "new")
    QTest.keyClick(page.close_up.tags, Qt.Key.Key_Return)
    tagged.settle()
    assert page.tags.numbered == ["face", "hands", "new"]
    page.tags.pin("new", True)
    page.close()
    other = open_page(page.session)
    assert other.page.tags.numbered == ["new", "hands", "face"]
    assert [button.text() for button in other.page.close_up.tag_editor._quick] == ["1  new", "2  hands", "3  face"]
    other.page.tags.pin("new", False)
    assert other.page.tags.pinned == []


def test_known_tags_are_completed(tagged: Driver) -> None:
    entry = tagged.page.close_up.tags
    tagged.click(4)
    tagged.settle()
    entry.setFocus()
    QTest.keyClicks(entry, "odd, AN")
    assert entry._completer.completionPrefix() == "AN" and entry._completer.currentCompletion() == "hands"
    entry._completer.activated[str].emit("hands")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    tagged.settle()
    assert tags(tagged, 4) == [("hands", "odd")]


def test_who_labeled_is_told(tagged: Driver) -> None:
    tagged.click(0)
    tagged.settle()
    close_up = tagged.page.close_up
    assert close_up.provenance.text().startswith(f"Marked by {tagged.page.session.project.annotator}, ")
    assert close_up.history.text().splitlines()[0].split("   ")[1].startswith("+ face, ")
    tagged.click(30)
    tagged.settle()
    assert not close_up.provenance.isVisible()


def test_read_only_tags_nothing(tagged: Driver, open_page: Callable[[Session], Driver]) -> None:
    session = Session(Project.open(tagged.page.session.project.path, read_only=True))
    other = open_page(session)
    with other.qtbot.waitSignal(session.message) as said:
        other.click(2)
        other.key(Qt.Key.Key_1)
    assert "Another window" in said.args[0] and tags(other, 2) == [()]
    assert not other.page.close_up.tags.isVisible()
    other.page.bar.open_views()
    assert not other.page.bar.views.save.isEnabled()
    other.page.close()
    session.close()
