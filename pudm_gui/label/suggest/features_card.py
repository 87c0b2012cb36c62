"""The top of the panel: whether the images have been looked at, and the button that does it."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.job_words import time_left
from pudm_gui.label.side import LabelContext
from pudm_gui.label.suggest.encoder_choice import EncoderChoice
from pudm_gui.label.suggest.features_job import JobProgress
from pudm_gui.label.suggest.section import button
from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.widgets.parts import note, set_role


class FeaturesCard(QFrame):
    """Nothing looked at yet, looking, new images to look at, or all done; under "More", which encoder looks."""

    def __init__(self, context: LabelContext, source: FeatureSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._source = context, source
        self._progress: JobProgress | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.words = note()
        self.look_button = button("")
        self.look_button.clicked.connect(self.look)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.stop_button = button(self.tr("Stop"), self.tr("What has been looked at is kept"))
        self.stop_button.clicked.connect(source.job.stop)
        self.more_button = button(self.tr("More"), role="link")
        self.more_button.setCheckable(True)
        self.choice = EncoderChoice(context.session, source)
        self.choice.hide()
        self.more_button.toggled.connect(self.choice.setVisible)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.words, 1)
        row.addWidget(self.more_button, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        layout.addWidget(self.look_button)
        layout.addWidget(self.stop_button, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.choice)
        source.changed.connect(self.refresh)
        source.job.progressed.connect(self._show_progress)
        self.choice.changed.connect(self.refresh)
        context.model.counts_changed.connect(lambda _: self.refresh())
        self.refresh()

    def look(self) -> None:
        """Look at all images that have not been looked at."""
        wanted = self.choice.wanted
        self._source.job.start(wanted.kind, wanted.folder)

    def refresh(self) -> None:
        """Say how things stand."""
        working, read_only = self._progress is not None, self._context.session.read_only
        self.words.setText(self._working_words() if working else self._words())
        self.bar.setVisible(working)
        self.stop_button.setVisible(working)
        self.stop_button.setEnabled(not read_only)
        offered = self._offered()
        self.look_button.setVisible(bool(offered) and not working and not read_only)
        self.look_button.setText(offered)
        set_role(self.look_button, "primary" if self._source.index is None else "")
        self.more_button.setVisible(not working and self._source.ready)
        if working:
            self.more_button.setChecked(False)

    def _offered(self) -> str:
        """What the button says; "" where there is nothing to do."""
        if not self._source.ready or not self._context.model.counts.total:
            return ""
        if self._source.index is None:
            return self.tr("Look at all images once")
        return self.tr("Update") if self._source.missing else ""

    def _words(self) -> str:
        source, total = self._source, self._context.model.counts.total
        if not source.ready:
            return self.tr("A moment…")
        if not total:
            return self.tr("This begins when there are images.")
        if source.problem:
            return source.problem
        number = QLocale().toString
        if source.index is None and self._context.session.read_only:
            return self.tr("Nobody has looked at the images yet; another window has this project open and can do it.")
        if source.index is None:
            return self.tr(
                "Let the program look at all images once, here on this computer; then it finds more like those you "
                "mark."
            )
        if source.missing:
            words = self.tr("{n} new images have not been looked at.")
            one = self.tr("1 new image has not been looked at.")
            return one if source.missing == 1 else words.format(n=number(source.missing))
        return self.tr("All {n} images have been looked at.").format(n=number(len(source.index)))

    def _working_words(self) -> str:
        progress = self._progress
        if progress is None or not progress.what:
            return self.tr("Getting ready…")
        if not progress.total:
            return f"{progress.what}…"
        number = QLocale().toString
        words = self.tr("{what}: {done} of {total}").format(
            what=progress.what, done=number(progress.done), total=number(progress.total)
        )
        return words if progress.seconds_left is None else f"{words} · {time_left(progress.seconds_left)}"

    def _show_progress(self, progress: JobProgress | None) -> None:
        self._progress = progress
        fraction = None if progress is None else progress.fraction
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(1000 * fraction))
        self.refresh()
        self.bar.setAccessibleName(self.words.text())
