"""The map of all images: drawn at any number, chosen in, and linked with the grid."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from pudm_gui.label.map.panel import MapPanel
from pudm_gui.label.map.points import MapPoints
from pudm_gui.label.map.raster import RINGED, SHAPED, Palette, Window, draw
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Label
from pudm_gui.session import Session
from pudm_gui.theme import apply_theme
from tests.gui.label.driver import CTRL, LEFT, NONE, Driver, pixels
from tests.gui.label.feature_stores import write_features

WAIT_MS = 60_000
PALETTE = Palette(unlabeled=(120, 120, 120), sensitive=(200, 60, 0), normal=(0, 110, 140), chosen=(40, 100, 210))
WHOLE = Window(0.0, 0.0, 1.0, 1.0, (200, 100))


class Mapper(Driver):
    """A hand on the map, too."""

    panel: MapPanel

    def open_map(self) -> None:
        self.page.show_panel("map")
        found = self.page.side.panel("map")
        assert isinstance(found, MapPanel)
        self.panel = found
        self.qtbot.waitUntil(lambda: not found.busy and found.canvas is not None, timeout=WAIT_MS)
        self.drawn()

    def drawn(self) -> None:
        """Wait until what is in sight has been drawn."""
        assert self.panel.canvas is not None
        with self.qtbot.waitSignal(self.panel.canvas.drawn, timeout=WAIT_MS):
            self.panel.canvas.redraw()

    def at(self, index: int) -> QPoint:
        """Where on the map the image at a place in the grid is."""
        points, canvas = self.panel.model.points, self.panel.canvas
        assert points is not None and canvas is not None
        x, y = points.xy[points.places(self.page.model.ids[index : index + 1])[0]]
        return canvas.mapFromScene(canvas.box.mapViewToScene(QPointF(float(x), float(y))))

    def viewport(self) -> QWidget:
        assert self.panel.canvas is not None
        return self.panel.canvas.viewport()

    def chosen_digits(self) -> set[str]:
        return {Path(name).name[0] for place, name in enumerate(self.names()) if place in set(self.chosen())}


@pytest.fixture
def mapper(open_page: Callable[[Session], Driver], session: Session) -> Mapper:
    """The page on 60 digits, each kind a heap on the map."""
    write_features(session.project)
    driver = open_page(session)
    mapper = Mapper(driver.page, driver.qtbot)
    mapper.open_map()
    return mapper


def test_a_click_on_a_group_chooses_its_images_in_the_grid(mapper: Mapper) -> None:
    QTest.mouseClick(mapper.viewport(), LEFT, NONE, mapper.at(59))
    mapper.qtbot.waitUntil(lambda: bool(mapper.chosen()), timeout=WAIT_MS)
    digit = Path(mapper.names()[59]).name[0]
    assert mapper.chosen_digits() == {digit}
    assert len(mapper.chosen()) == sum(Path(name).name[0] == digit for name in mapper.names())
    assert mapper.view.selection.chosen & mapper.view.sight.range()
    QTest.mouseClick(mapper.viewport(), LEFT, CTRL, mapper.at(0))
    mapper.qtbot.waitUntil(lambda: mapper.chosen_digits() == {"0", digit}, timeout=WAIT_MS)


def test_drawing_around_points_chooses_them(mapper: Mapper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", -1)  # it drops moves that come faster than a hand's
    middle, viewport = mapper.at(0), mapper.viewport()
    corners = [middle + QPoint(x, y) for x, y in ((-40, -40), (40, -40), (40, 40), (-40, 40), (-40, -36))]
    QTest.mousePress(viewport, LEFT, NONE, corners[0])
    for corner in corners[1:]:
        at, place = QPointF(corner), QPointF(viewport.mapToGlobal(corner))
        QApplication.sendEvent(viewport, QMouseEvent(QEvent.Type.MouseMove, at, place, LEFT, LEFT, NONE))
    QTest.mouseRelease(viewport, LEFT, NONE, corners[-1])
    mapper.qtbot.waitUntil(lambda: bool(mapper.chosen()), timeout=WAIT_MS)
    assert mapper.chosen_digits() == {"0"}
    assert "All chosen ones are in the list" in mapper.panel.chosen.text()


def test_the_map_shows_what_is_chosen_in_the_grid(mapper: Mapper) -> None:
    mapper.click(4)
    mapper.qtbot.waitUntil(lambda: mapper.panel.model.chosen_ids.tolist() == [int(mapper.page.model.ids[4])])
    mapper.drawn()
    assert mapper.panel.canvas is not None and len(mapper.panel.canvas.shapes["chosen"].data) == 1
    assert mapper.panel.legend.labels["chosen"].text() == "1 chosen"


def test_the_groups_are_a_list_for_the_keyboard(mapper: Mapper) -> None:
    groups = mapper.panel.groups
    assert groups.count() == 10 and groups.item(0).text().startswith("Group 1 · ")
    groups.setFocus()
    groups.setCurrentRow(2)
    QTest.keyClick(groups, Qt.Key.Key_Return)
    mapper.qtbot.waitUntil(lambda: len(mapper.chosen_digits()) == 1, timeout=WAIT_MS)
    mapper.panel.show_button.click()
    mapper.qtbot.waitUntil(lambda: mapper.page.model.shown.within is not None, timeout=WAIT_MS)
    assert len(mapper.page.model) == len(mapper.chosen())


def test_labels_have_shapes_and_follow(mapper: Mapper) -> None:
    mapper.click(0)
    mapper.key(Qt.Key.Key_S)
    mapper.qtbot.waitUntil(lambda: mapper.panel.legend.labels["sensitive"].text() == "1 sensitive", timeout=WAIT_MS)
    mapper.drawn()
    assert mapper.panel.canvas is not None and len(mapper.panel.canvas.shapes["sensitive"].data) == 1
    assert "1 sensitive" in mapper.panel.groups.item(0).text() or any(
        "1 sensitive" in mapper.panel.groups.item(row).text() for row in range(10)
    )


def test_the_picture_under_the_pointer_is_veiled_and_hidden_like_all(mapper: Mapper) -> None:
    hover = mapper.panel.hover
    assert hover is not None and hover.preview is None
    image = int(mapper.page.model.ids[3])
    hover.show_image(image, Label.SENSITIVE, QPoint(10, 10))
    assert hover.isVisible() and hover.preview is not None and hover.preview.veiled
    hover.show_image(image, Label.UNLABELED, QPoint(10, 10))
    assert not hover.preview.veiled and not hover.preview.hidden
    mapper.page.session.hide_everything = True
    assert hover.preview.hidden
    assert mapper.panel.canvas is not None
    mapper.panel.canvas.hovered.emit(None)
    assert not hover.isVisible()


def test_keys_move_and_zoom(mapper: Mapper) -> None:
    canvas = mapper.panel.canvas
    assert canvas is not None
    canvas.setFocus()
    whole = canvas.window_in_sight
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.window_in_sight.width < whole.width
    left = canvas.window_in_sight.left
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.window_in_sight.left > left
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.window_in_sight.width == pytest.approx(whole.width)


def test_the_map_goes_dark_with_the_window(mapper: Mapper, qapp: QApplication) -> None:
    canvas = mapper.panel.canvas
    assert canvas is not None
    corner = pixels(canvas.grab().toImage())[2, 2].mean()
    apply_theme(qapp, "dark")
    mapper.drawn()
    assert pixels(canvas.grab().toImage())[2, 2].mean() < corner - 100
    apply_theme(qapp, "light")


def test_without_features_the_map_offers_to_look(page: Driver) -> None:
    page.page.show_panel("map")
    panel = page.page.side.panel("map")
    assert isinstance(panel, MapPanel)
    page.qtbot.waitUntil(lambda: panel.card.look_button.isVisible(), timeout=WAIT_MS)
    assert not panel.body.isVisible()


def test_the_map_can_be_made_wide(mapper: Mapper) -> None:
    narrow = mapper.page.side.width()
    mapper.panel.wide.click()
    assert mapper.page.side.width() > 1.5 * narrow
    mapper.panel.wide.click()
    assert mapper.page.side.width() == pytest.approx(narrow, abs=30)


# --- many points, without a window


def many(count: int, labels: np.ndarray | None = None) -> MapPoints:
    rng = np.random.default_rng(0)
    clusters = rng.integers(0, 20, count)
    xy = rng.random((20, 2))[clusters] * 0.8 + 0.1 + rng.normal(0, 0.02, (count, 2))
    labels = np.zeros(count, np.uint8) if labels is None else labels
    return MapPoints(np.arange(1, count + 1), xy.astype(np.float32), clusters.astype(np.int32), labels)


def test_few_labels_are_shapes_and_many_are_dots() -> None:
    labels = np.zeros(20_000, np.uint8)
    labels[:50] = Label.SENSITIVE
    labels[-SHAPED - 1 :] = Label.NORMAL
    chosen = np.zeros(20_000, bool)
    chosen[:RINGED] = True
    drawn = draw(many(20_000, labels), chosen, WHOLE, PALETTE)
    assert sorted(drawn.sensitive.tolist()) == list(range(50))
    assert len(drawn.normal) == 0 and len(drawn.chosen) == RINGED
    opaque = drawn.image[drawn.image[..., 3] > 150][:, :3].astype(int)
    assert (np.abs(opaque - PALETTE.normal).sum(axis=1) < 30).any()
    assert (np.abs(opaque - PALETTE.unlabeled).sum(axis=1) < 30).any()


def test_only_what_is_in_sight_is_drawn() -> None:
    points = MapPoints(
        np.array([1, 2]), np.array([[0.25, 0.5], [0.75, 0.5]], np.float32), np.zeros(2, np.int32), np.zeros(2, np.uint8)
    )
    drawn = draw(points, np.zeros(2, bool), Window(0.5, 0.0, 0.5, 1.0, (100, 100)), PALETTE)
    rows, columns = np.nonzero(drawn.image[..., 3])
    assert abs(rows.mean() - 50) < 2 and abs(columns.mean() - 50) < 2


def test_a_line_chooses_what_lies_inside_and_a_place_the_nearest() -> None:
    points = many(5000)
    corners = np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.9]], np.float32)
    inside = points.inside(corners)
    expected = _inside_triangle(points.xy, corners)
    assert (inside == expected).mean() > 0.99
    assert points.nearest((float(points.xy[7, 0]), float(points.xy[7, 1])), (0.01, 0.01)) == 7
    assert points.nearest((0.0, 0.0), (0.001, 0.001)) is None


def test_groups_are_counted_largest_first() -> None:
    labels = np.zeros(1000, np.uint8)
    points = many(1000, labels)
    labels[points.clusters == points.groups[0].cluster] = Label.SENSITIVE
    groups = points.with_labels(labels).groups
    assert [group.number for group in groups] == list(range(1, len(groups) + 1))
    assert groups[0].sensitive == groups[0].count == max(group.count for group in groups)


def test_a_million_points_are_drawn_in_moments() -> None:
    points, chosen = many(1_000_000), np.zeros(1_000_000, bool)
    begun = time.perf_counter()
    draw(points, chosen, Window(0.0, 0.0, 1.0, 1.0, (600, 600)), PALETTE)
    points.nearest((0.5, 0.5), (0.01, 0.01))
    assert time.perf_counter() - begun < 3


def _inside_triangle(xy: np.ndarray, corners: np.ndarray) -> np.ndarray:
    sides = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        edge = end - start
        sides.append(edge[0] * (xy[:, 1] - start[1]) - edge[1] * (xy[:, 0] - start[0]) >= 0)
    return np.logical_and.reduce(sides)


def test_labels_given_while_others_are_read_are_shown(mapper: Mapper, session: Session) -> None:
    model = mapper.panel.model
    for place, label in enumerate((Label.SENSITIVE, Label.NORMAL)):
        set_label(session.project, mapper.page.model.ids[place : place + 1], label)
        model._read_labels()  # the second time before the first has been answered
    model._work.wait()
    mapper.qtbot.waitUntil(lambda: model.points is not None and model.points.totals[Label.NORMAL] == 1)
    assert model.points is not None and model.points.totals[Label.SENSITIVE] == 1
