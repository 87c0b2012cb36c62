"""Keeps a `RunChooser` in step with the project's trained runs and with the run that all pages share."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from pudm_gui.project.runs import list_runs
from pudm_gui.run_summary import RunSummary, choose, trained_runs
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.run_chooser import RunChooser
from training.runs import RunFolder


class RunPicker(QObject):
    """Reads the runs off the GUI thread whenever they change, and says which one is to be shown.

    Signals
    -------
    picked
        A `RunSummary`: another run, or the same one read again.
    nothing
        No run has been trained yet.
    """

    picked = Signal(object)
    nothing = Signal()

    def __init__(self, session: Session, chooser: RunChooser, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._chooser = chooser
        self._current: RunSummary | None = None
        self._reader = OffThread(self)
        chooser.chosen.connect(self._choose)
        session.runs_changed.connect(self.reload)
        session.current_run_changed.connect(self._follow)

    @property
    def current(self) -> RunSummary | None:
        return self._current

    def reload(self) -> None:
        """Read all runs again."""
        project = self._session.project
        self._reader.submit(lambda: trained_runs(list_runs(project)), self._show)

    def _show(self, summaries: list[RunSummary]) -> None:
        if not summaries:
            self._current = None
            self.nothing.emit()
            return
        self._current = choose(summaries, self._session.current_run)
        self._chooser.set_runs(summaries, self._current)
        self.picked.emit(self._current)

    def _follow(self, run: RunFolder | None) -> None:
        if run is not None and (self._current is None or run != self._current.run):
            self.reload()

    def _choose(self, summary: RunSummary) -> None:
        self._current = summary
        self._session.current_run = summary.run
        self.picked.emit(summary)
