"""The panel "People": names, agreement, and settling."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from pudm_gui.label.people.pair import PairCard
from pudm_gui.label.people.panel import PeoplePanel
from pudm_gui.label.people.words import AgreementWords
from pudm_gui.project.agreement import Agreement
from pudm_gui.project.history import history
from pudm_gui.project.images import image_rows
from pudm_gui.project.labels import apply_labels, set_label
from pudm_gui.project.model import Change, Label
from pudm_gui.project.project import Project
from pudm_gui.session import Session
from tests.gui.label.driver import Driver


def open_people(page: Driver) -> PeoplePanel:
    page.page.show_panel("people")
    panel = cast(PeoplePanel, page.page.side.panel("people"))
    settle(page, panel)
    return panel


def settle(page: Driver, panel: PeoplePanel) -> None:
    page.settle()
    page.qtbot.waitUntil(lambda: not panel.busy, timeout=60_000)


def words(panel: PeoplePanel) -> list[str]:
    """All texts of the panel that are to be seen."""
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel)]


def disagree(project: Project) -> None:
    """The annotator and a colleague label 30 images; they differ on three."""
    ids = np.arange(1, 31)
    set_label(project, ids[:10], Label.SENSITIVE)
    set_label(project, ids[10:], Label.NORMAL)
    with project.writing() as db:
        theirs = {Label.SENSITIVE: ids[2:11], Label.NORMAL: np.r_[ids[:2], ids[11:]]}
        apply_labels(project, db, theirs, kind="import", source="import", annotator="bo", note="bo.csv")


def test_the_name_is_remembered_and_labels_carry_it(
    page: Driver, open_page: Callable[[Session], Driver], session: Session
) -> None:
    panel = open_people(page)
    login = session.project.annotator
    assert panel.name.text() == login and "Nobody yet." in words(panel)
    panel.name.setFocus()
    panel.name.selectAll()
    QTest.keyClicks(panel.name, "  Ann   Onymous ")
    QTest.keyClick(panel.name, Qt.Key.Key_Return)
    assert panel.name.text() == session.project.annotator == "Ann Onymous"
    page.click(0)
    page.key(Qt.Key.Key_S)
    settle(page, panel)
    assert history(session.project)[0].annotator == "Ann Onymous"
    assert "Ann Onymous (you)" in words(panel) and "Nobody yet." not in words(panel)
    panel.name.setText("   ")
    panel.name.editingFinished.emit()
    assert panel.name.text() == "Ann Onymous"
    session.project.annotator = login
    open_page(session)
    assert session.project.annotator == "Ann Onymous"
    assert QSettings().value("annotator/name") == "Ann Onymous"


def test_two_people_see_how_far_they_agree_and_settle_the_rest(page: Driver, session: Session) -> None:
    disagree(session.project)
    panel = open_people(page)
    [card] = panel.findChildren(PairCard)
    assert card.summary.text() == "Agree on 90 %, kappa 0.77, good"
    assert card.shared.text() == "30 images labeled by both"
    assert panel.disputed.text() == "The labels differ on 3 images."
    panel.settle_button.click()
    page.qtbot.waitUntil(lambda: page.page.model.filter.within is not None, timeout=60_000)
    page.settle()
    assert page.page.model.ids.tolist() == [1, 2, 11]
    page.click(0)
    page.key(Qt.Key.Key_N)  # as it is already, which settles it too
    page.click(1)
    page.key(Qt.Key.Key_S)
    settle(page, panel)
    assert panel.disputed.text() == "The labels differ on 1 image."
    assert [row.source for row in image_rows(session.project, [1, 2, 11])] == ["settled", "settled", "import"]
    page.click(2)
    page.key(Qt.Key.Key_N)
    settle(page, panel)
    assert panel.disputed.text() == "Nothing is left to settle." and not panel.settle_button.isVisible()
    [card] = [card for card in panel.findChildren(PairCard) if card.isVisible()]
    assert card.summary.text() == "Agree on 90 %, kappa 0.77, good"  # what each said before stays


def test_figures_follow_an_import_and_its_revert(page: Driver, session: Session) -> None:
    panel = open_people(page)
    disagree(session.project)
    session.labels_changed.emit(Change(np.arange(1, 31), "import", None))
    settle(page, panel)
    assert panel.settle_button.isVisible()
    page.page.actions_on_labels.revert(history(session.project)[0].id)
    settle(page, panel)
    assert panel.alone.isVisible() and not panel.settle_button.isVisible()


def test_the_way_to_a_colleague_is_the_exchange(page: Driver) -> None:
    panel = open_people(page)
    panel.import_button.click()
    assert page.page.exchange.open


def test_agreement_in_words(qtbot: object) -> None:
    words = AgreementWords(None)

    def summary(table: list[list[int]]) -> str:
        whole = np.pad(np.array(table), ((1, 0), (1, 0)))
        return words.summary(Agreement("a", "b", whole, np.empty(0, dtype=np.int64), 0))

    assert summary([[999, 0], [1, 1000]]) == "Agree on 99 %, kappa 1.00, very good"
    assert summary([[0, 0], [0, 50]]) == "Agree on 100 %. All have one label, so chance alone would do"
    assert summary([[3, 2], [2, 3]]) == "Agree on 60 %, kappa 0.20, poor (few images)"
    assert summary([[0, 20], [20, 0]]) == "Agree on 0 %, kappa -1.00, poor"
