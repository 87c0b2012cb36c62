"""How fluent the map is with many points: the longest pause of the event loop while a person uses it.

    python -m tests.benchmarks.bench_map [--points 1000000] [--edge 600]

The points lie around 60 centres, 2 % sensitive, 1 % normal. The map is the window's own, on the offscreen platform;
beside it pyqtgraph's scatter plot of all points, in whose place it draws a picture.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.event_loop import EventLoop, Wait

if TYPE_CHECKING:
    from pudm_gui.label.map.canvas import MapCanvas
    from pudm_gui.label.map.model import MapModel
    from pudm_gui.label.map.points import MapPoints

TARGET_MS = 50
STEPS = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--edge", type=int, default=600, help="width and height of the map in pixels")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from pudm_gui.label.map.canvas import MapCanvas
    from pudm_gui.theme import apply_theme

    app = QApplication([])
    apply_theme(app, "light")
    points = scattered(options.points)
    model = empty_model()
    canvas = MapCanvas(model)
    canvas.resize(options.edge, options.edge)
    canvas.show()
    loop = EventLoop()
    phases = Person(model, canvas, points)
    worst = max(loop.run(name, phase).ours for name, phase in phases.all().items())
    print(f"longest {1000 * worst:.0f} ms, target {TARGET_MS} ms")
    print(f"pyqtgraph's scatter plot: one repaint {1000 * plain_scatter(points, options.edge):.0f} ms")
    model.close()
    return int(1000 * worst > TARGET_MS)


class Person:
    """What somebody does with the map, as phases."""

    def __init__(self, model: MapModel, canvas: MapCanvas, points: MapPoints) -> None:
        self.model, self.canvas, self.points = model, canvas, points
        self._drawn = 0
        self._chosen = 0
        canvas.drawn.connect(self._count_drawn)
        model.picked.connect(self._count_chosen)

    def all(self) -> dict[str, Callable[[], Iterator[Wait]]]:
        return {
            "open": self.open,
            f"move {STEPS} times": lambda: self.repeat(self.move),
            f"zoom {STEPS} times": lambda: self.repeat(self.zoom),
            f"point at {STEPS} images": lambda: self.repeat(self.point),
            "draw around a third": self.draw_around,
            "choose 100,000 images in the grid": self.follow,
        }

    def open(self) -> Iterator[Wait]:
        self.model.show_points(self.points)
        yield self.next_drawing()

    def repeat(self, act: Callable[[int], object]) -> Iterator[Wait]:
        """A step every 15 ms, as from a hand."""
        for step in range(STEPS):
            act(step)
            until = time.perf_counter() + 0.015
            yield lambda until=until: time.perf_counter() >= until
        self.canvas.redraw()
        yield self.next_drawing()

    def move(self, step: int) -> None:
        self.canvas.move_by(0.02 if step % 2 else -0.02, 0)

    def zoom(self, step: int) -> None:
        self.canvas.zoom(0.93 if step < STEPS / 2 else 1.08)

    def point(self, step: int) -> None:
        self.canvas.hovered.emit(self.points.nearest((step / STEPS, 0.5), self.canvas.reach))

    def draw_around(self) -> Iterator[Wait]:
        from PySide6.QtCore import QPointF

        before = self._chosen
        self.canvas.circled([QPointF(0.1, 0.1), QPointF(0.6, 0.1), QPointF(0.5, 0.8), QPointF(0.1, 0.7)], add=False)
        yield lambda: self._chosen > before
        yield self.next_drawing()

    def follow(self) -> Iterator[Wait]:
        self.model.follow(self.points.ids[1000:101_000])
        yield self.next_drawing()

    def next_drawing(self) -> Wait:
        before = self._drawn
        return lambda: self._drawn > before

    def _count_drawn(self) -> None:
        self._drawn += 1

    def _count_chosen(self, _: object) -> None:
        self._chosen += 1


def scattered(count: int) -> MapPoints:
    from pudm_gui.label.map.points import MapPoints
    from pudm_gui.project.model import Label

    rng = np.random.default_rng(0)
    clusters = rng.integers(0, 60, count).astype(np.int32)
    xy = rng.random((60, 2))[clusters] * 0.9 + 0.05 + rng.normal(0, 0.02, (count, 2))
    labels = np.zeros(count, np.uint8)
    labels[: count // 50], labels[count // 50 : count * 3 // 100] = Label.SENSITIVE, Label.NORMAL
    return MapPoints(np.arange(1, count + 1), xy.astype(np.float32), clusters, rng.permutation(labels)).prepared()


def empty_model() -> MapModel:
    """A map without a project behind it."""
    from PySide6.QtCore import QObject, Signal

    from pudm_gui.label.map.model import MapModel

    class Behind(QObject):
        loaded = Signal()
        labels_changed = Signal(object)
        project = None

    behind = Behind()
    return MapModel(behind, behind, behind)  # type: ignore[arg-type]


def plain_scatter(points: MapPoints, edge: int) -> float:
    """Seconds for one repaint of all points as pyqtgraph draws them by itself."""
    import pyqtgraph as pg

    plot = pg.PlotWidget()
    plot.resize(edge, edge)
    plot.addItem(pg.ScatterPlotItem(pos=points.xy, size=4, pen=None, brush="#888"))
    plot.show()
    plot.grab()
    begun = time.perf_counter()
    plot.getViewBox().translateBy(x=0.02)
    plot.grab()
    return time.perf_counter() - begun


if __name__ == "__main__":
    raise SystemExit(main())
