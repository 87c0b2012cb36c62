"""Chips, form and text of the filter bar are one state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pudm_gui.label.filter.bar import FilterBar
from pudm_gui.project.images import image_ids
from pudm_gui.project.model import Counts, ImageFilter, Label, Listing
from pudm_gui.project.tags import tag_images
from tests.gui.label.driver import CTRL, Driver


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Twelve images of different sizes in three folders."""
    for number in range(12):
        folder = (
            tmp_path
            / "corpus"
            / ("2021/trip", "2022", "2022/a folder with a name as long as nobody likes it")[number % 3]
        )
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 255, (8 + 4 * number, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"img{number:02d}.png")
    return tmp_path / "corpus"


@pytest.fixture
def found(page_of: Callable[..., Driver], corpus: Path) -> Driver:
    """The page on them: four sensitive, two of these with the tag "face", one with "hands"."""
    page = page_of(corpus, sensitive=4)
    ids = image_ids(page.page.session.project, ImageFilter())
    change = tag_images(page.page.session.project, ids[:2], added=["face"])
    tag_images(page.page.session.project, ids[1:2], added=["hands"])
    page.page.session.labels_changed.emit(change)
    return page


def type_query(page: Driver, text: str) -> None:
    field = page.page.bar.search
    field.setFocus()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    page.settle()


def chips(bar: FilterBar) -> list[str]:
    return [chip.text() for chip in bar.conditions.chips]


def test_typed_conditions_become_chips_and_words_stay(found: Driver) -> None:
    bar = found.page.bar
    type_query(found, 'img label:sensitive tag:face edge:>=8 folder:"2021"')
    assert bar.search.text() == "img"
    assert chips(bar) == ["Tag: face", "In 2021", "Shorter side ≥ 8 px"]
    assert bar.chips["sensitive"].isChecked() and bar.conditions.isVisible()
    assert found.view.hasFocus() and len(found.page.model) == 2
    bar.conditions.chips[1].click()
    bar.chips["all"].click()
    bar.conditions.chips[0].click()
    found.settle()
    assert bar.filter == ImageFilter(text="img", edge=(8, None)) == found.page.model.shown
    bar.clear.click()
    found.settle()
    assert bar.filter == ImageFilter() and len(found.page.model) == 12 and not bar.conditions.isVisible()


def test_what_is_not_understood_is_said_below_the_field_and_changes_nothing(found: Driver) -> None:
    bar = found.page.bar
    type_query(found, "label:sensitive")
    QTest.keyClicks(bar.search, "flavour:sweet")
    bar.search.tell()
    assert "“flavour:” is no condition" in bar.remark.sentence and bar.remark.isVisible()
    assert bar.filter == ImageFilter(show="sensitive") and len(found.page.model) == 4
    bar.search.setFocus()
    QTest.keyClick(bar.search, Qt.Key.Key_Return)
    assert found.page.focusWidget() is bar.search and bar.search.text() == "flavour:sweet"
    bar.chips["unlabeled"].click()  # the other ways to filter go on working
    found.settle()
    assert len(found.page.model) == 8 and bar.search.text() == "flavour:sweet"
    found.page.activateWindow()
    bar.search.setFocus()
    found.qtbot.waitUntil(bar.search.hasFocus, timeout=5000)
    QTest.keyClick(bar.search, Qt.Key.Key_Escape)
    assert not bar.remark.isVisible() and bar.search.text() == ""


def test_backspace_and_edit_as_text_bring_chips_back_into_the_text(found: Driver) -> None:
    bar = found.page.bar
    type_query(found, "label:sensitive tag:face,hands sort:-size")
    QTest.keyClick(bar.search, Qt.Key.Key_Backspace)
    assert bar.search.text() == "tag:hands" and chips(bar) == ["Tag: face"]
    assert bar.filter.tags == ("face", "hands")
    before = bar.filter
    bar.form.as_text.click()
    assert bar.search.text() == "label:sensitive tag:face,hands sort:-size" and chips(bar) == []
    assert bar.filter == before and found.page.focusWidget() is bar.search


def test_the_order_can_be_chosen_and_turned(found: Driver) -> None:
    bar, model = found.page.bar, found.page.model

    def choose(words: str) -> None:
        bar.sort.menu().aboutToShow.emit()
        next(action for action in bar.sort.menu().actions() if action.text() == words).trigger()
        found.settle()

    choose("File size")
    sizes = [row.size for row in model.rows(0, 12)]
    assert sizes == sorted(sizes) and bar.sort.toolTip() == "Order: File size, ascending"
    choose("File size")
    assert [row.size for row in model.rows(0, 12)] == sizes[::-1]
    choose("Folder and name")
    assert bar.filter == ImageFilter()


def test_a_listing_is_a_chip_and_leads_back_to_what_was_shown(found: Driver) -> None:
    bar, model = found.page.bar, found.page.model
    type_query(found, "label:sensitive tag:face")
    order = image_ids(found.page.session.project, ImageFilter())[[5, 0, 3]]
    bar.show_listing(Listing("Similar to img05.png", order))
    found.settle()
    assert model.ids.tolist() == order.tolist() and chips(bar) == ["Similar to img05.png"]
    assert bar.chips["all"].isChecked()
    bar.chips["sensitive"].click()
    found.settle()
    assert model.ids.tolist() == order[1:].tolist()
    bar.chips["all"].click()
    bar.conditions.chips[0].click()
    found.settle()
    assert bar.filter == ImageFilter(show="sensitive", tags=("face",)) == model.shown


def test_the_form_shows_what_occurs_and_counts_at_once(found: Driver) -> None:
    bar, form = found.page.bar, found.page.bar.form
    bar.filter_button.click()
    found.qtbot.waitUntil(lambda: "face" in form.tags.pills, timeout=60_000)
    assert form.tags.pills["face"].text() == "face  2"
    assert list(form.sources.pills) == ["hand"] and form.sources.pills["hand"].count == 4
    form.tags.pills["face"].click()
    form.sources.pills["hand"].click()
    form.folder.setFocus()
    form.folder.setText("2022/")
    QTest.keyClick(form.folder, Qt.Key.Key_Return)
    form.edge.least.setFocus()
    QTest.keyClicks(form.edge.least, "big")
    form.edge.least.editingFinished.emit()
    assert form.edge.least.property("invalid") and bar.filter.edge == (None, None)
    form.edge.least.setText("12")
    form.edge.least.editingFinished.emit()
    assert not form.edge.least.property("invalid")
    assert bar.filter == ImageFilter(tags=("face",), sources=("hand",), folder="2022", edge=(12, None))
    assert form.edge.least.text() == "12"
    bar.state.change(size=(10_001, None), edge=(None, 255))
    assert (form.size_range.least.text(), form.edge.most.text()) == (">10kb", "<256")
    form.size_range.least.editingFinished.emit()
    assert bar.filter.size == (10_001, None)
    form.clear.click()
    assert form.folder.text() == "" and not form.tags.pills["face"].isChecked() and bar.filter == ImageFilter()
    QTest.keyClick(form, Qt.Key.Key_Escape)
    assert not form.isVisible()


def test_a_view_is_saved_found_renamed_deleted_and_brought_back(found: Driver) -> None:
    bar, panel = found.page.bar, found.page.bar.views
    type_query(found, "label:sensitive tag:face sort:-size")
    found.key(Qt.Key.Key_K, CTRL)
    assert panel.isVisible() and panel.empty.isVisible()
    QTest.keyClicks(panel.field, "Faces first")
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert "Saved as “Faces first”" in panel.note.text()
    panel.close()
    bar.show_all()
    found.key(Qt.Key.Key_K, CTRL)
    QTest.keyClicks(panel.field, "fac")
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    found.settle()
    assert not panel.isVisible() and len(found.page.model) == 2
    assert bar.filter == ImageFilter(show="sensitive", tags=("face",), sort="size", descending=True)
    bar.views_button.click()
    panel.list.item(0).setText("Faces")
    found.qtbot.waitUntil(lambda: panel.list.item(0).data(Qt.ItemDataRole.UserRole).name == "Faces", timeout=5000)
    panel.delete.click()
    assert panel.list.count() == 0 and panel.bring_back.isVisible()
    panel.bring_back.click()
    assert panel.list.item(0).text() == "Faces"
    panel.close()


def test_a_listing_cannot_be_saved_and_says_so(found: Driver) -> None:
    bar = found.page.bar
    bar.show_listing(Listing("Similar to img05.png", found.page.model.ids[:3]))
    found.settle()
    bar.open_views()
    QTest.keyClicks(bar.views.field, "x")
    assert not bar.views.save.isEnabled() and "cannot be saved" in bar.views.note.text()
    bar.views.close()


def test_an_empty_result_names_the_conditions_and_offers_one_less(found: Driver) -> None:
    type_query(found, "zebra label:sensitive tag:face")
    state = found.page.empty.filtered
    assert found.page.stack.currentWidget() is found.page.empty
    assert state.title.text() == "No image meets all of these conditions"
    assert state.text.text() == "Sensitive  ·  Tag: face  ·  Called like “zebra”"
    state.less.click()
    found.settle()
    assert len(found.page.model) == 2 and found.page.bar.search.text() == ""


def test_everything_fits_in_a_narrow_window_and_the_chosen_chip_is_seen(found: Driver) -> None:
    page, bar = found.page, found.page.bar
    type_query(
        found, 'tag:face,hands folder:"2022/a folder with a name as long as nobody likes it" size:>1 date:>2000 edge:>1'
    )
    bar.show_counts(Counts(1_000_000, 900_000, 60_000, 40_000, 1_000, 100))
    page.resize(1000, 620)
    bar.chips["normal"].click()
    found.settle()
    assert page.width() == 1000 == bar.width()
    shown = [chip for chip in bar.chips.values() if chip.isVisible()]
    assert bar.chips["normal"] in shown and bar.shows.more.isVisible()
    for part in (*shown, bar.shows.more, bar.search, bar.close_up, *bar.conditions.chips):
        if part.isVisible():
            right = part.mapTo(bar, part.rect().topRight()).x()
            assert right < bar.width(), part.accessibleName()
    bar.shows._menu.aboutToShow.emit()
    names = [action.text().split("  ")[0] for action in bar.shows._menu.actions()]
    assert set(names) == {chip.text().split("  ")[0] for chip in bar.shows.hidden}
    bar.shows._menu.actions()[0].trigger()
    assert not bar.chips["normal"].isChecked()


def test_files_that_changed_since_have_a_chip(found: Driver) -> None:
    project = found.page.session.project
    ids = image_ids(project, ImageFilter(show="sensitive"))
    with project.writing() as db:
        db.execute("UPDATE images SET changed = 1 WHERE id = ?", (int(ids[0]),))
    found.page.session.images_changed.emit()
    found.qtbot.waitUntil(lambda: found.page.bar.chips["changed"].count == 1, timeout=60_000)
    found.choose("changed")
    assert found.page.model.ids.tolist() == [ids[0]]
    found.click(0)
    found.settle()
    assert found.page.close_up.changed.isVisible()
    found.page.close_up.changed.button.click()
    found.qtbot.waitUntil(lambda: found.page.bar.chips["changed"].count == 0, timeout=60_000)
    assert not found.page.close_up.changed.isVisible()
    assert found.page.model.label(0) == Label.SENSITIVE
