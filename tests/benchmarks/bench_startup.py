"""How long the window takes to appear: the real program, started several times, from process start to first paint.

Run ``python -m tests.benchmarks.bench_startup [PROJECT.pudm]``. Prints the median for an empty window, and for one with
a project the time until its Label page has been painted, and whether torch was imported on the way.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROBE = """
import json, sys, time

import pudm_gui.app as app
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pudm_gui.window import MainWindow

begun, out = float(sys.argv[1]), {}
project = sys.argv[2:]


def report():
    out["torch"] = "torch" in sys.modules
    out["modules"] = len(sys.modules)
    print(json.dumps(out), flush=True)
    QApplication.instance().exit(0)


def painted():
    out["first_paint"] = time.time() - begun
    if not project:
        report()


def settled():
    out["page_paint"] = time.time() - begun
    report()


build = MainWindow.__init__


def built(window):
    build(window)
    window.first_painted.connect(painted)
    window.project_changed.connect(lambda: QTimer.singleShot(0, settled))


MainWindow.__init__ = built
sys.exit(app.main(project))
"""


def start_once(project: list[str], platform: str) -> dict[str, float]:
    environment = os.environ | {"QT_QPA_PLATFORM": platform}
    command = [sys.executable, "-c", PROBE, repr(time.time()), *project]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--platform", default="xcb" if os.environ.get("DISPLAY") else "offscreen")
    options = parser.parse_args()
    project = [str(options.project.resolve())] if options.project else []
    start_once(project, options.platform)  # warms the disk cache
    runs = [start_once(project, options.platform) for _ in range(options.times)]
    for key in ("first_paint", "page_paint"):
        values = [run[key] for run in runs if key in run]
        if values:
            spread = ", ".join(f"{value:.2f}" for value in sorted(values))
            print(f"{key}: median {statistics.median(values):.2f} s of {len(values)} ({spread})")
    print(f"platform {options.platform}; torch imported: {any(run['torch'] for run in runs)}")


if __name__ == "__main__":
    main()
