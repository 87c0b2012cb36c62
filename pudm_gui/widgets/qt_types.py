"""Making the types of Qt ready for other threads.

PySide makes each class and enum at its first use. pyqtgraph uses them all when it is imported: on a thread, that makes
types which this thread finds half made, and crashes. So they are made here first, on the GUI thread.
"""

from __future__ import annotations

from types import ModuleType

from PySide6 import QtCore, QtGui, QtWidgets

MODULES = (QtCore, QtGui, QtWidgets)


def make_types(module: ModuleType) -> None:
    """Make every type of a module: 40 ms the first time, nothing after that."""
    for name in dir(module):
        getattr(module, name)
