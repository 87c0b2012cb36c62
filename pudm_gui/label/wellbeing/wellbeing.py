"""The count of what was seen and the proposal to pause, as the settings want them."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from pudm_gui.label.shown_image import ShownImage
from pudm_gui.label.side import LabelContext
from pudm_gui.label.wellbeing.pause import PauseReminder
from pudm_gui.label.wellbeing.seen import Seen, SeenLabel


class Wellbeing(QObject):
    """Owns both. The page places `count`, a few words, and `pause`, a line that comes and goes."""

    def __init__(self, context: LabelContext, shown_image: ShownImage, page: QWidget) -> None:
        super().__init__(page)
        self._session, self._settings, self._page = context.session, context.settings, page
        self.seen = Seen(context.session, context.view, shown_image, self)
        self.count = SeenLabel(self.seen)
        self.pause = PauseReminder(self._looking)
        self.pause.pause_wanted.connect(self._hide_everything)

    def apply(self) -> None:
        """Do as the settings say now."""
        self.seen.set_counting(self._settings.count_seen)
        self.count.setVisible(self._settings.count_seen)
        self.pause.set_after(self._settings.pause_after)

    def _looking(self) -> bool:
        return self._page.isVisible() and self._page.isActiveWindow() and not self._session.hide_everything

    def _hide_everything(self) -> None:
        self._session.hide_everything = True
