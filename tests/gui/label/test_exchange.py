"""Importing with a preview, and exporting, as a person does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from pudm_gui.label.exchange.exchange import Exchange
from pudm_gui.label.exchange.sheet import ExchangeSheet
from pudm_gui.project.history import history
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from pudm_gui.session import Session
from tests.gui.label.driver import Driver


@pytest.fixture
def exchange(page: Driver) -> Exchange:
    return page.page.exchange


@pytest.fixture
def sheet(exchange: Exchange) -> ExchangeSheet:
    return exchange.sheet


@pytest.fixture
def table(page: Driver, tmp_path: Path) -> Callable[..., Path]:
    """``table("sensitive", "normal", …)``: a table that labels the first images of the list so."""

    def write(*words: str, more: str = "") -> Path:
        path = tmp_path / "labels.csv"
        rows = [f"{name},{word}\n" for name, word in zip(page.names(), words, strict=False)]
        path.write_text("path,label\n" + "".join(rows) + more)
        return path

    return write


def preview(page: Driver, path: Path) -> None:
    """Read a file and wait for what it would change."""
    exchange = page.page.exchange
    exchange.read(path)
    step(page, exchange.sheet.preview)


def step(page: Driver, wanted: object) -> None:
    exchange = page.page.exchange
    page.qtbot.waitUntil(lambda: exchange.sheet.steps.currentWidget() is wanted and not exchange.work.busy)


def cells(sheet: ExchangeSheet, row: int) -> list[str]:
    model = sheet.preview.changes
    return [str(model.index(row, column).data()) for column in range(model.columnCount())]


def test_a_preview_says_what_would_change_before_anything_does(
    page: Driver, sheet: ExchangeSheet, table: Callable[..., Path]
) -> None:
    preview(page, table("sensitive", "normal", "sensitive", more="gone.png,normal\n"))
    assert sheet.preview.figures.becoming[Label.SENSITIVE].number.text() == "2"
    assert cells(sheet, 1)[1:3] == ["unlabeled", "normal"]
    assert sheet.apply.text() == "Import 3 labels" and sheet.apply.hasFocus()
    assert sheet.preview.tabs.tabText(1) == "Not in this project (1)"
    assert not page.view.isVisible() and not any(page.labels())


def test_the_button_imports_and_the_hint_line_tells(
    page: Driver, sheet: ExchangeSheet, table: Callable[..., Path]
) -> None:
    preview(page, table("sensitive", "normal"))
    QTest.keyClick(sheet.apply, Qt.Key.Key_Space)
    page.qtbot.waitUntil(lambda: not page.page.exchange.open)
    assert page.page.model.labels[:3].tolist() == page.labels()[:3] == [1, 2, 0]
    assert page.page.hints.note.full_text == "2 images labeled from labels.csv"
    assert page.view.isVisible() and page.view.hasFocus()
    page.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    page.settle()
    assert not any(page.labels())


def test_escape_goes_back_and_the_keys_of_the_grid_rest_meanwhile(
    page: Driver, sheet: ExchangeSheet, table: Callable[..., Path]
) -> None:
    page.click(0)
    preview(page, table("normal"))
    QTest.keyClick(sheet.preview.change_table, Qt.Key.Key_S)
    assert not any(page.labels())
    QTest.keyClick(sheet.preview.change_table, Qt.Key.Key_Escape)
    assert not page.page.exchange.open and page.view.isVisible()
    page.key(Qt.Key.Key_S)
    assert page.label_of(0) == Label.SENSITIVE and len(history(page.page.session.project)) == 1


def test_labels_that_are_there_can_be_kept_or_looked_at(
    page: Driver, sheet: ExchangeSheet, table: Callable[..., Path]
) -> None:
    ids = page.page.model.ids
    set_label(page.page.session.project, ids[:2], Label.SENSITIVE)
    preview(page, table("normal", "normal", "normal"))
    assert sheet.preview.overwritten.text.startswith("2 images have another label now, given by ")
    QTest.mouseClick(sheet.preview.overwritten.button, Qt.MouseButton.LeftButton)
    page.qtbot.waitUntil(lambda: page.page.model.ids.tolist() == ids[:2].tolist())
    bar = page.page.exchange.waiting_bar
    assert page.view.isVisible() and bar.isVisible()
    QTest.mouseClick(bar.message.button, Qt.MouseButton.LeftButton)
    assert not page.view.isVisible() and not bar.isVisible()
    sheet.preview.keep.click()
    page.qtbot.waitUntil(lambda: sheet.apply.text() == "Import 1 label")
    assert sheet.preview.kept.text.startswith("2 images keep the label they have")
    sheet.apply.click()
    page.qtbot.waitUntil(lambda: not page.page.exchange.open)
    page.settle()
    assert page.labels()[:4] == [1, 1, 2, 0]


def test_a_file_that_is_wrong_is_explained_and_read_again_once_it_is_corrected(
    page: Driver, sheet: ExchangeSheet, table: Callable[..., Path]
) -> None:
    preview(page, table("sensitive", "sensitve"))
    assert sheet.preview.problem.text.startswith("Nothing can be imported yet: one place in the file is wrong.")
    assert not sheet.apply.isEnabled()
    assert [str(sheet.preview.problems.index(0, column).data()) for column in (0, 1)] == [
        "line 3",
        "There is no label 'sensitve'; use sensitive, normal or unlabeled.",
    ]
    table("sensitive", "sensitive")
    sheet.preview.problem.button.click()
    page.qtbot.waitUntil(lambda: sheet.apply.isEnabled())
    assert sheet.apply.text() == "Import 2 labels" and not sheet.preview.problem.text


def test_a_file_that_cannot_be_read_is_told_at_the_choice(page: Driver, sheet: ExchangeSheet, tmp_path: Path) -> None:
    page.page.exchange.start_import()
    sheet.choice.chosen.emit(tmp_path / "none.csv")
    page.qtbot.waitUntil(lambda: "cannot be read" in sheet.failure.text)
    assert sheet.steps.currentWidget() is sheet.choice


def test_labels_that_changed_meanwhile_bring_a_new_preview(
    page: Driver, sheet: ExchangeSheet, table: Callable[..., Path]
) -> None:
    preview(page, table("sensitive", "sensitive"))
    set_label(page.page.session.project, page.page.model.ids[:1], Label.SENSITIVE)
    sheet.apply.click()
    page.qtbot.waitUntil(lambda: sheet.failure.text.startswith("Labels have changed meanwhile"))
    assert sheet.apply.text() == "Import 1 label" and page.labels()[:2] == [1, 0]


def test_a_table_that_is_dropped_is_previewed(page: Driver, sheet: ExchangeSheet, table: Callable[..., Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(table("normal")))])
    arguments = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(50, 50), *arguments)
    QApplication.sendEvent(page.page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page.page, QDropEvent(QPointF(50, 50), *arguments))
    step(page, sheet.preview)
    assert sheet.apply.text() == "Import 1 label"


def test_a_folder_of_labels_can_be_read_as_tags(page: Driver, sheet: ExchangeSheet, tmp_path: Path) -> None:
    (tmp_path / "tags").mkdir()
    (tmp_path / "tags" / Path(page.names()[0]).with_suffix(".txt")).write_text("face, hands")
    preview(page, tmp_path / "tags")
    assert sheet.apply.text() == "Import tags of 1 image" and cells(sheet, 0)[3] == "+face  +hands"
    place = sheet.preview.format.findData("folder")
    sheet.preview.format.setCurrentIndex(place)
    sheet.preview.format.activated.emit(place)
    page.qtbot.waitUntil(lambda: sheet.apply.text() == "Nothing to import")


def test_read_only_says_why_it_does_not_import(
    page: Driver, open_page: Callable[[Session], Driver], tmp_path: Path
) -> None:
    session = Session(Project.open(page.page.session.project.path, read_only=True))
    said: list[str] = []
    session.message.connect(lambda text, kind: said.append(text))
    other = open_page(session)
    other.page.exchange.start_import()
    assert not other.page.exchange.open and "Another window" in said[0]
    other.page.exchange.start_export()
    assert other.page.exchange.open
    other.page.close()
    session.close()


def test_export_writes_what_was_chosen_and_says_so(page: Driver, sheet: ExchangeSheet, tmp_path: Path) -> None:
    ids = page.page.model.ids
    set_label(page.page.session.project, ids[:3], Label.SENSITIVE)
    page.page.model.reload()
    page.settle()
    page.page.exchange.start_export()
    form = sheet.export
    form.scope_box.setCurrentIndex(form.scope_box.findData("sensitive"))
    form.place.setText(str(tmp_path / "out.csv"))
    form.button.click()
    page.qtbot.waitUntil(lambda: form.result.text.startswith("3 images written to"))
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 4
    form.format_box.setCurrentIndex(2)
    form.place.setText(str(tmp_path / "by label"))
    form.button.click()
    page.qtbot.waitUntil(lambda: (tmp_path / "by label").is_dir() and form.isVisible())
    assert len(list((tmp_path / "by label" / "sensitive").iterdir())) == 3


def test_export_to_a_place_that_is_taken_says_what_to_do(page: Driver, sheet: ExchangeSheet, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("")
    page.page.exchange.start_export()
    sheet.export.format_box.setCurrentIndex(2)
    sheet.export.place.setText(str(tmp_path / "full"))
    sheet.export.button.click()
    page.qtbot.waitUntil(lambda: "not empty" in sheet.failure.text)
    assert sheet.steps.currentWidget() is sheet.export


def test_stopping_while_reading_changes_nothing(page: Driver, sheet: ExchangeSheet, table: Callable[..., Path]) -> None:
    page.page.exchange.start_import()
    page.page.exchange.read(table(*["normal"] * 60))
    assert sheet.steps.currentWidget() is sheet.waiting and sheet.waiting.stop.hasFocus()
    sheet.waiting.stop.click()
    page.qtbot.waitUntil(lambda: not page.page.exchange.work.busy)
    assert sheet.steps.currentWidget() is not sheet.waiting and not any(page.labels())


@pytest.fixture
def dialogs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the next file dialog answers."""
    answers: list[str] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (answers.pop(), ""))
    yield answers


def test_a_file_is_chosen_by_its_button(
    page: Driver, sheet: ExchangeSheet, table: Callable[..., Path], dialogs: list[str]
) -> None:
    page.page.exchange.start_import()
    assert sheet.choice.file.hasFocus()
    dialogs.append(str(table("normal")))
    QTest.keyClick(sheet.choice.file, Qt.Key.Key_Space)
    step(page, sheet.preview)
    assert sheet.title.full_text == "Import labels from labels.csv"


def test_number_keys_tag_nothing_behind_the_sheet(page: Driver, exchange: Exchange, session: Session) -> None:
    page.click(0)
    page.page.actions_on_labels.tag(page.page.model.ids[:1], ["a kind"])
    page.click(1)
    page.settle()
    assert page.page.tags.tag_of(1) == "a kind"
    exchange.start_export()
    for key in (Qt.Key.Key_1, Qt.Key.Key_S):
        QTest.keyClick(exchange.sheet.export.scope_box, key)
    page.settle()
    assert len(history(session.project)) == 1
    exchange.leave()
    page.key(Qt.Key.Key_1)
    page.settle()
    assert len(history(session.project)) == 2
