"""Defects on threads: nothing goes on to look busy, the panels say so, and trying again helps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from pudm_gui.label.suggest.panel import FindPanel
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Label
from pudm_gui.session import Session
from tests.gui.label.driver import Driver
from tests.gui.label.feature_stores import write_features

WAIT_MS = 60_000
SAID = "This could not be worked out."


def fails(*_: object) -> None:
    raise ArithmeticError("a defect")


@pytest.mark.parametrize(
    ("function", "section"),
    [
        ("most_likely.ranked", "likely"),
        ("missed_kinds.found_gaps", "missed"),
        ("duplicates.found_groups", "duplicates"),
    ],
)
def test_a_section_that_failed_says_so_and_tries_again(
    open_page: Callable[[Session], Driver],
    session: Session,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    section: str,
) -> None:
    write_features(session.project)
    page = open_page(session)
    set_label(session.project, page.page.model.ids[:3], Label.SENSITIVE)
    with monkeypatch.context() as broken, qtbot.captureExceptions() as caught:
        broken.setattr(f"pudm_gui.label.suggest.{function}", fails)
        page.page.show_panel("find")
        panel = page.page.side.panel("find")
        assert isinstance(panel, FindPanel)
        words = getattr(panel, section).words
        qtbot.waitUntil(lambda: words.text().startswith(SAID) and not panel.busy, timeout=WAIT_MS)
    assert [kind for kind, *_ in caught] == [ArithmeticError]
    page.page.show_panel("image")
    page.page.show_panel("find")
    qtbot.waitUntil(lambda: not panel.busy and not words.text().startswith(SAID), timeout=WAIT_MS)


def test_features_that_cannot_be_found_out_are_told_in_the_panel(
    page: Driver, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pudm_gui.label.suggest.source.find_features", fails)
    with qtbot.captureExceptions() as caught:
        page.page.show_panel("find")
        panel = page.page.side.panel("find")
        assert isinstance(panel, FindPanel)
        qtbot.waitUntil(lambda: not panel.busy, timeout=WAIT_MS)
    assert caught and "could not find out which images" in panel.card.words.text()


def test_a_picture_that_failed_is_made_when_it_is_wanted_again(
    page: Driver, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken, qtbot.captureExceptions() as caught:
        broken.setattr("pudm_gui.label.pictures.load_picture", fails)
        page.click(0)
        qtbot.waitUntil(lambda: bool(caught) and not page.page.busy, timeout=WAIT_MS)
    page.click(1)
    page.settle()
    page.click(0)
    page.settle()
    assert page.page.shown_image.bare == int(page.page.model.ids[0])
