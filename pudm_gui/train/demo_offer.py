"""Offers the demo's own model at the head of the settings, and takes it once it is there."""

from __future__ import annotations

from PySide6.QtCore import QObject

from pudm_gui.train.demo_base import DemoBase
from pudm_gui.train.setup_panel import SetupPanel


class DemoOffer(QObject):
    """Says where the demo's model stands, and lets the person have it trained."""

    def __init__(self, demo: DemoBase, setup: SetupPanel, *, read_only: bool, parent: QObject) -> None:
        super().__init__(parent)
        self._demo, self._setup, self._read_only = demo, setup, read_only
        demo.changed.connect(self._say)
        demo.ready.connect(setup.model.choose)
        setup.hint.action.connect(demo.start)
        demo.follow_running()
        self._say()
        if demo.exists and not setup.model.ready:
            setup.model.choose(demo.folder)

    def _say(self) -> None:
        hint = self._setup.hint
        if self._demo.exists:
            hint.show_message("")
        elif self._demo.busy:
            hint.show_message(self.tr("The demo's model is being trained: it will be offered here."))
        else:
            text = self.tr("First the demo needs a model to sanitize. It learns the unlabeled digits in a few minutes.")
            hint.show_message(text, action_text=None if self._read_only else self.tr("Train it"))
