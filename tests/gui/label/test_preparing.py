"""Thumbnails: what is on the screen comes first, then storing, then preparing all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from pudm_gui.label.grid import turns
from pudm_gui.label.grid.preparation import Preparation
from pudm_gui.label.grid.thumbnail import Wanted
from pudm_gui.label.grid.thumbnails import Thumbnails
from pudm_gui.label.veil import Veil
from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.thumbnails import ThumbnailCache
from pudm_gui.session import Session
from tests.gui.label.driver import Driver


def wanted(session: Session) -> list[Wanted]:
    project = session.project
    return [Wanted.of(row, 100, Veil()) for row in image_rows(project, image_ids(project))]


def prepare(page: Driver) -> None:
    next(action for action in page.page.actions() if action.text() == "Prepare all &thumbnails").trigger()


def test_work_for_later_waits_for_what_is_on_the_screen(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    owner, order, begun = QObject(), [], threading.Event()
    cache = ThumbnailCache(tmp_path)
    thumbnails = Thumbnails(cache, owner)
    thumbnails.ready.connect(order.append)
    items = wanted(session)

    def later() -> bool:
        order.append("later")
        begun.set()
        return order.count("later") < 3

    thumbnails.do_later(later)
    thumbnails.want(items)
    qtbot.waitUntil(lambda: len(order) == len(items) + 3 and not thumbnails.busy)
    thumbnails.close()
    assert all(cache.has(item.stored_as) for item in items)
    cache.close()


def test_whoever_scrolls_on_and_on_stores_only_the_last(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(turns, "STORING_LIMIT", 10 * 8 * 8 * 4)
    owner, cache, items = QObject(), ThumbnailCache(tmp_path), wanted(session)
    thumbnails = Thumbnails(cache, owner)
    thumbnails.want(items)
    qtbot.waitUntil(lambda: not thumbnails.busy)
    thumbnails.close()
    stored = [cache.has(item.stored_as) for item in items]
    assert stored[-1] and not stored[0]
    cache.close()


def test_preparing_makes_all_thumbnails_and_says_so(page: Driver) -> None:
    project, activities = page.page.session.project, []
    page.page.activity.connect(activities.append)
    prepare(page)
    prepare(page)  # a second one only says that it is under way
    page.qtbot.waitUntil(lambda: not page.page.preparing.under_way)
    assert page.page.hints.note.full_text == "All thumbnails are ready"
    assert activities[0].words.startswith("Preparing thumbnails") and activities[-1] is None
    edge = page.view.picture_edge
    rows = image_rows(project, image_ids(project))
    page.page.close()
    cache = ThumbnailCache(project.path)
    assert all(cache.has(Wanted.of(row, edge, Veil()).stored_as) for row in rows)
    cache.close()


def test_a_preparation_is_paused_and_goes_on_in_the_next_window(
    page: Driver, open_page: Callable[[Session], Driver]
) -> None:
    prepare(page)
    page.page.preparing.pause_or_go_on()
    assert page.page.preparing.under_way
    page.page.close()
    assert not page.page.preparing.under_way
    other = open_page(page.page.session)
    other.page.session.scan_finished.emit(None)
    assert other.page.preparing.under_way
    other.qtbot.waitUntil(lambda: not other.page.preparing.under_way)
    third = open_page(page.page.session)
    third.page.session.scan_finished.emit(None)
    assert not third.page.preparing.under_way


def test_a_stopped_preparation_stays_stopped(page: Driver, open_page: Callable[[Session], Driver]) -> None:
    prepare(page)
    page.page.preparing.pause_or_go_on()
    page.page.preparing.stop()
    page.page.close()
    other = open_page(page.page.session)
    other.page.session.scan_finished.emit(None)
    assert not other.page.preparing.under_way


def test_preparing_ends_where_the_disk_is_full_and_passes_over_what_cannot_be_read(
    session: Session, tmp_path: Path, monkeypatch
) -> None:
    with session.project.writing() as db:
        db.execute("UPDATE images SET problem = 'broken' WHERE id = 1")
    cache = ThumbnailCache(tmp_path, limit_bytes=2000)
    monkeypatch.setattr(cache, "grow", lambda _: False)
    job = Preparation(session.project, cache, 100)
    while job.step():
        pass
    assert job.progress.end == "full" and 1 < job.progress.done < 60
    cache.close()
